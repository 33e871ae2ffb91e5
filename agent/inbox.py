"""This file holds what the senses saw until the agent has time: the latest of each device."""

from __future__ import annotations

import asyncio
from typing import Final

from hardware.readings import Sighting

MAX_HELD: Final = 2000  # far more devices than a room has; behind that someone is flooding


class Inbox:
    """Sightings in arrival order; a newer one of the same device takes the older one's place."""

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], Sighting] = {}
        self._arrived = asyncio.Event()

    def report(self, sighting: Sighting) -> None:
        """Hold a sighting; when too many wait, the oldest is let go."""
        key = sighting.source, sighting.key
        self._held.pop(key, None)
        self._held[key] = sighting
        if len(self._held) > MAX_HELD:
            del self._held[next(iter(self._held))]
        self._arrived.set()

    async def batch(self) -> list[Sighting]:
        """Wait for sightings and return all that are here."""
        await self._arrived.wait()
        self._arrived.clear()
        taken, self._held = list(self._held.values()), {}
        return taken
