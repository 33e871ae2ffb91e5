"""This file watches the projectors and boards that speak PJLink, and switches them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from ipaddress import IPv4Interface
from pathlib import Path
from typing import NamedTuple

from hardware.network.flaws import Flaws
from hardware.network.neighbours import NEIGHBOURS, mac_at
from hardware.network.subnets import broadcasts, own_address, subnets
from hardware.pjlink.ask import Entry, ask, asker, entries_of, look_at
from hardware.pjlink.known import Known, Look
from hardware.pjlink.search import About, Ear, Heard, listening
from hardware.pjlink.switch import switch
from hardware.pjlink.talk import PORT
from hardware.readings import ProjectorReading, Report

__all__ = ["PORT", "Entry", "Projectors", "ask", "asker", "entries_of", "switch", "watch"]

SEARCH_S = 60.0
# The first answers of a room that just got its power may be lost: called so often at once.
_CALLS = 3
_CALL_AGAIN_S = 1.0
_JITTER = 0.2
_TYPED_S = 2.0
# The shortest time between two looks at one projector, however often it calls.
_LOOK_AGAIN_S = 2.0
# More than any room has; only those that are not there any more make room for others.
_PROJECTORS_LIMIT = 32
_DATAGRAMS_LIMIT = 1000
_TALKS_AT_ONCE = 8


class Settings(NamedTuple):
    """Where and how to look; tests set these. targets: whom to call instead of all subnets."""

    port: int = PORT
    listen: tuple[str, int] = ("0.0.0.0", PORT)  # noqa: S104 - broadcasts come to no other
    targets: Callable[[], Iterable[tuple[str, int]]] | None = None
    neighbours: Path = NEIGHBOURS
    networks: Callable[[], tuple[IPv4Interface, ...]] = subnets
    jitter: Callable[[], float] = random.random
    search_s: float = SEARCH_S


USUAL = Settings()


async def watch(
    report: Report,
    *,
    password: Callable[[], str] = str,
    typed: Callable[[], Iterable[Entry]] = tuple,
    settings: Settings = USUAL,
) -> None:
    """Report every projector found or typed, and how it is, again and again; never returns."""
    await Projectors(report, password=password, typed=typed, settings=settings).watch()


class _Watched:
    """A projector and what runs for it. entry: what a person typed of it.

    lock: its one connection is ours while held.
    """

    def __init__(self, known: Known, entry: Entry | None = None) -> None:
        self.known = known
        self.entry = entry
        self.lock = asyncio.Lock()
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Projectors:
    """All projectors of this machine's networks, and those at typed addresses.

    password: the school's PJLink password now, "" for none; asked before each talk, never kept.
    typed: the addresses that people typed, now.
    """

    def __init__(
        self,
        report: Report,
        *,
        password: Callable[[], str] = str,
        typed: Callable[[], Iterable[Entry]] = tuple,
        settings: Settings = USUAL,
    ) -> None:
        self._report = report
        self._password = password
        self._typed = typed
        self._settings = settings
        self._flaws = Flaws(report, "pjlink", time.monotonic)
        self._watched: list[_Watched] = []
        self._talks = asyncio.Semaphore(_TALKS_AT_ONCE)
        self._found = asyncio.Event()

    async def watch(self) -> None:
        """Search, and look at each that is found; never returns."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._search(), name="pjlink search")
                while True:
                    self._follow_typed()
                    self._start(group)
                    self._found.clear()
                    with suppress(TimeoutError):
                        async with asyncio.timeout(_TYPED_S):
                            await self._found.wait()
        finally:
            self._watched.clear()

    async def switch(self, key: str, *, on: bool, input: str = "") -> ProjectorReading:  # noqa: A002 - as in the reading
        """Switch the projector of this key, see that it obeyed, and report its reading.

        Raises KeyError where no such projector is watched, ValueError of an unknown input.
        """
        found = next((one for one in self._watched if one.known.key == key), None)
        if found is None:
            raise KeyError(key)
        known = found.known
        reading = await switch(
            known.address, known.port, self._password, on=on, input=input, key=key, lock=found.lock
        )
        self._report(reading)
        found.wake.set()
        return reading

    def _follow_typed(self) -> None:
        """Begin to watch what was typed since, and forget what was taken back."""
        wanted = dict.fromkeys(self._typed())
        for watched in [one for one in self._watched if one.entry is not None]:
            if watched.entry in wanted:
                del wanted[watched.entry]
            elif watched.known.sure:  # the search finds it by itself
                watched.entry, watched.known.token = None, ""
            else:
                self._forget(watched)
        for entry in wanted:
            self._add_typed(entry)

    def _add_typed(self, entry: Entry) -> None:
        at = entry.address, entry.port or self._settings.port
        here = (one for one in self._watched if (one.known.address, one.known.port) == at)
        found = next(here, None)
        if found is None:
            self._watched.append(_Watched(Known(*at, token=entry.token), entry))
        elif found.entry is None:
            found.entry, found.known.token = entry, entry.token

    def _start(self, group: asyncio.TaskGroup) -> None:
        for watched in self._watched:
            if watched.task is None:
                name = f"pjlink {watched.known.address}"
                watched.task = group.create_task(self._keep(watched), name=name)

    def _forget(self, watched: _Watched) -> None:
        self._watched.remove(watched)
        if watched.task is not None:
            watched.task.cancel()

    async def _search(self) -> None:
        settings = self._settings
        ear = Ear(self._hear, self._flaws.say, _DATAGRAMS_LIMIT)
        async with listening(ear, *settings.listen):
            while True:
                for _ in range(_CALLS):
                    ear.call(self._targets())
                    await asyncio.sleep(_CALL_AGAIN_S)
                await asyncio.sleep(settings.search_s * (1.0 + _JITTER * settings.jitter()))

    def _targets(self) -> Iterable[tuple[str, int]]:
        if self._settings.targets is not None:
            return self._settings.targets()
        return [(one, self._settings.port) for one in broadcasts(self._settings.networks())]

    def _hear(self, said: Heard) -> None:
        watched = self._heard_of(said)
        if watched is None:
            self._meet(said)
        elif said.about is About.CHANGED or watched.known.reason:
            watched.wake.set()

    def _heard_of(self, said: Heard) -> _Watched | None:
        """Find whose word this is; one that moved is met at its new address."""
        moved = (one for one in self._watched if said.mac and one.known.mac == said.mac)
        if (watched := next(moved, None)) is not None:
            if watched.known.address != said.address:
                watched.known.address = said.address
                watched.known.via = own_address(said.address, self._settings.networks())
                watched.wake.set()
            return watched
        here = (one for one in self._watched if one.known.address == said.address)
        watched = next(here, None)
        if watched is not None and said.mac:
            self._name(watched.known, said.mac)
        return watched

    def _name(self, known: Known, mac: str) -> None:
        if known.mac:
            for seen in known.become(mac):
                self._report(seen)
        known.mac = mac
        known.sure = True

    def _meet(self, said: Heard) -> None:
        if said.about is About.CHANGED:
            return  # of a projector we do not know: a search will bring it
        if len(self._watched) >= _PROJECTORS_LIMIT and not self._make_room():
            self._flaws.say("flood", said.address)
            return
        known = Known(said.address, self._settings.port, mac=said.mac, sure=True)
        self._watched.append(_Watched(known))
        self._found.set()

    def _make_room(self) -> bool:
        """Let go one that nobody typed and that is not there any more."""
        idle = (one for one in self._watched if one.entry is None and one.known.lost)
        if (gone := next(idle, None)) is not None:
            self._forget(gone)
        return gone is not None

    async def _keep(self, watched: _Watched) -> None:
        while True:
            await self._look(watched)
            await asyncio.sleep(_LOOK_AGAIN_S)
            rest_s = watched.known.wait_s(self._settings.jitter()) - _LOOK_AGAIN_S
            with suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._woken(watched)
            watched.wake.clear()

    async def _woken(self, watched: _Watched) -> None:
        """Wait until something calls for a look: its own word, a command, another password."""
        before = self._password()
        while watched.known.reason != "needs_password" or self._password() == before:
            with suppress(TimeoutError):
                async with asyncio.timeout(_TYPED_S):
                    await watched.wake.wait()
                    return

    async def _look(self, watched: _Watched) -> None:
        known = watched.known
        async with watched.lock, self._talks:
            who = known.who(time.monotonic())
            look = await look_at(known.address, known.port, self._password(), who)
        known.neighbour = mac_at(known.address, self._settings.neighbours)
        known.via = known.via or own_address(known.address, self._settings.networks())
        for seen in known.take(look, time.time(), time.monotonic()):
            self._report(seen)
        # Elsewhere than at PJLink's port a typed address may well speak something else.
        expected = known.speaks or known.sure or known.port == self._settings.port
        if expected and _is_flawed(look):
            self._flaws.say("nonsense", known.address)


def _is_flawed(look: Look) -> bool:
    odd = look.state is not None and look.state.odd
    return odd or (look.trouble is not None and look.trouble.reason == "nonsense")
