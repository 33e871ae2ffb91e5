"""This file counts the items of all schools, each once, and finds those that need a person.

Every function works in a transaction of the store's: `view` to read, `locked` to write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, case, func, literal, or_, select, tuple_

from controller.database.reading import rows_of
from controller.database.scope import in_province
from controller.department.tally import LONE, ByType, Tally, added
from controller.inventory.asset import Asset
from controller.inventory.contested import names_no_piece
from controller.inventory.counting import IS_LINE, counted, is_managed, is_verified, stands
from controller.inventory.store import as_of, read
from controller.inventory.tables import assets
from controller.reconcile.kpi import Kpi
from controller.reconcile.reconcile import VERIFY
from controller.reconcile.store import kpi_in, note_figure
from controller.reconcile.tables import figures
from controller.sheets.names import serial_key
from protocol.model import Place


class Twin(NamedTuple):
    """A serial that several schools have: which have it in their books, and which only see it."""

    serial_key: str
    listed: tuple[str, ...]
    sighted: tuple[str, ...]

    @property
    def schools(self) -> tuple[str, ...]:
        """All that have it."""
        return tuple(sorted({*self.listed, *self.sighted}))


def tallies_of(
    db: Connection, province: str, now_ms: int, where: ColumnElement[bool] | None = None
) -> dict[str, ByType]:
    """What of each school's list counts at a moment, by school and type, in one pass over all.

    where: of these items alone.
    """
    return _tallied(db, province, _narrowed(where), assets.c.school, now_ms)


def figures_now(db: Connection, province: str, now_ms: int) -> dict[str, Kpi]:
    """Each school's figure at a moment, of all that counts for it."""
    tallies = _tallied(db, province, counted(), assets.c.counted_for, now_ms)
    return {school: added(tally.values()).kpi for school, tally in tallies.items()}


def doubles_of(db: Connection, province: str, now_ms: int) -> dict[str, ByType]:
    """What stands in lists of schools that merged and is not counted, as another of them has it.

    By the school that it would count for, and type.
    """
    again = assets.c.removed_ms.is_(None) & ~assets.c.counted
    moved = select(assets.c.counted_for).where(
        in_province(assets, province), assets.c.counted_for != assets.c.school
    )
    homes = {*db.execute(moved.distinct()).scalars()}
    doubles = _tallied(db, province, again, assets.c.counted_for, now_ms)
    return {school: tally for school, tally in doubles.items() if school in homes}


def twins_of(db: Connection, province: str, where: ColumnElement[bool] | None = None) -> list[Twin]:
    """The serials that stand in the lists of more than one school, by serial.

    where: such that one of the items is among these.
    """
    is_own = ~names_no_piece(assets, province)
    has_serial = (assets.c.serial_key != "") & counted() & or_(IS_LINE, assets.c.owned) & is_own
    home = assets.c.counted_for
    shared = (
        select(assets.c.serial_key)
        .where(in_province(assets, province), has_serial)
        .group_by(assets.c.serial_key)
        .having(func.min(home) != func.max(home))
    )
    if where is not None:
        some = select(assets.c.serial_key).where(in_province(assets, province), has_serial, where)
        shared = shared.where(assets.c.serial_key.in_(some))
    query = select(assets.c.serial_key, home, IS_LINE).where(
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


def in_state(
    db: Connection,
    province: str,
    schools: Collection[str],
    state: str,
    *,
    now_ms: int,
    after: Sequence[str],
    limit: int,
    where: ColumnElement[bool] | None = None,
) -> list[Asset]:
    """Lines of which the state holds, that count for these schools, by list and id."""
    key = (assets.c.school, assets.c.device_id)
    query = select(assets).where(
        in_province(assets, province),
        assets.c.counted_for.in_(sorted(schools)),
        tuple_(*key) > tuple_(*map(literal, after)),
        _narrowed(where),
        stands(state, now_ms),
    )
    return as_of(read(db, query.order_by(*key).limit(limit)), now_ms)


def with_serials(
    db: Connection, province: str, keys: Sequence[str], now_ms: int
) -> dict[str, list[Asset]]:
    """What counts with these serials, by the serial's key, each key's by school."""
    query = select(assets).where(
        in_province(assets, province),
        assets.c.serial_key.in_(keys),
        counted(),
        IS_LINE | assets.c.owned,
    )
    by_key = defaultdict[str, list[Asset]](list)
    ordered = query.order_by(assets.c.serial_key, assets.c.school, assets.c.device_id)
    for item in as_of(read(db, ordered), now_ms):
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


def _narrowed(where: ColumnElement[bool] | None) -> ColumnElement[bool]:
    return counted() if where is None else counted() & where


def _tallied(
    db: Connection,
    province: str,
    where: ColumnElement[bool],
    school: ColumnElement[str],
    now_ms: int,
) -> dict[str, ByType]:
    terms = _counted_as(now_ms)
    sums = [_sum(name, terms[name]) for name in Tally._fields]
    query = (
        select(school, assets.c.type, *sums)
        .where(in_province(assets, province), where)
        .group_by(school, assets.c.type)
    )
    by_school = defaultdict[str, dict[str, Tally]](dict)
    for code, kind, *numbers in db.execute(query):
        by_school[code][kind] = Tally(*map(int, numbers))
    return {code: dict(sorted(by_school[code].items())) for code in sorted(by_school)}


def _sum(name: str, where: ColumnElement[bool]) -> ColumnElement[int]:
    """How many things, each line as its quantity says; of what needs a person, how many lines."""
    each = 1 if name in _CASES else assets.c.quantity
    return func.sum(case((where, each), else_=0)).label(name)


_CASES: Final = frozenset({"missing", "never_seen", "moved", "unregistered"})
_LACKS: Final = ("asset_tag", "type", "room", "year", "serial", "unique_serial")


def _counted_as(now_ms: int) -> Mapping[str, ColumnElement[bool]]:
    """What each number of a Tally counts at a moment."""
    verified = IS_LINE & is_verified(now_ms)
    return {
        "items": or_(IS_LINE, assets.c.owned),
        "declared": IS_LINE,
        "complete": IS_LINE & assets.c.complete,
        "verified": verified,
        "managed": is_managed(now_ms),
        **{state: stands(state, now_ms) for state in ("missing", "never_seen", "moved")},
        "unregistered": assets.c.state == "unregistered",
        **{f"{LONE}{lack}": verified & (assets.c.lacks == f'["{lack}"]') for lack in _LACKS},
        f"{LONE}{VERIFY}": IS_LINE & assets.c.complete & ~is_verified(now_ms),
    }
