"""This file forecasts which equipment reaches its end of life in which year, and its cost; pure.

An item reaches its end in the year it was put in use plus the useful life of its type; one that
awaits disposal has reached it now. It costs its type's replacement price, else what it cost
itself, else nobody knows. What lacks a year or a life is counted apart, never guessed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from controller.forecast.life_table import LifeTable
from controller.register.vocabulary import Condition

YEARS: Final = 11  # this one and ten more

LEFT: Final = frozenset({Condition.DISPOSED.value, Condition.LOST.value})
_OVERDUE, _LATER = -1, YEARS  # beside the years' own slots, 0 to 10


class ItemGroup(NamedTuple):
    """How many items of a school have the same type, year and condition.

    costed: how many of them have a cost in the book; cost_vnd: these costs together.
    """

    province: str
    school: str
    type: str
    year: int | None
    condition: str
    items: int
    costed: int = 0
    cost_vnd: int = 0


class AreaName(NamedTuple):
    """An area as it is told: its code, and what people call it."""

    code: str = ""
    label: str = ""


class Unknown(StrEnum):
    """Why nobody can say when an item reaches its end."""

    NO_TYPE = "no_type"
    NO_LIFE = "no_life"
    NO_YEAR = "no_year"


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """Items that reach their end, and their cost; unpriced: how many of them have no price."""

    count: int = 0
    cost_vnd: int = 0
    unpriced: int = 0

    def __add__(self, other: Due) -> Due:
        return Due(
            count=self.count + other.count,
            cost_vnd=self.cost_vnd + other.cost_vnd,
            unpriced=self.unpriced + other.unpriced,
        )


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What falls to a type, a school, an area or all. years: from this one on.

    key: a type; a province and a school; an area's code and name, both empty for schools in none.
    """

    key: tuple[str, ...] = ()
    overdue: Due = Due()
    years: tuple[Due, ...] = ()
    later: Due = Due()
    unknown: int = 0

    @property
    def soon(self) -> Due:
        """What is overdue and what falls due within the years, together."""
        return sum(self.years, self.overdue)


class Assumption(msgspec.Struct, frozen=True, kw_only=True):
    """What is assumed of a type that the books hold; None where the tables say nothing."""

    type: str
    count: int
    years: int | None = None
    years_source: str = ""
    years_verified: bool = False
    price_vnd: int | None = None
    price_source: str = ""
    price_verified: bool = False


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer. count: items in the books but for left_out, which are disposed or lost.

    awaiting: how many of this year's await disposal. unknown: by Unknown.
    """

    first_year: int
    count: int
    left_out: int
    awaiting: int
    unknown: dict[str, int]
    total: Share
    by_type: tuple[Share, ...]
    by_school: tuple[Share, ...]
    by_area: tuple[Share, ...]
    assumptions: tuple[Assumption, ...]


@dataclass(slots=True)
class _Sum:
    """A share that is being summed up: what falls due in each slot."""

    slots: defaultdict[int, Due] = field(default_factory=lambda: defaultdict(Due))
    unknown: int = 0

    def add(self, slot: int | Unknown, group: ItemGroup, table: LifeTable) -> None:
        """More falls due, or nobody knows when."""
        if isinstance(slot, Unknown):
            self.unknown += group.items
        else:
            self.slots[slot] += _due_of(group, table)

    def share(self, *key: str) -> Share:
        """The sums as they are now."""
        return Share(
            key=key,
            overdue=self.slots[_OVERDUE],
            years=tuple(self.slots[slot] for slot in range(YEARS)),
            later=self.slots[_LATER],
            unknown=self.unknown,
        )


def forecast(
    groups: Iterable[ItemGroup],
    table: LifeTable,
    this_year: int,
    areas: Mapping[tuple[str, str], Sequence[AreaName]] | None = None,
) -> Forecast:
    """What reaches its end when. areas: all that each province and school lies in, if any."""
    total, left_out, awaiting = _Sum(), 0, 0
    by: tuple[dict[tuple[str, ...], _Sum], ...] = ({}, {}, {})
    unknown, types = Counter[str](), Counter[str]()
    for group in groups:
        if group.condition in LEFT:
            left_out += group.items
            continue
        types[group.type] += group.items
        around = (areas or {}).get(group[:2], (AreaName(),))
        keys: tuple[Sequence[tuple[str, ...]], ...] = ([(group.type,)], [group[:2]], around)
        parts = zip(by, keys, strict=True)
        sums = [sums.setdefault(key, _Sum()) for sums, those in parts for key in those]
        slot = _slot_of(group, table, this_year)
        if isinstance(slot, Unknown):
            unknown[slot.value] += group.items
        elif group.condition == Condition.AWAITING_DISPOSAL:
            awaiting += group.items
        for one in (total, *sums):
            one.add(slot, group, table)
    by_type, by_school, by_area = map(_shares_of, by)
    return Forecast(
        first_year=this_year,
        count=types.total(),
        left_out=left_out,
        awaiting=awaiting,
        unknown={reason.value: unknown[reason.value] for reason in Unknown},
        total=total.share(),
        by_type=by_type,
        by_school=by_school,
        by_area=by_area if areas else (),
        assumptions=tuple(_assumed(code, count, table) for code, count in sorted(types.items())),
    )


def _shares_of(sums: Mapping[tuple[str, ...], _Sum]) -> tuple[Share, ...]:
    return tuple(sorted((one.share(*key) for key, one in sums.items()), key=_dearest_first))


def _slot_of(group: ItemGroup, table: LifeTable, this_year: int) -> int | Unknown:
    """How many years from now it is; before, or behind the last."""
    if group.condition == Condition.AWAITING_DISPOSAL:
        return 0
    if not group.type:
        return Unknown.NO_TYPE
    life = table.life.get(group.type)
    if life is None:
        return Unknown.NO_LIFE
    if group.year is None:
        return Unknown.NO_YEAR
    return max(_OVERDUE, min(group.year + life.years - this_year, _LATER))


def _due_of(group: ItemGroup, table: LifeTable) -> Due:
    price = table.price.get(group.type)
    if price is not None:
        return Due(count=group.items, cost_vnd=group.items * price.vnd)
    return Due(count=group.items, cost_vnd=group.cost_vnd, unpriced=group.items - group.costed)


def _assumed(code: str, count: int, table: LifeTable) -> Assumption:
    life, price = table.life.get(code), table.price.get(code)
    return Assumption(
        type=code,
        count=count,
        years=life.years if life else None,
        years_source=life.source if life else "",
        years_verified=bool(life and life.verified),
        price_vnd=price.vnd if price else None,
        price_source=price.source if price else "",
        price_verified=bool(price and price.verified),
    )


def _dearest_first(share: Share) -> tuple[int, int, tuple[str, ...]]:
    soon = share.soon
    return -soon.cost_vnd, -soon.count, share.key
