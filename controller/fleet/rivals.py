"""This file sees one serial live in two rooms at once, and remembers that it names no piece. Pure.

A device that is carried is gone in one room before it is in the next. What two agents vouch for,
each after the other did, for longer than messages take, are two pieces whose maker gave them one
serial: each is kept under an id of its own, which carries the old one as an alias. So is what the
department saw alive in two schools at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final, TypeVar

from msgspec.structs import replace

from controller.fleet.records import DeviceRecord
from protocol.model import Device, Identity, Place, Status

Demotable = TypeVar("Demotable", Device, DeviceRecord)

PROOF_MS: Final = 150_000  # two beats, and what a line takes
_ALIASES_LIMIT: Final = 8
_RIVALS_LIMIT: Final = 4096
_PLUGGED: Final = "usb-"
_STRONG: Final = frozenset({Identity.USB, Identity.MAC, Identity.UUID})


class Rivals:
    """The ids that two agents vouch for. devices: as the last commit left them."""

    def __init__(self, devices: Iterable[DeviceRecord] = ()) -> None:
        self._contested: set[str] = set()
        self._contested_above: dict[str, str] = {}
        for record in devices:
            for alias in record.aliases:
                if record.device_id == id_in(alias, record.place.agent):
                    self._contested.add(alias)
                elif record.device_id == id_among_schools(alias, record.place):
                    self._contested_above[alias] = record.place.school
        self._since_ms: dict[tuple[str, str], int] = {}

    def kept_id(self, device_id: str, agent: str) -> str:
        """The id under which an agent's device is kept."""
        if device_id in self._contested:
            return id_in(device_id, agent)
        school = self._contested_above.get(device_id)
        if school is None:
            return device_id
        return id_among_schools(device_id, Place(school=school, agent=agent))

    def is_contested(self, device_id: str) -> bool:
        """Whether the id names no piece: several are known by it."""
        return device_id in self._contested or device_id in self._contested_above

    def as_kept(self, device: Device, agent: str) -> Device:
        """The device under that id, known by where it is, with what it was called as an alias."""
        own_id = self.kept_id(device.device_id, agent)
        return device if own_id == device.device_id else demoted(device, own_id)

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

    def contest_above(self, device_id: str, school: str) -> None:
        """The department says that it names none: other schools have it, too."""
        if device_id not in self._contested:
            self._contested_above[device_id] = school

    def give_up(self, device_id: str, agent: str) -> None:
        """The agent sees it no more."""
        self._since_ms.pop((device_id, agent), None)


def demoted(device: Demotable, own_id: str) -> Demotable:
    """The device under an id that is no mark of its own; the old one is an alias."""
    is_plugged = device.identity in {Identity.USB, Identity.PORT}
    return replace(
        device,
        device_id=own_id,
        identity=Identity.PORT if is_plugged else Identity.HOST,
        aliases=(device.device_id, *device.aliases)[:_ALIASES_LIMIT],
    )


def mark_among(record: DeviceRecord, marks: Collection[str]) -> str:
    """Which of these marks the device bears, or bore before it was demoted; "" for none."""
    if record.device_id in marks and record.identity in _STRONG:
        return record.device_id
    own = ((alias, record.device_id) for alias in record.aliases if alias in marks)
    return next((alias for alias, name in own if name in _own_ids(alias, record.place)), "")


def _own_ids(mark: str, place: Place) -> tuple[str, str]:
    return id_in(mark, place.agent), id_among_schools(mark, place)


def id_among_schools(device_id: str, place: Place) -> str:
    """The id of a school's own piece of those that tell one mark in several schools.

    Its agent's own where it is plugged in; what is on a network is one thing in many rooms.
    """
    agent = place.agent if device_id.startswith(_PLUGGED) else ""
    return id_in(device_id, f"{place.school}\n{agent}")


def id_in(device_id: str, agent: str) -> str:
    """The id of an agent's own piece of those that tell one serial."""
    digits = hashlib.sha256(f"{device_id}\n{agent}".encode()).hexdigest()[:12]
    return f"{device_id.partition('-')[0]}-{digits}"
