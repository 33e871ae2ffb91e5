"""This file finds the items of all schools that need a person, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from controller.department import census
from controller.department.census import Twin
from controller.department.overview import Department
from controller.department.standing import Overview, SchoolStanding
from controller.inventory.asset import Asset
from protocol.model import Place


class Oddity(StrEnum):
    """What is odd about an item.

    moved_between: in the book of one school, seen at another. same_serial: in the books of two
    schools. never_seen: in a book, and nobody has ever seen it.
    """

    MISSING = "missing"
    MOVED_BETWEEN = "moved_between_schools"
    SAME_SERIAL = "same_serial_in_two_schools"
    NEVER_SEEN = "never_seen"


class Odd(NamedTuple):
    """An item, and all schools in whose lists it stands."""

    asset: Asset
    schools: tuple[str, ...]


_OF_STATE: Final = frozenset({Oddity.MISSING, Oddity.NEVER_SEEN})
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
    if what in _OF_STATE:
        assets = list(islice(_of_state(department, overview, what, codes, after), limit + 1))
        odds = [Odd(asset, (asset.place.school,)) for asset in assets[:limit]]
        last = odds[-1].asset if odds and len(assets) > limit else None
        return odds, (last.place.school, last.device_id) if last else None
    left = [
        twin for twin in overview.twins if twin.serial_key > after[0] and _is(what, twin, codes)
    ]
    return _shared(department, overview, left, limit)


def count_of(overview: Overview, what: Oddity, schools: Sequence[str] = ()) -> int:
    """How many such items there are; of serials, how many serials."""
    codes = {*schools}
    standings = [school for school in overview.schools if not codes or school.code in codes]
    if what in _OF_STATE:
        return sum(_count(standing, what) for standing in standings)
    return sum(1 for twin in overview.twins if _is(what, twin, codes))


def _count(school: SchoolStanding, what: Oddity) -> int:
    tally = school.tally
    return tally.missing if what is Oddity.MISSING else tally.never_seen


def _of_state(
    department: Department, overview: Overview, what: Oddity, codes: set[str], after: Sequence[str]
) -> Iterator[Asset]:
    """The lines of which it holds, school by school; only schools that have some are asked."""
    have = [
        member
        for standing in overview.schools
        if (not codes or standing.code in codes) and _count(standing, what)
        for member in standing.members
    ]
    for code in sorted(member for member in have if member >= after[0]):
        school = Place(department.province, code)
        behind = after[1] if code == after[0] else ""
        while True:
            with department.store.view() as db:
                assets = census.in_state(db, school, what.value, after=behind, limit=AT_ONCE)
            yield from (
                asset for asset in assets if (code, asset.device_id) not in overview.doubles
            )
            if len(assets) < AT_ONCE:
                break
            behind = assets[-1].device_id


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
                db, department.province, [twin.serial_key for twin in twins]
            )
        for twin in twins:
            assets = by_key.get(twin.serial_key, [])
            odds += [Odd(asset, twin.schools) for asset in assets if asset.place.school in heirs]
            reached = twin.serial_key
            if len(odds) >= limit:
                more = twin is not left[-1]
                return odds, (reached, "") if more else None
    return odds, None


def _is(what: Oddity, twin: Twin, codes: set[str]) -> bool:
    is_within = not codes or not codes.isdisjoint(twin.schools)
    if what is Oddity.SAME_SERIAL:
        return is_within and len(twin.listed) > 1
    return is_within and bool(twin.listed) and bool(twin.sighted)
