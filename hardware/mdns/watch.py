"""This file watches mDNS for the devices that announce themselves in the room's network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

from zeroconf import Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from hardware.mdns.announced import flaw_in, service_of, types
from hardware.mdns.browse import ASK_MS, Changes, info_of
from hardware.mdns.following import ears, follow, zeroconf_at
from hardware.mdns.gate import PacketGate
from hardware.mdns.gathered import Announced
from hardware.network.flaws import FlawReporter
from hardware.network.interfaces import Networks, networks, no_network
from hardware.network.marks import MarkJudge
from hardware.readings import Report, SenseMissing, Sighting

_ASK_AT_ONCE = 32
# Some 0.1 ms each: no longer than 10 ms in one turn of the loop.
_LOOK_AT_ONCE = 64
# More than any room announces: beyond it someone is flooding.
_SERVICES_LIMIT = 4000
_NETWORKS_FRESH_S = 0.2


async def watch(
    report: Report,
    *,
    zeroconf: AsyncZeroconf | None = None,
    moved: asyncio.Event | None = None,
    ours: Callable[[], Networks] = networks,
    judge: MarkJudge | None = None,
) -> None:
    """Report every device that announces itself, and each that changes or says goodbye.

    zeroconf: one to share; it stays open, and on the interfaces its owner chose. moved: set by
    its owner when those changed, for all must be asked anew. ours: our own networks now.
    judge: of the marks of every source, where they share one. Without a zeroconf, follows this
    machine's interfaces by itself. Garbage is reported as a Flaw, at most some 20 a minute.
    Never returns; raises SenseMissing("no_network") where no interface is up.
    """
    moved = asyncio.Event() if moved is None else moved
    judge = MarkJudge() if judge is None else judge
    if zeroconf is not None:
        await _watch(_Browse(zeroconf.zeroconf, report, ours, judge), zeroconf, moved)
        return
    try:
        async with _open_zeroconf() as own, asyncio.TaskGroup() as tasks:
            following = follow(own, moved=moved.set, may_be_alone=False)
            tasks.create_task(following, name="mdns addresses")
            browse = _Browse(own.zeroconf, report, ours, judge)
            tasks.create_task(_watch(browse, own, moved), name="mdns devices")
    except* SenseMissing as missing:
        raise missing.exceptions[0] from None


async def _watch(browse: _Browse, zeroconf: AsyncZeroconf, moved: asyncio.Event) -> None:
    async with _browsing(browse, zeroconf), asyncio.TaskGroup() as tasks:
        tasks.create_task(browse.restart_after(moved), name="mdns restart")
        while True:
            await browse.look()


@asynccontextmanager
async def _open_zeroconf() -> AsyncIterator[AsyncZeroconf]:
    places = ears()
    if not places:
        raise no_network()
    try:
        zeroconf = zeroconf_at(places)
    except (OSError, RuntimeError) as error:  # an address that left meanwhile; an interface
        raise no_network() from error
    async with zeroconf:
        await zeroconf.zeroconf.async_wait_for_start()
        yield zeroconf


@asynccontextmanager
async def _browsing(browse: _Browse, zeroconf: AsyncZeroconf) -> AsyncIterator[None]:
    await zeroconf.zeroconf.async_wait_for_start()
    browse.start()
    try:
        with browse.judging():
            yield
    finally:
        await browse.stop()


class _Browse:
    """What changed since we last looked, and the devices known so far."""

    def __init__(
        self,
        zeroconf: Zeroconf,
        report: Report,
        networks: Callable[[], Networks],
        judge: MarkJudge,
    ) -> None:
        self._judge = judge
        self._zeroconf = zeroconf
        self._report = report
        self._find_networks = networks
        self._announced = Announced(judge)
        self._flaws = FlawReporter(report, "mdns", time.monotonic)
        self._changes = Changes(
            self._announced, _SERVICES_LIMIT, lambda: self._flaws.say("flood", "")
        )
        self._gate = PacketGate(self._flaws.say)
        self._browser: AsyncServiceBrowser | None = None
        self._ours: Networks = ()
        self._ours_at = float("-inf")

    def start(self) -> None:
        self._gate.stand_before(self._zeroconf)
        self._ours_at = float("-inf")
        service_types = [f"{type_}.local." for type_ in types()]
        self._browser = AsyncServiceBrowser(
            self._zeroconf, service_types, handlers=[self._changes.note]
        )

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Hear whose marks turned, and leave the judge in the end."""
        try:
            with self._judge.listening(self._judge_anew):
                yield
        finally:
            self._announced.end()

    def _judge_anew(self, names: set[str]) -> None:
        self._report_all(self._announced.judge_anew(names))

    async def stop(self) -> None:
        self._gate.step_aside(self._zeroconf)
        if self._browser is not None:
            await self._browser.async_cancel()
            self._browser = None

    async def restart_after(self, moved: asyncio.Event) -> None:
        """Ask anew after each move: a browser long quiet asks only once an hour; never returns."""
        while True:
            await moved.wait()
            moved.clear()
            await self.stop()
            self.start()

    async def look(self) -> None:
        """Look once at each service that changed, and report the devices that did."""
        unknown: list[AsyncServiceInfo] = []
        for count, (name, change) in enumerate((await self._changes.take()).items()):
            if count % _LOOK_AT_ONCE == _LOOK_AT_ONCE - 1:
                await asyncio.sleep(0)
            if change.is_gone:
                self._report_all(self._announced.leave(name, at=time.monotonic()))
            elif (info := info_of(change.type, name)) is None:
                self._flaws.say("nonsense", "")
            elif info.load_from_cache(self._zeroconf):
                self._see(info)
            else:
                unknown.append(info)
        for info in unknown[_ASK_AT_ONCE:]:
            self._changes.put_back(info)
        await self._ask(unknown[:_ASK_AT_ONCE])

    async def _ask(self, unknown: list[AsyncServiceInfo]) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(info.async_request(self._zeroconf, ASK_MS), name="mdns ask")
                for info in unknown
            ]
        for info, task in zip(unknown, tasks, strict=True):
            # What is no answer now comes as an update when the answer comes.
            if task.result():
                self._see(info)

    def _see(self, info: AsyncServiceInfo) -> None:
        scoped = info.parsed_scoped_addresses()
        if flaw := flaw_in(info.name, info.properties):
            self._flaws.say(flaw, scoped[0] if scoped else "")
        service = service_of(
            info.type,
            info.name,
            info.server or "",
            scoped,
            info.properties,
            port=info.port or 0,
            ours=self._networks(),
        )
        if service is None:
            # It said no goodbye: it is something else now, or in a network that we left.
            self._report_all(self._announced.leave(info.name, "no_answer", time.monotonic()))
        else:
            self._report_all(self._announced.see(info.name, service, time.monotonic()))

    def _networks(self) -> Networks:
        """Give our networks; while there are none, those we had, for nobody is judged by that."""
        now = time.monotonic()
        if now - self._ours_at > _NETWORKS_FRESH_S:
            self._ours, self._ours_at = self._find_networks() or self._ours, now
        return self._ours

    def _report_all(self, sightings: Iterable[Sighting]) -> None:
        for sighting in sightings:
            self._report(sighting)
