"""This file watches the projectors and boards that speak PJLink."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from hardware.network.flaws import FlawReporter
from hardware.network.interfaces import Networks, broadcasts, networks, via
from hardware.network.marks import MarkJudge
from hardware.network.neighbours import NEIGHBOURS, told_at
from hardware.pjlink.ask import Password, ProjectorEntry, poll
from hardware.pjlink.search import Notification, SearchProtocol, listening
from hardware.pjlink.talk import PORT
from hardware.pjlink.tracked import TrackedProjector
from hardware.readings import Report
from hardware.rest import Rest, polling

SEARCH_S = 60.0
# The first answers of a room that just got its power may be lost: called so often at once.
_CALLS = 3
_CALL_AGAIN_S = 1.0
_JITTER = 0.2
# What was typed, and the passwords, are looked at where they may be others, at least so often.
_NEWS_S = 60.0
# The shortest time between two looks at one projector, however often it calls.
_LOOK_AGAIN_S = 2.0
# More than any room has; only those that are not there any more make room for others.
_PROJECTORS_LIMIT = 32
_DATAGRAMS_LIMIT = 1000
_TALKS_AT_ONCE = 8


class Settings(NamedTuple):
    """Where and how to look; tests set these. targets: whom to call instead of all subnets.

    rest: until what was typed, or a password, may be another.
    """

    port: int = PORT
    listen: tuple[str, int] = ("0.0.0.0", PORT)  # noqa: S104 - broadcasts come to no other
    targets: Callable[[], Iterable[tuple[str, int]]] | None = None
    neighbours: Path = NEIGHBOURS
    networks: Callable[[], Networks] = networks
    jitter: Callable[[], float] = random.random
    search_s: float = SEARCH_S
    rest: Rest = polling


USUAL = Settings()


async def watch(
    report: Report,
    *,
    password: Password = lambda _keys, _address: "",
    typed: Callable[[], Iterable[ProjectorEntry]] = tuple,
    settings: Settings = USUAL,
    judge: MarkJudge | None = None,
) -> None:
    """Report every projector found or typed, and how it is, again and again; never returns.

    password: a projector's PJLink password now, "" for none; asked before each talk, never kept.
    typed: the addresses that people typed, now. judge: of the marks of every source, where they
    share one.
    """
    await Projectors(report, password, typed, settings, judge).watch()


class _Watcher:
    """A projector and what runs for it. entry: what a person typed of it.

    password: what was said to it last.
    """

    def __init__(self, projector: TrackedProjector, entry: ProjectorEntry | None = None) -> None:
        self.projector = projector
        self.entry = entry
        self.password = ""
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class Projectors:
    """All projectors of this machine's networks, and those at typed addresses."""

    def __init__(
        self,
        report: Report,
        password: Password,
        typed: Callable[[], Iterable[ProjectorEntry]],
        settings: Settings,
        judge: MarkJudge | None = None,
    ) -> None:
        self._judge = MarkJudge() if judge is None else judge
        self._report = report
        self._password = password
        self._typed = typed
        self._settings = settings
        self._flaws = FlawReporter(report, "pjlink", time.monotonic)
        self._watchers: list[_Watcher] = []
        self._talks = asyncio.Semaphore(_TALKS_AT_ONCE)
        self._begin: Callable[[], None] = lambda: None

    async def watch(self) -> None:
        """Search, and look at each that is found; never returns."""
        try:
            with self._judge.listening(self._judge_anew):
                await self._follow()
        finally:
            for watcher in self._watchers:
                self._judge.leave(watcher.projector.name)
            self._watchers.clear()

    async def _follow(self) -> None:
        async with asyncio.TaskGroup() as group:
            self._begin = partial(self._start, group)
            group.create_task(self._search(), name="pjlink search")
            while True:
                self._follow_typed()
                self._try_passwords()
                self._begin()
                await self._settings.rest(_NEWS_S)

    def _judge_anew(self, names: set[str]) -> None:
        for watcher in self._watchers:
            if watcher.projector.name in names:
                for reading in watcher.projector.judge_anew():
                    self._report(reading)
                watcher.wake.set()

    def _follow_typed(self) -> None:
        """Begin to watch what was typed since, and forget what was taken back."""
        entries = dict.fromkeys(self._typed())
        for watcher in [one for one in self._watchers if one.entry is not None]:
            if watcher.entry in entries:
                del entries[watcher.entry]
            elif watcher.projector.is_discovered:  # the search finds it by itself
                watcher.entry, watcher.projector.token = None, ""
            else:
                self._forget(watcher)
        for entry in entries:
            self._add_typed(entry)

    def _add_typed(self, entry: ProjectorEntry) -> None:
        at = entry.address, entry.port or self._settings.port
        watcher = self._first(lambda projector: (projector.address, projector.port) == at)
        if watcher is None:
            self._watchers.append(_Watcher(self._track(at, token=entry.token), entry))
        elif watcher.entry is None:
            watcher.entry, watcher.projector.token = entry, entry.token

    def _start(self, group: asyncio.TaskGroup) -> None:
        for watcher in self._watchers:
            if watcher.task is None:
                name = f"pjlink {watcher.projector.address}"
                watcher.task = group.create_task(self._keep(watcher), name=name)

    def _forget(self, watcher: _Watcher) -> None:
        self._watchers.remove(watcher)
        if watcher.task is not None:
            watcher.task.cancel()

    async def _search(self) -> None:
        settings = self._settings
        protocol = SearchProtocol(self._on_notification, self._flaws.say, _DATAGRAMS_LIMIT)
        async with listening(protocol, *settings.listen):
            while True:
                for _ in range(_CALLS):
                    protocol.search(self._targets())
                    await asyncio.sleep(_CALL_AGAIN_S)
                await asyncio.sleep(settings.search_s * (1.0 + _JITTER * settings.jitter()))

    def _targets(self) -> Iterable[tuple[str, int]]:
        if self._settings.targets is not None:
            return self._settings.targets()
        return [(one, self._settings.port) for one in broadcasts(self._settings.networks())]

    def _on_notification(self, notification: Notification) -> None:
        watcher = self._watcher_of(notification)
        if watcher is not None and notification.weak_mac:
            watcher.projector.weak_mac = notification.weak_mac
        if watcher is None:
            self._add_discovered(notification)
        elif notification.is_change or watcher.projector.reason:
            watcher.wake.set()

    def _watcher_of(self, notification: Notification) -> _Watcher | None:
        """Find whose word this is; one that moved is met at its new address."""
        mac, address = notification.mac, notification.address
        here = self._first(lambda projector: projector.address == address)
        if self._is_contested(notification, here):
            if here is not None and here.projector.mac != mac:
                self._set_mac(here.projector, mac)
            return here
        watcher = self._first(lambda projector: bool(mac) and projector.mac == mac)
        if watcher is None:
            watcher = here
            if watcher is not None and mac:
                self._set_mac(watcher.projector, mac)
        elif watcher.projector.address != address:
            watcher.projector.address = address
            watcher.projector.via = via(address, self._settings.networks())
            watcher.wake.set()
        return watcher

    def _is_contested(self, notification: Notification, here: _Watcher | None) -> bool:
        """Take in a sign of life; whether another lives beside it that tells the same MAC."""
        if not notification.mac or notification.is_change:
            return False
        mark = f"mac:{notification.mac}"
        rest = here.projector.marks if here is not None else ()
        self._judge.tell(
            f"pjlink {notification.address}:{self._settings.port}",
            dict.fromkeys((mark, *rest)),
            addresses={notification.address},
            at=time.monotonic(),
            sure_source="pjlink",
        )
        return self._judge.is_contested(mark)

    def _first(self, matches: Callable[[TrackedProjector], bool]) -> _Watcher | None:
        return next((one for one in self._watchers if matches(one.projector)), None)

    def _set_mac(self, projector: TrackedProjector, mac: str) -> None:
        if projector.mac:
            for sighting in projector.become(mac):
                self._report(sighting)
        projector.mac = mac
        projector.is_discovered = True

    def _add_discovered(self, notification: Notification) -> None:
        if notification.is_change:
            return  # of a projector we do not know: a search will bring it
        if len(self._watchers) >= _PROJECTORS_LIMIT and not self._make_room():
            self._flaws.say("flood", notification.address)
            return
        at = notification.address, self._settings.port
        projector = self._track(at, mac=notification.mac, is_discovered=True)
        projector.weak_mac = notification.weak_mac
        self._watchers.append(_Watcher(projector))
        self._begin()

    def _track(
        self, at: tuple[str, int], *, mac: str = "", token: str = "", is_discovered: bool = False
    ) -> TrackedProjector:
        return TrackedProjector(
            *at, mac=mac, token=token, is_discovered=is_discovered, judge=self._judge
        )

    def _make_room(self) -> bool:
        """Let go one that nobody typed and that is not there any more."""
        idle = (one for one in self._watchers if one.entry is None and one.projector.is_lost)
        if (gone := next(idle, None)) is not None:
            self._forget(gone)
        return gone is not None

    async def _keep(self, watcher: _Watcher) -> None:
        while True:
            await self._look(watcher)
            await asyncio.sleep(_LOOK_AGAIN_S)
            rest_s = watcher.projector.wait_s(self._settings.jitter()) - _LOOK_AGAIN_S
            with suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await watcher.wake.wait()
            watcher.wake.clear()

    def _try_passwords(self) -> None:
        """Look again at whatever refused a password that is another one now."""
        for watcher in self._watchers:
            if watcher.projector.reason == "needs_password":
                password = self._password_of(watcher.projector)
                if password != watcher.password:
                    watcher.wake.set()

    def _password_of(self, projector: TrackedProjector) -> str:
        return self._password(projector.keys, projector.address)

    async def _look(self, watcher: _Watcher) -> None:
        projector = watcher.projector
        async with self._talks:
            info = projector.info(time.monotonic())
            projector.neighbour = told_at(projector.address, self._settings.neighbours)
            password = watcher.password = self._password_of(projector)
            asked = projector.address, projector.mac
            result = await poll(projector.address, projector.port, password, info)
        if (projector.address, projector.mac) != asked:
            watcher.wake.set()  # it moved meanwhile: what answered may be another one
            return
        projector.neighbour = told_at(projector.address, self._settings.neighbours)
        projector.via = projector.via or via(projector.address, self._settings.networks())
        for reading in projector.update(result, time.time(), time.monotonic()):
            self._report(reading)
        # Elsewhere than at PJLink's port a typed address may well speak something else.
        is_pjlink = projector.port == self._settings.port or projector.is_expected
        if is_pjlink and (result.is_nonsense or result.odd):
            self._flaws.say("nonsense", projector.address)
