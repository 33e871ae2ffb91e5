"""This file browses mDNS: which services changed since somebody looked, and what they say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple, Protocol

from zeroconf import Error, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

ASK_MS: Final = 1500
# 500 services bring some 1300 updates within a third of a second: gather, then look once.
_GATHER_S: Final = 0.05


class ServiceNames(Protocol):
    """The names of services that were taken in already."""

    def __len__(self) -> int: ...
    def __contains__(self, name: str, /) -> bool: ...


class Change(NamedTuple):
    """What became of a service. type: its service type."""

    type: str
    is_gone: bool


class Changes:
    """The services that changed since they were last taken.

    limit: of those and the known ones together; beyond it someone is flooding, which is said.
    """

    def __init__(
        self, names: ServiceNames, limit: int, flooded: Callable[[], None] = lambda: None
    ) -> None:
        self._names = names
        self._limit = limit
        self._flooded = flooded
        self._pending: dict[str, Change] = {}
        self._stirred = asyncio.Event()

    def note(
        self,
        zeroconf: Zeroconf,  # noqa: ARG002 - the browser's own names
        service_type: str,
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        """Remember that something about a service changed; called by the browser in the loop."""
        is_known = name in self._names or name in self._pending
        if is_known or len(self._names) + len(self._pending) < self._limit:
            is_gone = state_change is ServiceStateChange.Removed
            self._pending[name] = Change(service_type, is_gone)
            self._stirred.set()
        else:
            self._flooded()

    def put_back(self, info: AsyncServiceInfo) -> None:
        """Have a service looked at once more, unless it changed meanwhile."""
        self._pending.setdefault(info.name, Change(info.type, is_gone=False))
        self._stirred.set()

    async def take(self) -> Mapping[str, Change]:
        """Wait until something changed, gather a moment, and hand over all by name."""
        await self._stirred.wait()
        await asyncio.sleep(_GATHER_S)
        changes, self._pending = self._pending, {}
        self._stirred.clear()
        return changes


async def hear_service(
    zeroconf: AsyncZeroconf,
    service: str,
    report: Callable[[str, AsyncServiceInfo | None], None],
    *,
    names: ServiceNames,
    limit: int,
) -> None:
    """Tell by name of every service of a type, each change, and None at its goodbye.

    Never returns. One that does not answer is as it was.
    """
    changes = Changes(names, limit)
    browser = AsyncServiceBrowser(zeroconf.zeroconf, service, handlers=[changes.note])
    try:
        while True:
            for name, change in (await changes.take()).items():
                if change.is_gone:
                    report(name, None)
                elif (info := info_of(service, name)) and await info.async_request(
                    zeroconf.zeroconf, ASK_MS
                ):
                    report(name, info)
    finally:
        await browser.async_cancel()


def info_of(type_: str, name: str) -> AsyncServiceInfo | None:
    """A service to ask for; None where it is none: a pointer may name anything at all."""
    try:
        return AsyncServiceInfo(type_, name)
    except Error:
        return None
