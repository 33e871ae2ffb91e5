"""This file describes a device by what its sources tell together: its id, its names. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from agent.equipment.condition import CALM, DeviceCondition
from agent.equipment.merge import SightingGroup, family_of
from hardware.readings import Kind
from protocol.model import Device, DeviceKind, Identity

_TEXT_LIMIT: Final = 80  # so that a full birth stays below a message's limit
_ALIASES_LIMIT: Final = 8
_CONNECTED: Final = {"host": "host", "usb": "usb", "port": "usb"}


def device_id_of(key: str) -> str:
    """The device's id: how it is connected, and 12 hex digits of SHA-256 over its key."""
    digits = hashlib.sha256(key.encode()).hexdigest()[:12]
    return f"{_CONNECTED.get(key.partition(':')[0], 'net')}-{digits}"


def device_of(group: SightingGroup, condition: DeviceCondition = CALM) -> Device:
    """The device as its sources describe it together, the best word first; no times."""
    device_id, sightings = device_id_of(group.key), group.sightings
    present = [sighting.source for sighting in sightings if sighting.present]
    strongest = next(sighting for sighting in sightings if sighting.key == group.key)
    kinds = [sighting.kind for sighting in sightings]
    telling = [kind for kind in kinds if kind is not Kind.OTHER and kind is not Kind.INPUT]
    claims = sorted(group.claims, key=lambda claim: (family_of(claim) == "name", claim))
    aliases = dict.fromkeys(map(device_id_of, claims))
    aliases.pop(device_id, None)
    return Device(
        device_id=device_id,
        kind=DeviceKind((telling or kinds)[0]),
        name=_first(sighting.name for sighting in sightings),
        vendor=_first(sighting.vendor for sighting in sightings),
        model=_first(sighting.model for sighting in sightings),
        serial=_first(sighting.serial for sighting in sightings),
        status=condition.status,
        reasons=condition.reasons,
        measures=condition.measures,
        sources=tuple(dict.fromkeys(present or [sighting.source for sighting in sightings])),
        identity=Identity(strongest.identity),
        aliases=tuple(sorted([*aliases][:_ALIASES_LIMIT])),
        address=_first(sighting.address for sighting in sightings),
        first_seen_ms=0,
        last_seen_ms=0,
    )


def _first(texts: Iterable[str]) -> str:
    return next((text[:_TEXT_LIMIT] for text in texts if text), "")
