"""This file finds the school's controller by mDNS, with or without the internet."""

from __future__ import annotations

import logging
from collections import Counter
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
_ADDRESSES: Final = 8  # of one name
_MAX_TRIED: Final = 256  # addresses of which the tries are counted


class Finder:
    """Knows where this school's controllers listen; calling it gives the next one to try."""

    def __init__(self, province: str, school: str, pattern: Broker) -> None:
        """pattern: as whom to speak to whatever is found, and which authority to believe.

        One with a host is where the school was last: it is tried first, heard of or not.
        """
        self._place = Place(province, school)
        self._pattern = pattern
        self._last = (pattern,) if pattern.host else ()
        self._brokers: dict[str, tuple[Broker, ...]] = {}
        self._others: set[str] = set()  # controllers of other schools
        self._tried: Counter[tuple[str, int]] = Counter()  # since one of them was believed
        self._turn = 0
        self.current: Broker | None = None

    def __call__(self) -> Broker:
        """The next controller to try. Raises OSError if none is known.

        Where the school was last has every other turn, whoever else announces himself; of the
        others the one that was tried least.
        """
        heard = (broker for group in self._brokers.values() for broker in group)
        others = [broker for broker in dict.fromkeys(heard) if broker not in self._last]
        self._turn += 1
        turn = self._last if self._turn % 2 or not others else others
        if not (brokers := turn or others):
            raise OSError("no controller of this school has announced itself yet")
        self.current = min(brokers, key=lambda broker: self._tried[broker.host, broker.port])
        self._note_try(self.current)
        return self.current

    def note_believed(self) -> None:
        """What was tried last is the school's controller: from now on it comes first."""
        if self.current is not None:
            self._last = (self.current,)
            self._tried.clear()
            self._turn = 0

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
        room = name in self._brokers or len(self._brokers) < _LIMIT or self._make_room()
        if not (ours and room and addresses and port):
            self._brokers.pop(name, None)
            return
        # IPv4 first: school networks that route IPv6 halfway are not rare.
        ordered = sorted(addresses, key=lambda address: ":" in address)
        brokers = tuple(self._pattern._replace(host=host, port=port) for host in ordered)
        if not set(brokers) <= set(self._brokers.get(name, ())):
            _LOGGER.info("controller found at %s", brokers[0])
        before = self._brokers.get(name, ())  # somebody else may have taken the name, and be heard
        kept = tuple(broker for broker in before if broker not in brokers)
        self._brokers[name] = (*brokers, *kept)[:_ADDRESSES]

    def _note_try(self, broker: Broker) -> None:
        if len(self._tried) >= _MAX_TRIED:
            self._tried.clear()
        self._tried[broker.host, broker.port] += 1

    def _make_room(self) -> bool:
        """Forget the one that was tried most in vain; False where none was tried."""
        most = max(self._brokers, key=self._tries_of)
        if tried := self._tries_of(most):
            del self._brokers[most]
        return bool(tried)

    def _tries_of(self, name: str) -> int:
        return sum(self._tried[broker.host, broker.port] for broker in self._brokers[name])

    def drop(self, name: str) -> None:
        """Forget a controller that said goodbye."""
        self._others.discard(name)
        self._brokers.pop(name, None)
