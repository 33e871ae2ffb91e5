"""This file finds the items of all schools that need a person, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement

from controller.department import census
from controller.department.census import Twin
from controller.department.marks_store import ApartMark, with_marks
from controller.department.overview import Department
from controller.department.standing import Overview, SchoolStanding
from controller.inventory.asset import Asset


class Oddity(StrEnum):
    """What is odd about an item.

    moved_between: in the book of one school, seen at another. same_serial: in the books of two
    schools. live_in_two: several schools see one mark at once, so it names no piece. never_seen:
    in a book, and nobody has ever seen it.
    """

    MISSING = "missing"
    MOVED_BETWEEN = "moved_between_schools"
    SAME_SERIAL = "same_serial_in_two_schools"
    LIVE_IN_TWO = "live_in_two_schools"
    NEVER_SEEN = "never_seen"


class Odd(NamedTuple):
    """An item, and all schools in whose lists it stands."""

    asset: Asset
    schools: tuple[str, ...]


OF_STATE: Final = frozenset({Oddity.MISSING, Oddity.NEVER_SEEN})
AT_ONCE: Final = 200  # items or serials that are looked up in one go


def odd_items(
    department: Department,
    overview: Overview,
    what: Oddity,
    *,
    schools: Sequence[str] = (),
    after: Sequence[str] = ("", ""),
    limit: int,
) -> tuple[list[Odd], tuple[str, str] | None]:
    """A page of such items, and behind which the next one begins; None at the end.

    schools: only of these, with who merged into them; none for all.
    """
    codes = {*schools}
    if what in OF_STATE:
        have = _having(overview, what, codes)
        with department.store.view() as db:
            assets = census.in_state(
                db, department.province, have, what.value,
                now_ms=overview.now_ms, after=after, limit=limit + 1, where=_where(overview),
            )  # fmt: skip
        odds = [Odd(asset, (asset.home,)) for asset in assets[:limit]]
        last = odds[-1].asset if odds and len(assets) > limit else None
        return odds, (last.place.school, last.device_id) if last else None
    if what is Oddity.LIVE_IN_TWO:
        marks = [one for one in _apart(overview, codes) if one.mark > after[0]]
        return _living(department, marks, limit, overview.now_ms)
    left = [
        twin for twin in overview.twins if twin.serial_key > after[0] and _is(what, twin, codes)
    ]
    return _shared(department, overview, left, limit)


def count_of(overview: Overview, what: Oddity, schools: Sequence[str] = ()) -> int:
    """How many such items there are; of serials, how many serials."""
    codes = {*schools}
    standings = [school for school in overview.schools if not codes or school.code in codes]
    if what in OF_STATE:
        return sum(_count(standing, what) for standing in standings)
    if what is Oddity.LIVE_IN_TWO:
        return len(_apart(overview, codes))
    return sum(1 for twin in overview.twins if _is(what, twin, codes))


def _count(school: SchoolStanding, what: Oddity) -> int:
    tally = school.tally
    return tally.missing if what is Oddity.MISSING else tally.never_seen


def _where(overview: Overview) -> ColumnElement[bool] | None:
    return overview.chosen.where(overview.now_ms) if overview.chosen else None


def _having(overview: Overview, what: Oddity, codes: set[str]) -> list[str]:
    """The schools that have lines of which it holds; only these are asked."""
    return [
        standing.code
        for standing in overview.schools
        if (not codes or standing.code in codes) and _count(standing, what)
    ]


def _shared(
    department: Department, overview: Overview, left: Sequence[Twin], limit: int
) -> tuple[list[Odd], tuple[str, str] | None]:
    """Whole serials: a page may be longer than its limit by one serial's items."""
    odds: list[Odd] = []
    reached, heirs = "", overview.heirs()
    for start in range(0, len(left), AT_ONCE):
        twins = left[start : start + AT_ONCE]
        with department.store.view() as db:
            by_key = census.with_serials(
                db, department.province, [twin.serial_key for twin in twins], overview.now_ms
            )
        for twin in twins:
            assets = by_key.get(twin.serial_key, [])
            odds += [Odd(asset, twin.schools) for asset in assets if asset.home in heirs]
            reached = twin.serial_key
            if len(odds) >= limit:
                more = twin is not left[-1]
                return odds, (reached, "") if more else None
    return odds, None


def _apart(overview: Overview, codes: set[str]) -> list[ApartMark]:
    """Marks that live in several schools, of these schools; none for all."""
    return [one for one in overview.apart if not codes or not codes.isdisjoint(one.schools)]


def _living(
    department: Department, marks: Sequence[ApartMark], limit: int, now_ms: int
) -> tuple[list[Odd], tuple[str, str] | None]:
    """Whole marks: a page may be longer than its limit by one mark's items."""
    odds: list[Odd] = []
    with department.store.view() as db:
        names = [one.mark for one in marks[: limit + 1]]
        by_mark = with_marks(db, department.province, names, now_ms)
    for place, one in enumerate(marks, 1):
        odds += [Odd(asset, one.schools) for asset in by_mark.get(one.mark, ())]
        if len(odds) >= limit or place == limit:
            return odds, (one.mark, "") if place < len(marks) else None
    return odds, None


def _is(what: Oddity, twin: Twin, codes: set[str]) -> bool:
    is_within = not codes or not codes.isdisjoint(twin.schools)
    if what is Oddity.SAME_SERIAL:
        return is_within and len(twin.listed) > 1
    return is_within and bool(twin.listed) and bool(twin.sighted)
