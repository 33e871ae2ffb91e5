"""This file finds the items of all schools that need a person, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from controller.department import census
from controller.department.census import Twin
from controller.department.overview import Department
from controller.department.standing import Overview, Standing
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
    told: Overview,
    what: Oddity,
    *,
    schools: Sequence[str] = (),
    after: Sequence[str] = ("", ""),
    limit: int,
) -> tuple[list[Odd], tuple[str, str] | None]:
    """A page of such items, and behind which the next one begins; None at the end.

    schools: only of these, with who merged into them; none for all.
    """
    wanted = {*schools}
    if what in _OF_STATE:
        found = list(islice(_of_state(department, told, what, wanted, after), limit + 1))
        some = [Odd(each, (each.place.school,)) for each in found[:limit]]
        last = some[-1].asset if some and len(found) > limit else None
        return some, (last.place.school, last.device_id) if last else None
    left = [each for each in told.twins if each.serial_key > after[0] and _is(what, each, wanted)]
    return _shared(department, left, limit)


def count_of(told: Overview, what: Oddity, schools: Sequence[str] = ()) -> int:
    """How many such items there are; of serials, how many serials."""
    wanted = {*schools}
    mine = [each for each in told.schools if not wanted or each.code in wanted]
    if what in _OF_STATE:
        return sum(_count(each, what) for each in mine)
    return sum(1 for each in told.twins if _is(what, each, wanted))


def _count(school: Standing, what: Oddity) -> int:
    tally = school.tally
    return tally.missing if what is Oddity.MISSING else tally.never_seen


def _of_state(
    department: Department, told: Overview, what: Oddity, wanted: set[str], after: Sequence[str]
) -> Iterator[Asset]:
    """The lines of which it holds, school by school; only schools that have some are asked."""
    have = [
        member
        for each in told.schools
        if (not wanted or each.code in wanted) and _count(each, what)
        for member in each.members
    ]
    for code in sorted(each for each in have if each >= after[0]):
        school = Place(department.province, code)
        behind = after[1] if code == after[0] else ""
        while True:
            with department.store.view() as db:
                found = census.in_state(db, school, what.value, after=behind, limit=AT_ONCE)
            yield from (each for each in found if (code, each.device_id) not in told.doubles)
            if len(found) < AT_ONCE:
                break
            behind = found[-1].device_id


def _shared(
    department: Department, left: Sequence[Twin], limit: int
) -> tuple[list[Odd], tuple[str, str] | None]:
    """Whole serials: a page may be longer than its limit by one serial's items."""
    found: list[Odd] = []
    reached = ""
    for start in range(0, len(left), AT_ONCE):
        some = left[start : start + AT_ONCE]
        with department.store.view() as db:
            by_key = census.with_serials(
                db, department.province, [each.serial_key for each in some]
            )
        for twin in some:
            schools = tuple(sorted({*twin.listed, *twin.seen}))
            found += [Odd(each, schools) for each in by_key.get(twin.serial_key, [])]
            reached = twin.serial_key
            if len(found) >= limit:
                more = twin is not left[-1]
                return found, (reached, "") if more else None
    return found, None


def _is(what: Oddity, twin: Twin, wanted: set[str]) -> bool:
    mine = not wanted or bool(wanted & {*twin.listed, *twin.seen})
    if what is Oddity.SAME_SERIAL:
        return mine and len(twin.listed) > 1
    return mine and bool(twin.listed) and bool(twin.seen)
