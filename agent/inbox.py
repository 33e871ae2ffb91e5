"""This file holds what the senses saw until the agent has time: the latest of each device."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from hardware.readings import LineReading, Reading, RoomHeard, Sighting, SourceFlaw

MAX_HELD: Final = 2000  # far more devices than a room has; behind that someone is flooding

_Slot = tuple[str, str, str]


class Inbox:
    """What was seen, in arrival order; a newer word on the same thing takes the older one's place.

    Flaws add up.
    """

    def __init__(self) -> None:
        self._held: dict[_Slot, Reading] = {}
        self._arrived = asyncio.Event()

    def report(self, reading: Reading) -> None:
        """Hold what was seen; when too much waits, the oldest is let go."""
        slot = _slot_of(reading)
        before = self._held.pop(slot, None)
        if isinstance(reading, SourceFlaw) and isinstance(before, SourceFlaw):
            reading = replace(reading, count=before.count + reading.count)
        self._held[slot] = reading
        if len(self._held) > MAX_HELD:
            del self._held[next(iter(self._held))]
        self._arrived.set()

    async def batch(self) -> list[Reading]:
        """Wait for something to be seen, and return all that is here."""
        await self._arrived.wait()
        self._arrived.clear()
        readings, self._held = list(self._held.values()), {}
        return readings


def _slot_of(reading: Reading) -> _Slot:
    kind = type(reading).__name__
    match reading:
        case Sighting():
            return kind, reading.source, reading.key
        case SourceFlaw():
            return kind, reading.source, reading.code
        case RoomHeard():
            return kind, "", reading.agent
        case LineReading():
            return kind, "", ""
        case _:
            return kind, "", reading.key
