"""This file watches mDNS for the devices that announce themselves in the room's network."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from zeroconf import Error as ZeroconfError
from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from hardware.network.announced import Announced, sighting_of, types
from hardware.network.interfaces import Addresses, Interfaces, addresses
from hardware.readings import SenseMissing, Sighting

__all__ = ["sighting_of", "watch"]

_LOGGER = logging.getLogger(__name__)

Report = Callable[[Sighting], None]

# 500 services bring some 1300 updates within a third of a second: gather, then look once.
_GATHER_S = 0.05
_ASK_MS = 1500
_ASK_AT_ONCE = 32
# More than any room announces: beyond it someone is flooding.
_SERVICES_LIMIT = 4000


async def watch(report: Report, *, zeroconf: AsyncZeroconf | None = None) -> None:
    """Report every device that announces itself, and each that changes or says goodbye.

    zeroconf: one to share; it stays open, and on the interfaces its owner chose. Without one,
    follows this machine's interfaces as they change. Never returns; raises
    SenseMissing("no_network") where no interface is up.
    """
    if zeroconf is not None:
        async with _browsing(zeroconf) as browse:
            while True:
                await browse.changed.wait()
                await browse.look(report)
    bound = addresses()
    async with _opened(bound) as own, _browsing(own) as browse:
        await _follow(own, browse, report, Interfaces(bound))


async def _follow(
    zeroconf: AsyncZeroconf, browse: _Browse, report: Report, interfaces: Interfaces
) -> None:
    loop = asyncio.get_running_loop()
    poll_at = loop.time() + interfaces.poll_in_s
    while True:
        with suppress(TimeoutError):
            async with asyncio.timeout_at(poll_at):
                await browse.changed.wait()
        if browse.changed.is_set():
            await browse.look(report)
        if loop.time() >= poll_at:
            if await _move(zeroconf, interfaces):
                await browse.restart()
            poll_at = loop.time() + interfaces.poll_in_s


async def _move(zeroconf: AsyncZeroconf, interfaces: Interfaces) -> bool:
    """Move to the addresses this machine has now, if they changed and are calm again."""
    wanted = interfaces.see(addresses())
    if interfaces.gone:
        raise _no_network()
    if wanted is None:
        return False
    try:
        await zeroconf.async_update_interfaces(interfaces=list(wanted))
    except OSError as error:
        # An address may be listed a moment before its interface answers to it; tried again.
        _LOGGER.info("mDNS cannot move yet addresses=%s error=%s", ",".join(wanted), error)
        return False
    interfaces.bound = wanted
    _LOGGER.info("mDNS moved addresses=%s", ",".join(wanted))
    return True


@asynccontextmanager
async def _opened(bound: Addresses) -> AsyncIterator[AsyncZeroconf]:
    if not bound:
        raise _no_network()
    try:
        zeroconf = AsyncZeroconf(interfaces=list(bound), ip_version=IPVersion.V4Only)
    except OSError as error:
        raise _no_network() from error
    async with zeroconf:
        yield zeroconf


def _no_network() -> SenseMissing:
    hint = "This machine is in no network; check the cable or the Wi-Fi."
    return SenseMissing("no_network", {"sense": "mdns"}, hint)


@asynccontextmanager
async def _browsing(zeroconf: AsyncZeroconf) -> AsyncIterator[_Browse]:
    await zeroconf.zeroconf.async_wait_for_start()
    browse = _Browse(zeroconf.zeroconf)
    browse.start()
    try:
        yield browse
    finally:
        await browse.stop()


class _Browse:
    """What changed since we last looked, and the devices known so far."""

    def __init__(self, zeroconf: Zeroconf) -> None:
        self.changed = asyncio.Event()
        self._zeroconf = zeroconf
        self._pending: dict[str, tuple[str, ServiceStateChange]] = {}
        self._announced = Announced()
        self._flooded = False
        self._browser: AsyncServiceBrowser | None = None

    def start(self) -> None:
        """Ask for every service type, and go on listening."""
        wanted = [f"{type_}.local." for type_ in types()]
        self._browser = AsyncServiceBrowser(self._zeroconf, wanted, handlers=[self.note])

    async def stop(self) -> None:
        """Stop listening."""
        if self._browser is not None:
            await self._browser.async_cancel()
            self._browser = None

    async def restart(self) -> None:
        """Ask anew, for a browser that has been quiet long asks only once an hour."""
        await self.stop()
        self.start()

    def note(
        self,
        zeroconf: Zeroconf,  # noqa: ARG002 - the browser's own names
        service_type: str,
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        """Remember that something about a service changed; called by the browser in the loop."""
        known = name in self._announced or name in self._pending
        if not known and len(self._announced) + len(self._pending) >= _SERVICES_LIMIT:
            self._say_flooded()
            return
        self._pending[name] = service_type, state_change
        self.changed.set()

    async def look(self, report: Report) -> None:
        """Look once at each service that changed, and report the devices that did."""
        await asyncio.sleep(_GATHER_S)
        pending, self._pending = self._pending, {}
        self.changed.clear()
        unknown = []
        for name, (type_, change) in pending.items():
            if change is ServiceStateChange.Removed:
                _report_all(report, self._announced.leave(name))
            elif (info := _info(type_, name)) is not None:
                if info.load_from_cache(self._zeroconf):
                    self._see(report, info)
                else:
                    unknown.append(info)
        self._put_back(unknown[_ASK_AT_ONCE:])
        await self._ask(unknown[:_ASK_AT_ONCE], report)

    def _put_back(self, unknown: list[AsyncServiceInfo]) -> None:
        for info in unknown:
            self._pending.setdefault(info.name, (info.type, ServiceStateChange.Updated))
            self.changed.set()

    async def _ask(self, unknown: list[AsyncServiceInfo], report: Report) -> None:
        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(info.async_request(self._zeroconf, _ASK_MS), name="mdns ask")
                for info in unknown
            ]
        for info, task in zip(unknown, asked, strict=True):
            # What is no answer now comes as an update when the answer comes.
            if task.result():
                self._see(report, info)

    def _see(self, report: Report, info: AsyncServiceInfo) -> None:
        found = info.parsed_scoped_addresses()
        sighting = sighting_of(info.type, info.name, info.server or "", found, info.properties)
        if sighting is None:
            _report_all(report, self._announced.leave(info.name))
        else:
            _report_all(report, self._announced.see(info.name, sighting))

    def _say_flooded(self) -> None:
        if not self._flooded:
            self._flooded = True
            _LOGGER.warning("too many mDNS services, more are left out limit=%d", _SERVICES_LIMIT)


def _info(type_: str, name: str) -> AsyncServiceInfo | None:
    try:
        return AsyncServiceInfo(type_, name)
    except ZeroconfError:
        # A pointer may name anything at all; such a name is no service of this type.
        return None


def _report_all(report: Report, sightings: list[Sighting]) -> None:
    for sighting in sightings:
        report(sighting)
