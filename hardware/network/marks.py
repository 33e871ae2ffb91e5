"""This file judges for every source of the network which marks may be believed; pure.

A mark, such as a MAC or a uuid, names one thing. Where two living things tell the same one, a
factory set it, or one of them lies, or speaks for others: it is *contested*, and names neither.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from hardware.readings import Sighting

# No device announces so much; a mark that so many tell is worth nothing.
_CLAIMS_LIMIT: Final = 32
# A device that moves shows its old address beside the new one while records live (RFC 6762, 10).
_PROOF_S: Final = 150.0
_TELLERS_LIMIT: Final = 8192
_REMEMBERED_LIMIT: Final = 4096
_OWN_GIVEN: Final = ("169.254.", "fe8", "fe9", "fea", "feb")  # RFC 3927; RFC 4291, 2.5.6
_NETWORK: Final = frozenset({"mdns", "onvif", "pjlink"})


class Teller(NamedTuple):
    """Who tells marks. host: its name, "" of none; addresses: where it answers.

    began_at: since when it is there so; heard_at: when it last gave a sign of life, infinite of
    one that counts as there until it leaves. no: its turn among all. source: of the sources in
    which each teller is a thing of its own, wherever it answers; else "".
    """

    marks: tuple[str, ...]
    host: str
    addresses: frozenset[str]
    began_at: float
    heard_at: float
    no: int
    source: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether its signs of life are its own, not a cache's."""
        return math.isfinite(self.heard_at)

    def lives_with(self, other: Teller) -> bool:
        """Whether each was heard when the other was there already."""
        return self.heard_at >= other.began_at and other.heard_at >= self.began_at


class JudgedMarks(NamedTuple):
    """A teller's marks: those that name it, those that others tell too, and what it had alone."""

    believed: tuple[str, ...] = ()
    contested: tuple[str, ...] = ()
    former: tuple[str, ...] = ()


class MarkJudge:
    """The marks of all tellers, by name. contested: those that were so before a restart.

    Two tellers of one host, or of a common address, are one thing, unless their source knows
    better. A contest that was proven, by lasting or by signs of life, is remembered: else ids
    would change with each twin that is switched off. Times are seconds of any one steady clock.
    """

    def __init__(self, contested: Iterable[str] = ()) -> None:
        self._tellers: dict[str, Teller] = {}
        self._claims: defaultdict[str, set[str]] = defaultdict(set)
        self._since: dict[str, float] = {}
        self._remembered = dict.fromkeys(contested)
        self._heirs: dict[str, frozenset[str]] = {}
        self._listeners: list[Callable[[set[str]], None]] = []
        self._count = 0

    @contextmanager
    def listening(self, turned: Callable[[set[str]], None]) -> Iterator[None]:
        """Tell a source whose marks turned, by whatever source; it knows its own names."""
        self._listeners.append(turned)
        try:
            yield
        finally:
            self._listeners.remove(turned)

    def tell(
        self,
        name: str,
        marks: Iterable[str],
        *,
        host: str = "",
        addresses: Collection[str] = (),
        at: float = 0.0,
        sure_source: str = "",
    ) -> set[str]:
        """Take in what a teller says now. Gives the names of those with a mark that turned.

        sure_source: names the source of one that gave a sign of life now, and is a thing of its
        own there; any other is there until it leaves.
        """
        before = self._tellers.get(name)
        told, where = tuple(marks), frozenset(addresses)
        same = before is not None and (before.host, before.addresses) == (host, where)
        self._count += 1
        self._tellers[name] = Teller(
            told,
            host,
            where,
            before.began_at if before and same else at,
            at if sure_source else math.inf,
            before.no if before and same else self._count,
            sure_source,
        )
        if len(self._tellers) > _TELLERS_LIMIT:
            self.leave(next(iter(self._tellers)), at)
        gone = set(before.marks if before else ()) - set(told)
        for mark in gone:
            self._claims[mark].discard(name)
        for mark in told:
            self._claims[mark].add(name)
        return self._tell_others(self._turn({*gone, *told}, at))

    def leave(self, name: str, at: float = 0.0) -> set[str]:
        """Take in that a teller is gone. Gives the names of those with a mark that turned."""
        teller = self._tellers.pop(name, None)
        for mark in teller.marks if teller else ():
            self._claims[mark].discard(name)
        return self._tell_others(self._turn(set(teller.marks), at)) if teller else set()

    def is_contested(self, mark: str) -> bool:
        """Say whether a mark is told by two, or was, and names nobody."""
        return mark in self._since or mark in self._remembered

    def believed(self, name: str) -> tuple[str, ...]:
        """Give the marks of a teller that name it, in its own order."""
        return tuple(mark for mark in self._marks(name) if not self.is_contested(mark))

    def contested(self, name: str) -> tuple[str, ...]:
        """Give the marks of a teller that others tell, too."""
        return tuple(mark for mark in self._marks(name) if self.is_contested(mark))

    def former(self, name: str) -> tuple[str, ...]:
        """Give the contested marks that were this teller's own before another came."""
        marks = self.contested(name)
        return tuple(mark for mark in marks if name in self._heirs.get(mark, ()))

    def judged(self, name: str) -> JudgedMarks:
        """Give all that is judged of a teller's marks."""
        return JudgedMarks(self.believed(name), self.contested(name), self.former(name))

    def _marks(self, name: str) -> tuple[str, ...]:
        teller = self._tellers.get(name)
        return teller.marks if teller else ()

    def _tell_others(self, names: set[str]) -> set[str]:
        for listener in self._listeners if names else ():
            listener(names)
        return names

    def _turn(self, marks: set[str], at: float) -> set[str]:
        turned: set[str] = set()
        for mark in marks:
            names = self._claims[mark]
            was = self.is_contested(mark)
            self._judge(mark, names, at)
            if self.is_contested(mark) is not was:
                turned |= names
            if not names:
                del self._claims[mark]
        return turned

    def _judge(self, mark: str, names: set[str], at: float) -> None:
        tellers = [self._tellers[name] for name in names]
        if not _is_told_by_two(tellers):
            since = self._since.pop(mark, None)
            if since is not None and at - since >= _PROOF_S:
                self._remember(mark)
            elif mark not in self._remembered:
                self._heirs.pop(mark, None)
            return
        if mark not in self._since:
            self._since[mark] = at
            if mark not in self._remembered:
                self._heirs[mark] = self._first(names)
        if at - self._since[mark] >= _PROOF_S or all(teller.is_sure for teller in tellers):
            self._remember(mark)

    def _remember(self, mark: str) -> None:
        self._remembered[mark] = None
        if len(self._remembered) > _REMEMBERED_LIMIT:
            oldest = next(iter(self._remembered))
            del self._remembered[oldest]
            self._heirs.pop(oldest, None)

    def _first(self, names: set[str]) -> frozenset[str]:
        """Give who was there first, with its own; all of them where they came together."""
        first = min(names, key=lambda name: (self._tellers[name].began_at, self._tellers[name].no))
        own = self._tellers[first]
        rest = [self._tellers[name] for name in names if not _is_one(own, self._tellers[name])]
        if own.is_sure and any(other.began_at == own.began_at for other in rest):
            return frozenset(names)
        return frozenset(name for name in names if _is_one(own, self._tellers[name]))


