"""This file finds the school's controller by mDNS, with or without the internet."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from protocol.discovery import SERVICE, is_controller_of
from protocol.link import Broker
from protocol.model import Place

if TYPE_CHECKING:
    from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

_LOGGER = logging.getLogger(__name__)

_HEARD_LIMIT: Final = 200  # a province's network may hold many schools' controllers
_LIMIT: Final = 16  # a school has one controller; a network with more is being fooled


class Finder:
    """Knows where this school's controllers listen; calling it gives the next one to try."""

    def __init__(self, province: str, school: str, user: str, password: str) -> None:
        self._place = Place(province, school)
        self._user = user
        self._password = password
        self._brokers: dict[str, tuple[Broker, ...]] = {}
        self._others: set[str] = set()  # controllers of other schools
        self._turn = 0
        self.current: Broker | None = None

    def __call__(self) -> Broker:
        """The next controller to try, each in its turn. Raises OSError if none is known."""
        brokers = [broker for group in self._brokers.values() for broker in group]
        if not brokers:
            raise OSError("no controller of this school has announced itself yet")
        self.current = brokers[self._turn % len(brokers)]
        self._turn += 1
        return self.current

    @property
    def hears_others_only(self) -> bool:
        """Whether controllers announce themselves, and none of this school."""
        return bool(self._others) and not self._brokers

    async def watch(self, zeroconf: AsyncZeroconf) -> None:
        """Follow what announces itself; never returns."""
        from hardware.mdns.browse import hear_service  # noqa: PLC0415 - heavy, and not always

        def hear(name: str, info: AsyncServiceInfo | None) -> None:
            if info is None:
                self.drop(name)
            else:
                self.take(name, info.properties, info.parsed_scoped_addresses(), info.port or 0)

        await hear_service(zeroconf, SERVICE, hear, names=self._brokers, limit=_HEARD_LIMIT)

    def take(
        self, name: str, properties: Mapping[bytes, bytes | None], addresses: list[str], port: int
    ) -> None:
        """Remember an announced controller, if it is one of this school."""
        ours = is_controller_of(self._place, properties)
        self._others.discard(name)
        if not ours and properties.get(b"role") == b"controller" and len(self._others) < _LIMIT:
            self._others.add(name)
        room = name in self._brokers or len(self._brokers) < _LIMIT
        if not (ours and room and addresses and port):
            self._brokers.pop(name, None)
            return
        # IPv4 first: school networks that route IPv6 halfway are not rare.
        ordered = sorted(addresses, key=lambda address: ":" in address)
        brokers = tuple(Broker(address, port, self._user, self._password) for address in ordered)
        if self._brokers.get(name) != brokers:
            _LOGGER.info("controller found at %s", brokers[0])
        self._brokers[name] = brokers

    def drop(self, name: str) -> None:
        """Forget a controller that said goodbye."""
        self._others.discard(name)
        self._brokers.pop(name, None)
