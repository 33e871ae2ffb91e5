"""Every order, filter and search of the list, held against plain Python on both databases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from controller.database.store import Store
from controller.equipment import store as equipment
from controller.equipment.store import ORDERS, Moment
from controller.equipment.wanted import Record, Wanted, due_of
from controller.forecast.life_table import table_in
from controller.inventory.asset import Asset
from controller.inventory.chosen import Chosen
from controller.register.warranty import choice_of
from tests.controller.equipment.a_province import tell
from tests.controller.web_department import SCOPE, TODAY
from tests.controller.web_school import NOW_MS
from tests.databases import Database

YEAR, FIRST_LATER = 2026, 2037
ALL = Chosen()
Holds = Callable[[Asset, int | None], bool]  # of an item and the year in which it ends


def is_line(asset: Asset) -> bool:
    """Whether it stands in a book."""
    return asset.line is not None


def lasts(asset: Asset) -> bool:
    """Whether the forecast counts it."""
    return is_line(asset) and asset.condition not in {"disposed", "lost"}


def waits(asset: Asset) -> bool:
    """Whether it awaits disposal."""
    return asset.condition == "awaiting_disposal"


def cases(at: Moment) -> Iterator[tuple[Wanted, Holds]]:
    """Each filter by itself, and by hand of what it holds."""
    records: dict[Record, Holds] = {
        Record.BOOK: lambda one, _: is_line(one),
        Record.COMPLETE: lambda one, _: is_line(one) and not one.lacks,
        Record.VERIFIED: lambda one, _: is_line(one) and one.verified,
        Record.MANAGED: lambda one, _: is_line(one) and one.verified and not one.lacks,
        Record.INCOMPLETE: lambda one, _: is_line(one) and bool(one.lacks),
        Record.UNVERIFIED: lambda one, _: is_line(one) and not one.verified,
        Record.UNMANAGED: lambda one, _: is_line(one) and not (one.verified and not one.lacks),
        Record.OUTSIDE: lambda one, _: one.state.value == "unregistered",
    }
    yield from ((Wanted(chosen=ALL, record=record), holds) for record, holds in records.items())
    for state in ("missing", "never_seen", "moved"):
        yield Wanted(chosen=ALL, has=state), _has(state)
    for lack in ("year", "serial", "unique_serial"):
        yield Wanted(chosen=ALL, lacks=lack), _lacks(lack)
        yield Wanted(chosen=ALL, alone=lack), _alone(lack)
    yield (
        Wanted(chosen=ALL, alone="verify"),
        (lambda one, _: is_line(one) and not one.lacks and not one.verified),
    )
    known = at.table.life
    dues: dict[str, Holds] = {
        "all": lambda one, _: lasts(one),
        "overdue": lambda one, end: lasts(one) and (end or YEAR) < YEAR,
        "soon": lambda one, end: lasts(one) and end is not None and end < FIRST_LATER,
        "later": lambda one, end: lasts(one) and end is not None and end >= FIRST_LATER,
        "2027-2030": lambda one, end: lasts(one) and 2027 <= (end or 0) <= 2030,
        "2026": lambda one, end: lasts(one) and end == 2026,
        "unknown": lambda one, end: lasts(one) and end is None,
        "no_type": lambda one, _: lasts(one) and not waits(one) and not one.type,
        "no_life": lambda one, _: lasts(one) and not waits(one) and bool(one.type)
        and one.type not in known,
        "no_year": lambda one, _: lasts(one) and not waits(one) and one.type in known
        and one.year is None,
        "awaiting": lambda one, _: lasts(one) and waits(one),
        "left_out": lambda one, _: is_line(one) and not lasts(one),
        "unpriced": lambda one, end: lasts(one) and end is not None and end < FIRST_LATER
        and one.type not in at.table.price and one.cost_vnd is None,
    }  # fmt: skip
    yield from ((Wanted(chosen=ALL, end=due_of(due)), holds) for due, holds in dues.items())
    for asked, holds in warranties().items():
        yield Wanted(chosen=Chosen(warranty=choice_of(asked, TODAY))), holds
    yield Wanted(chosen=Chosen(text="May CHIẾU")), lambda one, _: one.type == "projector"
    yield Wanted(chosen=Chosen(text="ban do treo")), lambda one, _: "bản đồ" in one.type
    yield Wanted(chosen=Chosen(text="s01x3")), lambda one, _: one.serial == "S01X3"
    yield Wanted(chosen=Chosen(text="100%_")), lambda one, _: "100" in one.device_id
    yield Wanted(chosen=Chosen(type="-")), lambda one, _: not one.type


def warranties() -> dict[str, Holds]:
    """By hand: of a length it is over once the years after the one of its use have passed."""
    years = {str(year): _ends_in(year) for year in (2020, 2026, 2027, 2045)}
    return years | {
        "unknown": lambda one, _: lasts(one) and warranty_year(one) is None,
        "over": lambda one, _: lasts(one) and is_over(one) is True,
        "valid": lambda one, _: lasts(one) and is_over(one) is False,
    }


def _ends_in(year: int) -> Holds:
    return lambda one, _: lasts(one) and warranty_year(one) == year


def warranty_year(asset: Asset) -> int | None:
    """In which it ends at the latest; 0 where there is none, None where nobody knows."""
    if asset.warranty_until:
        return int(asset.warranty_until[:4])
    if asset.warranty_months == 0:
        return 0
    if asset.warranty_months is None or asset.year is None:
        return None
    return asset.year + asset.warranty_months // 12


def is_over(asset: Asset) -> bool | None:
    """Whether it is over on 5 September 2026; lengths of the province are of whole years."""
    if asset.warranty_until:
        return asset.warranty_until == "2026-09-04"
    year = warranty_year(asset)
    return None if year is None else year < YEAR


def _has(state: str) -> Holds:
    return lambda one, _: is_line(one) and state in {one.state.value, *one.also}


def _lacks(lack: str) -> Holds:
    return lambda one, _: is_line(one) and lack in one.lacks


def _alone(lack: str) -> Holds:
    return lambda one, _: is_line(one) and one.verified and one.lacks == (lack,)


def end_of(at: Moment, asset: Asset) -> int | None:
    """By hand: what awaits disposal now; else the year put in use and the type's life."""
    if waits(asset):
        return YEAR
    life = at.table.life.get(asset.type)
    return None if life is None or asset.year is None else asset.year + life.years