def remembered_contests(sightings: Iterable[Sighting]) -> frozenset[str]:
    """Give the marks that were contested by what was reported before."""
    known = (sighting for sighting in sightings if sighting.source in _NETWORK)
    return frozenset(mark for sighting in known for mark in sighting.contested)


def _is_told_by_two(tellers: list[Teller]) -> bool:
    if len(tellers) > _CLAIMS_LIMIT:
        return True
    things = [*_things(tellers)]
    return any(
        one.lives_with(other)
        for place, thing in enumerate(things)
        for another in things[:place]
        for one in thing
        for other in another
    )


def _things(tellers: list[Teller]) -> Iterator[list[Teller]]:
    """Put together the tellers of one host, or of a common address, one by way of another."""
    left = list(tellers)
    while left:
        thing = [left.pop()]
        for one in thing:  # grows while it is walked
            near = [other for other in left if _is_one(one, other)]
            thing += near
            left = [other for other in left if other not in near]
        yield thing


def _is_one(one: Teller, other: Teller) -> bool:
    if one is other or (one.source and one.source == other.source):
        return one is other
    return bool(one.host and one.host == other.host) or meet(one.addresses, other.addresses)


def meet(one: Collection[str], other: Collection[str]) -> bool:
    """Say whether two that answer at these addresses may be one machine.

    A link-local address alone proves nothing of two that have others: all machines that hold
    containers have the bridge's fe80::1, and programs announce it with their own.
    """
    common = {*one} & {*other}
    if not common or any(_version(address) for address in common):
        return bool(common)
    versions = [{_version(address) for address in addresses} for addresses in (one, other)]
    return not (versions[0] & versions[1]) - {0}


def _version(address: str) -> int:
    """Give 4 or 6 of an address that a network gave; 0 of one that a machine gave itself."""
    if address.casefold().startswith(_OWN_GIVEN):
        return 0
    return 6 if ":" in address else 4
