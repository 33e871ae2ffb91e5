"""This file stands between the finders and what they report to: it probes what they found."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from hardware.network import interfaces
from hardware.network.interfaces import Networks
from hardware.network.judgement import Key, PresenceJudge
from hardware.network.probe import ProbeAnswer, ask
from hardware.readings import Reading, Report, Sighting

# A probe that is not answered takes 2.5 s, or 4.5 s of a silent RTSP port; at three a second.
_AT_ONCE: Final = 20
# Probes that fall due within so long are made together: to wake costs more than to ask.
_TOGETHER_S: Final = 0.5
_TRAILS_LIMIT: Final = 2000

Ask = Callable[[str, int], Awaitable[ProbeAnswer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """What is known of the way to a device; times in seconds since the epoch, None for never.

    via: our own address or interface on which it was heard. answer: the last one.
    """

    via: str
    address: str
    last_query_at: float | None = None
    last_answer_at: float | None = None
    answer: ProbeAnswer | None = None


class Liveness:
    """Passes on what finders tell, and finds out by probes of its own whether it is still so.

    mDNS and discovery find devices; that one is gone they tell up to 75 minutes late (RFC 6762,
    section 10: records of hosts that left without a goodbye live on). report: where it goes.
    networks: our own addresses now. Give `hear` to the finders, and keep `run` running.
    """

    def __init__(
        self,
        report: Report,
        *,
        networks: Callable[[], Networks] = interfaces.networks,
        ask: Ask = ask,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._report = report
        self._networks = networks
        self._ask = ask
        self._clock = clock
        self._judgement = PresenceJudge(chance)
        self._trails: OrderedDict[str, Trail] = OrderedDict()
        self._news = asyncio.Event()

    def hear(self, reading: Reading) -> None:
        """Take in what a finder reports; what is no sighting goes on as it is."""
        if not isinstance(reading, Sighting):
            self._report(reading)
            return
        if reading.present:
            self._follow_trail(reading)
        self._report_all(self._judgement.hear(reading, time.monotonic()))
        self._news.set()

    def trail(self, key: str) -> Trail | None:
        """Give what is known of the way to a device, also after it went."""
        return self._trails.get(key)

    async def run(self) -> None:
        """Probe what was heard, each about every five seconds; never returns."""
        free = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as probes:
            while True:
                await free.acquire()
                key, where = await self._next()
                keys = (key, *self._judgement.beside(key, time.monotonic()))
                task = probes.create_task(self._probe(keys, where), name="probe")
                task.add_done_callback(lambda _: free.release())

    async def _next(self) -> tuple[Key, tuple[str, int]]:
        while True:
            self._news.clear()
            now = time.monotonic()
            if (due := self._judgement.take(now)) is not None:
                return due
            wait_s = self._judgement.next_in_s(now)
            if wait_s is not None:
                wait_s = _TOGETHER_S * math.ceil((now + wait_s) / _TOGETHER_S) - now
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    async def _probe(self, keys: Iterable[Key], where: tuple[str, int]) -> None:
        """Ask once, for all that is at this address and port: a recorder, and its channels."""
        asked_at = self._clock()
        answer = await self._ask(*where)
        now = time.monotonic()
        for key in keys:
            self._note(key, where, answer, asked_at)
            if answer.alive:
                self._report_all(self._judgement.answer(key, where, now))
            elif self._could_answer(key, where):
                self._report_all(self._judgement.miss(key, where, now))
            else:
                self._judgement.pass_over(key, where, now)
        self._news.set()

    def _could_answer(self, key: Key, where: tuple[str, int]) -> bool:
        """Tell silence from our own network being away, or being another than before."""
        ours = self._networks()
        if where[0].startswith(("127.", "::1")):
            return True
        sighting = self._judgement.sighting(key)
        routed = sighting is not None and not sighting.via
        return bool(ours) and (routed or interfaces.leads_to(where[0], ours))

    def _note(self, key: Key, where: tuple[str, int], answer: ProbeAnswer, asked_at: float) -> None:
        trail = self._trails.get(key[1])
        if trail is not None and trail.address == where[0]:
            answered_at = self._clock() if answer.alive else trail.last_answer_at
            self._trails[key[1]] = replace(
                trail, last_query_at=asked_at, last_answer_at=answered_at, answer=answer
            )

    def _follow_trail(self, sighting: Sighting) -> None:
        trail = self._trails.pop(sighting.key, None)
        if trail is None:
            trail = Trail(via=sighting.via, address=sighting.address)
        if sighting.address:
            trail = replace(trail, via=sighting.via or trail.via, address=sighting.address)
        self._trails[sighting.key] = trail
        if len(self._trails) > _TRAILS_LIMIT:
            self._trails.popitem(last=False)

    def _report_all(self, sightings: Iterable[Sighting]) -> None:
        for sighting in sightings:
            self._report(sighting)
