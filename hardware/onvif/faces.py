"""This file says which answers by IPv6 are of a camera that answers by IPv4, too; pure.

Almost every camera does. Taken for two, they would tell the same marks, and have none of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from hardware.network.neighbours import ToldMac
from hardware.network.scopes import is_ipv6, unscoped
from hardware.onvif.camera import DiscoveredCamera, Who

# Datagrams get lost: after so many rounds of silence by IPv4 a camera is where IPv6 finds it.
_SILENT_ROUNDS: Final = 3
_FACES_LIMIT: Final = 1024

Cards = Callable[[str], ToldMac]


class Faces:
    """By which of its addresses each camera is spoken with. cards: which card answers there."""

    def __init__(self, cards: Cards) -> None:
        self._cards = cards
        self._round = 0
        self._heard: dict[Who, int] = {}  # by IPv4: in which round last
        self._first: dict[Who, Who] = {}  # of an answer by IPv6, the same camera's by IPv4

    def settle(self, found: Iterable[DiscoveredCamera]) -> list[DiscoveredCamera]:
        """Take in who answered in a round; gives one answer of each camera."""
        self._round += 1
        cameras = list(found)
        by_ipv4 = [one for one in cameras if not is_ipv6(one.address)]
        self._heard |= {one.who: self._round for one in by_ipv4}
        _keep_last(self._heard)
        by_ipv6: dict[tuple[object, ...], DiscoveredCamera] = {}
        for one in cameras:
            if is_ipv6(one.address):  # on several links of one network it is heard on each
                by_ipv6.setdefault((unscoped(one.address), *one.who[1:]), one)
        return [*by_ipv4, *(one for one in by_ipv6.values() if not self._is_second(one, by_ipv4))]

    def twins(self, who: Who) -> list[Who]:
        """Where else a camera is that answers so, as far as it was heard there."""
        known = [self._first[who]] if who in self._first else []
        return known + [second for second, first in self._first.items() if first == who]

    def _is_second(self, six: DiscoveredCamera, by_ipv4: Iterable[DiscoveredCamera]) -> bool:
        first = next((one.who for one in by_ipv4 if self._is_same(six, one)), None)
        if first is not None:
            self._first[six.who] = first
            _keep_last(self._first)
        known = self._first.get(six.who)
        heard = self._heard.get(known) if known is not None else None
        return heard is not None and self._round - heard < _SILENT_ROUNDS

    def _is_same(self, six: DiscoveredCamera, four: DiscoveredCamera) -> bool:
        cards = [_mac(self._cards(one.address)) for one in (six, four)]
        if all(cards):
            return cards[0] == cards[1] and six.match.endpoint == four.match.endpoint
        return replace(six.match, services=()) == replace(four.match, services=())


def _keep_last(faces: dict[Who, Any]) -> None:
    while len(faces) > _FACES_LIMIT:
        del faces[next(iter(faces))]


def _mac(card: ToldMac) -> str:
    return card.sound or card.weak
