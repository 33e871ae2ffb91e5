"""This file counts the items of all schools, each once, and finds those that need a person.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    case,
    false,
    func,
    or_,
    select,
    true,
)

from controller.database.reading import rows_of
from controller.database.scope import in_province, of
from controller.department.tally import LONE, ByType, Tally
from controller.inventory.asset import Asset
from controller.inventory.store import read
from controller.inventory.tables import assets
from controller.reconcile.kpi import Kpi
from controller.reconcile.reconcile import VERIFY
from controller.reconcile.store import kpi_in, note_figure
from controller.reconcile.tables import figures
from controller.sheets.names import serial_key
from protocol.model import Place

_SOME: Final = 500  # values a statement names


class Twin(NamedTuple):
    """A serial that several schools have: which have it in their books, and which only see it."""

    serial_key: str
    listed: tuple[str, ...]
    sighted: tuple[str, ...]

    @property
    def schools(self) -> tuple[str, ...]:
        """All that have it."""
        return tuple(sorted({*self.listed, *self.sighted}))


def tallies_of(db: Connection, province: str) -> dict[str, ByType]:
    """What each school's list holds, by school and type, in one pass over all items."""
    return _tallied(db, province, true())


def doubles_of(
    db: Connection, province: str, members: Sequence[str]
) -> tuple[dict[str, ByType], set[tuple[str, str]]]:
    """What of these schools' lists is not counted, because another of them has the same item.

    members: the school that counts, then those that merged into it. Gives sums by school and
    type, and the items by school and id. The rule stands in docs/decisions/0022.
    """
    sums: dict[str, ByType] = {}
    items: set[tuple[str, str]] = set()
    for place, school in enumerate(members):
        rest = [member for member in members if member != school]
        again = (assets.c.school == school) & doubled(province, members[:place], rest)
        query = select(assets.c.school, assets.c.device_id).where(
            in_province(assets, province), assets.c.removed_ms.is_(None), again
        )
        doubles = {(code, device) for code, device in db.execute(query)}
        if doubles:
            items |= doubles
            sums |= _tallied(db, province, again)
    return sums, items


def doubled(province: str, before: Sequence[str], rest: Sequence[str]) -> ColumnElement[bool]:
    """Whether an item is one that is counted for another school of those that merged.

    before: the schools whose items win over this one's; rest: all but this one. A line wins
    over what is only seen.
    """
    return or_(
        assets.c.line.is_not(None) & _again(province, before, listed=True),
        assets.c.line.is_(None) & _again(province, rest, listed=True),
        assets.c.line.is_(None) & _again(province, before, listed=False),
    )


def twins_of(db: Connection, province: str) -> list[Twin]:
    """The serials that stand in the lists of more than one school, by serial."""
    has_serial = (
        (assets.c.serial_key != "")
        & assets.c.removed_ms.is_(None)
        & (assets.c.line.is_not(None) | assets.c.owned)
    )
    shared = (
        select(assets.c.serial_key)
        .where(in_province(assets, province), has_serial)
        .group_by(assets.c.serial_key)
        .having(func.min(assets.c.school) != func.max(assets.c.school))
    )
    query = select(assets.c.serial_key, assets.c.school, assets.c.line.is_not(None)).where(
        in_province(assets, province), has_serial, assets.c.serial_key.in_(shared)
    )
    by_key = defaultdict[str, dict[str, bool]](dict)
    for key, school, listed in db.execute(query):
        by_key[key][school] = by_key[key].get(school, False) or bool(listed)
    return [
        Twin(
            key,
            tuple(sorted(school for school, listed in by_key[key].items() if listed)),
            tuple(sorted(school for school, listed in by_key[key].items() if not listed)),
        )
        for key in sorted(by_key)
    ]


def in_state(db: Connection, school: Place, state: str, *, after: str, limit: int) -> list[Asset]:
    """Lines of a school of which the state holds, by id, those behind `after`."""
    query = select(assets).where(
        of(assets, school),
        assets.c.device_id > after,
        assets.c.removed_ms.is_(None),
        _stands(state),
    )
    return read(db, query.order_by(assets.c.device_id).limit(limit))


