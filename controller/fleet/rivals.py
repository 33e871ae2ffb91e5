"""This file sees one serial live in two rooms at once, and remembers that it names no piece. Pure.

A device that is carried is gone in one room before it is in the next. What two agents vouch for,
each after the other did, for longer than messages take, are two pieces whose maker gave them one
serial: each is kept under an id of its own, which carries the old one as an alias.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from controller.fleet.records import DeviceRecord
from protocol.model import Device, Identity, Status

PROOF_MS: Final = 150_000  # two beats, and what a line takes
_ALIASES_LIMIT: Final = 8
_RIVALS_LIMIT: Final = 4096


class Rivals:
    """The ids that two agents vouch for. devices: as the last commit left them."""

    def __init__(self, devices: Iterable[DeviceRecord] = ()) -> None:
        self._contested = {
            alias
            for record in devices
            for alias in record.aliases
            if record.device_id == id_in(alias, record.place.agent)
        }
        self._since_ms: dict[tuple[str, str], int] = {}

    def kept_id(self, device_id: str, agent: str) -> str:
        """The id under which an agent's device is kept."""
        return id_in(device_id, agent) if device_id in self._contested else device_id

    def as_kept(self, device: Device, agent: str) -> Device:
        """The device under that id, known by its socket, with what it was called as an alias."""
        if device.device_id not in self._contested:
            return device
        return replace(
            device,
            device_id=id_in(device.device_id, agent),
            identity=Identity.PORT,
            aliases=(device.device_id, *device.aliases)[:_ALIASES_LIMIT],
        )

    def is_proven(self, record: DeviceRecord, agent: str, now_ms: int) -> bool:
        """Take in that another agent vouches for the device; whether both do, for long enough."""
        if record.identity is not Identity.USB or record.status is Status.UNKNOWN:
            return False
        since_ms = self._since_ms.setdefault((record.device_id, agent), now_ms)
        if len(self._since_ms) > _RIVALS_LIMIT:
            del self._since_ms[next(iter(self._since_ms))]
        return record.last_seen_ms - since_ms >= PROOF_MS

    def contest(self, device_id: str) -> None:
        """From now on the id names no piece."""
        self._contested.add(device_id)

    def give_up(self, device_id: str, agent: str) -> None:
        """The agent sees it no more."""
        self._since_ms.pop((device_id, agent), None)


def id_in(device_id: str, agent: str) -> str:
    """The id of an agent's own piece of those that tell one serial."""
    digits = hashlib.sha256(f"{device_id}\n{agent}".encode()).hexdigest()[:12]
    return f"{device_id.partition('-')[0]}-{digits}"
