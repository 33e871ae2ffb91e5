"""Keeps what a sense tells, for the tests of the senses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hardware.readings import Flaw, Seen, Sighting


class Told:
    """Keeps what a sense reports, and waits for what a test expects."""

    def __init__(self) -> None:
        self.sightings: list[Sighting] = []
        self.flaws: list[Flaw] = []
        self.others: list[Seen] = []
        self.seen: list[Seen] = []
        self._more = asyncio.Event()

    def __call__(self, seen: Seen) -> None:
        """Take in one report."""
        self.seen.append(seen)
        if isinstance(seen, Sighting):
            self.sightings.append(seen)
        elif isinstance(seen, Flaw):
            self.flaws.append(seen)
        else:
            self.others.append(seen)
        self._more.set()

    async def until_flaw(self, code: str, within_s: float = 10.0) -> Flaw:
        """Give the first flaw of this code."""
        async with asyncio.timeout(within_s):
            while True:
                for flaw in self.flaws:
                    if flaw.code == code:
                        return flaw
                self._more.clear()
                await self._more.wait()

    async def until_seen(self, wanted: Callable[[Seen], bool], within_s: float = 10.0) -> Seen:
        """Give the first of all that is wanted, whatever it is, and forget what came up to it."""
        async with asyncio.timeout(within_s):
            while True:
                for count, seen in enumerate(self.seen):
                    if wanted(seen):
                        del self.seen[: count + 1]
                        return seen
                self._more.clear()
                await self._more.wait()

    async def until(self, wanted: Callable[[Sighting], bool], within_s: float = 10.0) -> Sighting:
        """Give the first report that is wanted, and forget those up to it."""
        async with asyncio.timeout(within_s):
            while True:
                for count, sighting in enumerate(self.sightings):
                    if wanted(sighting):
                        del self.sightings[: count + 1]
                        return sighting
                self._more.clear()
                await self._more.wait()


def within(watch: Awaitable[None], seconds: float = 10.0) -> None:
    """Run a watch that is to end by itself, and fail if it does not."""

    async def run() -> None:
        async with asyncio.timeout(seconds):
            await watch

    asyncio.run(run())