def test_filters_and_orders_are_those_of_plain_python(database: Database, tmp_path: Path) -> None:
    """Every filter's sums; every order's pages hold each item once, upwards and downwards."""
    with Store(database.url) as store:
        tell(store, 3)
        at = Moment(NOW_MS, YEAR, table_in(tmp_path))
        with store.view() as db:
            every = list(equipment.all_of(db, SCOPE, Wanted(chosen=ALL), at, sort=""))
            assert len(every) > 60
            for wanted, holds in cases(at):
                expected = [one for one in every if holds(one, end_of(at, one))]
                things = sum(one.quantity for one in expected)
                assert equipment.sums_of(db, SCOPE, wanted, at) == (len(expected), things), wanted
                if wanted == Wanted(chosen=wanted.chosen):
                    assert [one for one in every if wanted.chosen.fits(one)] == expected, wanted
            keys = sorted((one.place.school, one.device_id) for one in every)
            for order in (*ORDERS, *(f"-{name}" for name in ORDERS)):
                found = [
                    one
                    for page in range(1, len(every) // 50 + 2)
                    for one in equipment.page_of(
                        db, SCOPE, Wanted(chosen=ALL), at, sort=order, page=page, rows=50
                    )
                ]
                assert sorted((one.place.school, one.device_id) for one in found) == keys, order
                whole = equipment.all_of(db, SCOPE, Wanted(chosen=ALL), at, sort=order)
                assert [one.device_id for one in whole] == [one.device_id for one in found], order
            ends = [end_of(at, one) for one in found_by(db, at, "-due")]
            told = [end for end in ends if end is not None]
            assert told == sorted(told, reverse=True)
            assert None not in ends[: len(told)]


def found_by(db: object, at: Moment, order: str) -> list[Asset]:
    """All items in an order."""
    wanted = Wanted(chosen=ALL)
    return list(equipment.all_of(db, SCOPE, wanted, at, sort=order))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["2027-", "27", "", "2027-2026-2025", "soon ", "tomorrow"])
def test_nonsense_is_no_time(text: str) -> None:
    """An address that says it is refused."""
    assert due_of(text) is None