def with_serials(db: Connection, province: str, keys: Sequence[str]) -> dict[str, list[Asset]]:
    """Items with these serials, by the serial's key, each key's by school."""
    query = select(assets).where(
        in_province(assets, province),
        assets.c.serial_key.in_(keys),
        assets.c.removed_ms.is_(None),
        assets.c.line.is_not(None) | assets.c.owned,
    )
    by_key = defaultdict[str, list[Asset]](list)
    for item in read(db, query.order_by(assets.c.serial_key, assets.c.school, assets.c.device_id)):
        by_key[serial_key(item.serial)].append(item)
    return dict(by_key)


def note_rest(db: Connection, province: str, day: str, rest: Mapping[str, Kpi]) -> None:
    """Keep what schools that have merged add on a local day, where it is another than before."""
    before = figures_until(db, province, day)
    for school, kpi in rest.items():
        if before.get(school) != kpi:
            note_figure(db, Place(province, school), day, kpi)


def figures_until(db: Connection, province: str, day: str) -> dict[str, Kpi]:
    """Each school's newest figure of that day or before."""
    newest = (
        select(figures.c.school, func.max(figures.c.day).label("day"))
        .where(in_province(figures, province), figures.c.day <= day)
        .group_by(figures.c.school)
        .subquery()
    )
    both = (figures.c.school == newest.c.school) & (figures.c.day == newest.c.day)
    query = select(figures).join(newest, both).where(in_province(figures, province))
    return {row["school"]: kpi_in(row) for row in rows_of(db, query)}


def _again(province: str, among: Iterable[str], *, listed: bool) -> ColumnElement[bool]:
    """Whether one of these schools has the same item: the same serial, or tag and type.

    A tag is a school's own numbering: the same tag on another type, or beside another serial,
    is another item.
    """
    if not (codes := sorted(among)):
        return false()
    other = assets.alias()
    theirs = (
        other.c.school.in_(codes)
        & other.c.removed_ms.is_(None)
        & (other.c.line.is_not(None) if listed else other.c.line.is_(None) & other.c.owned)
    )
    serial = and_(assets.c.serial_key != "", other.c.serial_key == assets.c.serial_key)
    tag = and_(
        assets.c.tag_key != "",
        other.c.tag_key == assets.c.tag_key,
        other.c.type == assets.c.type,
        or_(
            assets.c.serial_key == "",
            other.c.serial_key == "",
            assets.c.serial_key == other.c.serial_key,
        ),
    )
    return or_(
        *(
            select(1).where(in_province(other, province), theirs, same).exists()
            for same in (serial, tag)
        )
    )


def _tallied(db: Connection, province: str, where: ColumnElement[bool]) -> dict[str, ByType]:
    sums = [_sum(name).label(name) for name in Tally._fields]
    query = (
        select(assets.c.school, assets.c.type, *sums)
        .where(in_province(assets, province), where, assets.c.removed_ms.is_(None))
        .group_by(assets.c.school, assets.c.type)
    )
    by_school = defaultdict[str, dict[str, Tally]](dict)
    for school, kind, *numbers in db.execute(query):
        by_school[school][kind] = Tally(*map(int, numbers))
    return {school: dict(sorted(by_school[school].items())) for school in sorted(by_school)}


def _sum(name: str) -> ColumnElement[int]:
    """How many things, each line as its quantity says; of what needs a person, how many lines."""
    each = 1 if name in _CASES else assets.c.quantity
    return func.sum(case((_COUNTED[name], each), else_=0))


def _stands(state: str) -> ColumnElement[bool]:
    """Lines of which this state holds, be it their first or another."""
    also = (assets.c.also != "[]") & assets.c.also.contains(f'"{state}"')
    return _LINE & or_(assets.c.state == state, also)


_CASES: Final = frozenset({"missing", "never_seen", "moved", "unregistered"})
_LINE: Final = assets.c.line.is_not(None)
_COUNTED: Final[Mapping[str, ColumnElement[bool]]] = {
    "items": or_(_LINE, assets.c.owned),
    "declared": _LINE,
    "complete": _LINE & assets.c.complete,
    "verified": _LINE & assets.c.verified,
    "managed": _LINE & assets.c.complete & assets.c.verified,
    "missing": _stands("missing"),
    "never_seen": _stands("never_seen"),
    "moved": _stands("moved"),
    "unregistered": assets.c.state == "unregistered",
    **{
        f"{LONE}{lack}": _LINE & assets.c.verified & (assets.c.lacks == f'["{lack}"]')
        for lack in ("asset_tag", "type", "room", "year", "serial", "unique_serial")
    },
    f"{LONE}{VERIFY}": _LINE & assets.c.complete & ~assets.c.verified,
}
