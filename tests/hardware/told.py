"""Keeps what a sense tells, for the tests of the senses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hardware.readings import Reading, Sighting, SourceFlaw
from tests.waiting import LIMIT_S, eventually

AnySeen = TypeVar("AnySeen", bound=Reading)


class Told:
    """Keeps what a sense reports, and waits for what a test expects."""

    def __init__(self) -> None:
        self.sightings: list[Sighting] = []
        self.flaws: list[SourceFlaw] = []
        self.others: list[Reading] = []
        self.seen: list[Reading] = []

    def __call__(self, seen: Reading) -> None:
        """Take in one report."""
        self.seen.append(seen)
        if isinstance(seen, Sighting):
            self.sightings.append(seen)
        elif isinstance(seen, SourceFlaw):
            self.flaws.append(seen)
        else:
            self.others.append(seen)

    async def until_flaw(self, code: str) -> SourceFlaw:
        """Give the first flaw of this code."""
        return self.flaws[await self._place(self.flaws, lambda flaw: flaw.code == code, LIMIT_S)]

    async def until_seen(
        self, wanted: Callable[[Reading], bool], limit_s: float = LIMIT_S
    ) -> Reading:
        """Give the first of all that is wanted, whatever it is, and forget what came up to it."""
        return await self._taken(self.seen, wanted, limit_s)

    async def until(self, wanted: Callable[[Sighting], bool], limit_s: float = LIMIT_S) -> Sighting:
        """Give the first report that is wanted, and forget those up to it."""
        return await self._taken(self.sightings, wanted, limit_s)

    async def _taken(
        self, among: list[AnySeen], wanted: Callable[[AnySeen], bool], limit_s: float
    ) -> AnySeen:
        place = await self._place(among, wanted, limit_s)
        seen = among[place]
        del among[: place + 1]
        return seen

    async def _place(
        self, among: list[AnySeen], wanted: Callable[[AnySeen], bool], limit_s: float
    ) -> int:
        """Where the first that is wanted stands, once it has come. Raises AssertionError."""

        def look() -> list[int]:
            return [place for place, one in enumerate(among) if wanted(one)]

        try:
            return (await eventually(look, limit_s=limit_s))[0]
        except AssertionError:
            raise AssertionError(f"not within {limit_s:g} s; seen: {self.seen[-20:]}") from None


def within(watch: Awaitable[None]) -> None:
    """Run a watch that is to end by itself, and fail if it does not."""

    async def run() -> None:
        async with asyncio.timeout(LIMIT_S):
            await watch

    asyncio.run(run())
