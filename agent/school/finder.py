"""This file finds the school's controller by mDNS, with or without the internet."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from protocol.link import Broker

if TYPE_CHECKING:
    from zeroconf import ServiceStateChange, Zeroconf
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

_LOGGER = logging.getLogger(__name__)

SERVICE: Final = "_lophoc._tcp.local."
_ASK_MS: Final = 1500
_LIMIT: Final = 16  # a school has one controller; a network with more is being fooled


class Finder:
    """Knows where this school's controllers listen; calling it gives the next one to try."""

    def __init__(self, province: str, school: str, user: str, password: str) -> None:
        self._province = province
        self._school = school
        self._user = user
        self._password = password
        self._found: dict[str, tuple[Broker, ...]] = {}
        self._changed: dict[str, bool] = {}
        self._stirred = asyncio.Event()
        self._turn = 0
        self.current: Broker | None = None

    def __call__(self) -> Broker:
        """The next controller to try, each in its turn. Raises OSError if none is known."""
        brokers = [broker for each in self._found.values() for broker in each]
        if not brokers:
            raise OSError("no controller of this school has announced itself yet")
        self.current = brokers[self._turn % len(brokers)]
        self._turn += 1
        return self.current

    async def watch(self, zeroconf: AsyncZeroconf) -> None:
        """Follow what announces itself; never returns."""
        from zeroconf.asyncio import AsyncServiceBrowser  # noqa: PLC0415 - heavy, and not always

        browser = AsyncServiceBrowser(zeroconf.zeroconf, SERVICE, handlers=[self._note])
        try:
            while True:
                await self._stirred.wait()
                self._stirred.clear()
                changed, self._changed = self._changed, {}
                for name, gone in changed.items():
                    await self._look(zeroconf.zeroconf, name, gone=gone)
        finally:
            await browser.async_cancel()

    def take(
        self, name: str, properties: Mapping[bytes, bytes | None], addresses: list[str], port: int
    ) -> None:
        """Remember an announced controller, if it is one of this school."""
        wanted = {
            b"role": b"controller",
            b"province": self._province.encode(),
            b"school": self._school.encode(),
        }
        ours = all(properties.get(key) == value for key, value in wanted.items())
        room = name in self._found or len(self._found) < _LIMIT
        if not (ours and room and addresses and port):
            self._found.pop(name, None)
            return
        # IPv4 first: school networks that route IPv6 halfway are not rare.
        ordered = sorted(addresses, key=lambda each: ":" in each)
        brokers = tuple(Broker(each, port, self._user, self._password) for each in ordered)
        if self._found.get(name) != brokers:
            _LOGGER.info("controller found at %s", brokers[0])
        self._found[name] = brokers

    def drop(self, name: str) -> None:
        """Forget a controller that said goodbye."""
        self._found.pop(name, None)

    def _note(
        self,
        zeroconf: Zeroconf,  # noqa: ARG002 - the browser's own names
        service_type: str,  # noqa: ARG002
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        if len(self._changed) < _LIMIT or name in self._changed:
            self._changed[name] = state_change.name == "Removed"
        self._stirred.set()

    async def _look(self, zeroconf: Zeroconf, name: str, *, gone: bool) -> None:
        if gone:
            self.drop(name)
            return
        info = _info(name)
        if info is not None and await info.async_request(zeroconf, _ASK_MS):
            self.take(name, info.properties, info.parsed_scoped_addresses(), info.port or 0)


def _info(name: str) -> AsyncServiceInfo | None:
    from zeroconf import Error  # noqa: PLC0415
    from zeroconf.asyncio import AsyncServiceInfo  # noqa: PLC0415

    try:
        return AsyncServiceInfo(SERVICE, name)
    except Error:
        # A pointer may name anything at all; such a name is no service of ours.
        return None
