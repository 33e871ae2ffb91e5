"""This file finds the items that a list is asked for, a page at a time, in any order.

Every function works in a transaction of the store's: `view` to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    func,
    literal,
    not_,
    or_,
    select,
)

from controller.areas.tables import school_facts
from controller.database.scope import counted_in
from controller.department.tables import schools
from controller.equipment.wanted import Due, DueKind, Record, Wanted
from controller.forecast.forecast import LEFT, YEARS
from controller.forecast.life_table import LifeTable
from controller.inventory.asset import Asset, AssetState
from controller.inventory.counting import (
    IS_LINE,
    counted,
    is_managed,
    is_missing,
    is_verified,
    stands,
)
from controller.inventory.store import ASSETS, as_of, read
from controller.inventory.tables import assets
from controller.reconcile.reconcile import VERIFY
from controller.register.vocabulary import TYPE_WORDS, Condition
from controller.sheets.text import searchable
from protocol.model import Place
from protocol.words import translator

_SOME: Final = 1000  # rows that are read in one go
_ITEM: Final = assets.c
_VIETNAMESE: Final = translator("vi")
_STATES: Final = {state.value: place for place, state in enumerate(AssetState)}


class Moment(NamedTuple):
    """As of when items are looked at: the clock, the year, and the tables of useful lives."""

    now_ms: int
    year: int
    table: LifeTable


class Sums(NamedTuple):
    """How many lines and devices a list has, and how many things these are."""

    lines: int
    things: int


def sums_of(db: Connection, scope: Place, wanted: Wanted, at: Moment) -> Sums:
    """How much of all that counts within the scope is wanted."""
    things = func.coalesce(func.sum(_ITEM.quantity), 0)
    query = select(func.count(), things).where(counted_in(assets, scope), *_where(wanted, at))
    return Sums(*map(int, db.execute(query.select_from(assets)).one()))


def page_of(
    db: Connection, scope: Place, wanted: Wanted, at: Moment, *, sort: str, page: int, rows: int
) -> list[Asset]:
    """A page of them, as they stand at that moment. sort: of ORDERS, behind a minus downwards."""
    query = _ordered(select(assets).where(counted_in(assets, scope), *_where(wanted, at)), sort, at)
    return as_of(read(db, query.offset((page - 1) * rows).limit(rows)), at.now_ms)


def all_of(
    db: Connection, scope: Place, wanted: Wanted, at: Moment, *, sort: str
) -> Iterator[Asset]:
    """All of them in that order, read as they are taken."""
    query = _ordered(select(assets).where(counted_in(assets, scope), *_where(wanted, at)), sort, at)
    rows = db.execute(query.execution_options(yield_per=_SOME)).mappings()
    for row in rows:
        yield ASSETS.record(cast("Mapping[str, Any]", row)).as_of(at.now_ms)


def told_of(db: Connection, scope: Place, school: str, item: str, now_ms: int) -> Asset | None:
    """The item that stands under this id in the list of the school, also one that has left it."""
    query = select(assets).where(
        counted_in(assets, scope), _ITEM.school == school, _ITEM.device_id == item
    )
    return next(iter(as_of(read(db, query), now_ms)), None)


def alike(db: Connection, scope: Place, asset: Asset, key: str, at: Moment) -> list[Asset]:
    """The other items that count and bear its serial. key: as serials are compared."""
    if not key:
        return []
    query = select(assets).where(
        counted_in(assets, scope), _ITEM.serial_key == key, counted(), or_(IS_LINE, _ITEM.owned)
    )
    found = as_of(read(db, query.order_by(_ITEM.school, _ITEM.device_id)), at.now_ms)
    own = asset.place.school, asset.device_id
    return [other for other in found if (other.place.school, other.device_id) != own]


def due_year(at: Moment) -> ColumnElement[Any]:
    """In which year a line reaches its end; nothing where nobody can say."""
    lives = {type_: life.years for type_, life in at.table.life.items()}
    years = case(lives, value=_ITEM.type, else_=None) if lives else literal(None)
    waits = _ITEM.condition == Condition.AWAITING_DISPOSAL.value
    return case((waits, at.year), else_=_ITEM.year + years)


def _where(wanted: Wanted, at: Moment) -> list[ColumnElement[bool]]:
    terms = [wanted.chosen.where(at.now_ms)]
    if wanted.lists is not None:
        terms.append(_ITEM.school.in_(sorted(wanted.lists)))
    if wanted.has:
        terms.append(stands(wanted.has, at.now_ms))
    if wanted.record:
        terms.append(_has_record(wanted.record, at.now_ms))
    if wanted.alone:
        terms.append(_lacks_alone(wanted.alone, at.now_ms))
    if wanted.lacks:
        terms.append(IS_LINE & _ITEM.lacks.contains(f'"{wanted.lacks}"', autoescape=True))
    if wanted.end:
        terms.append(_is_due(wanted.end, at))
    return terms


def _has_record(record: Record, now_ms: int) -> ColumnElement[bool]:
    holds: Mapping[Record, ColumnElement[bool]] = {
        Record.BOOK: IS_LINE,
        Record.COMPLETE: IS_LINE & _ITEM.complete,
        Record.VERIFIED: IS_LINE & is_verified(now_ms),
        Record.MANAGED: is_managed(now_ms),
        Record.INCOMPLETE: IS_LINE & ~_ITEM.complete,
        Record.UNVERIFIED: IS_LINE & not_(is_verified(now_ms)),
        Record.UNMANAGED: IS_LINE & not_(is_managed(now_ms)),
        Record.OUTSIDE: _ITEM.state == AssetState.UNREGISTERED.value,
    }
    return holds[record]


def _lacks_alone(lack: str, now_ms: int) -> ColumnElement[bool]:
    """Whether it would be managed but for this, as the figure's advice counts it."""
    if lack == VERIFY:
        return IS_LINE & _ITEM.complete & not_(is_verified(now_ms))
    return and_(IS_LINE, is_verified(now_ms), _ITEM.lacks == f'["{lack}"]')


def _is_due(due: Due, at: Moment) -> ColumnElement[bool]:
    """As forecast.py has it, in SQL."""
    is_left = IS_LINE & _ITEM.condition.in_(sorted(LEFT))
    in_use = IS_LINE & _ITEM.condition.not_in(sorted(LEFT))
    year = due_year(at)
    if due.kind is None:
        return in_use & year.between(due.first, due.last)
    waits = _ITEM.condition == Condition.AWAITING_DISPOSAL.value
    has_life = _ITEM.type.in_(sorted(at.table.life))
    soon = year < at.year + YEARS
    unpriced = _ITEM.type.not_in(sorted(at.table.price)) & _ITEM.cost_vnd.is_(None)
    holds: Mapping[DueKind, ColumnElement[bool]] = {
        DueKind.ALL: in_use,
        DueKind.OVERDUE: in_use & (year < at.year),
        DueKind.SOON: in_use & soon,
        DueKind.LATER: in_use & (year >= at.year + YEARS),
        DueKind.UNKNOWN: in_use & year.is_(None),
        DueKind.NO_TYPE: in_use & ~waits & (_ITEM.type == ""),
        DueKind.NO_LIFE: in_use & ~waits & (_ITEM.type != "") & not_(has_life),
        DueKind.NO_YEAR: in_use & ~waits & has_life & _ITEM.year.is_(None),
        DueKind.AWAITING: in_use & waits,
        DueKind.LEFT_OUT: is_left,
        DueKind.UNPRICED: in_use & soon & unpriced,
    }
    return holds[due.kind]


def _ordered(query: Select[Any], sort: str, at: Moment) -> Select[Any]:
    key = (_ITEM.counted_for, _ITEM.school, _ITEM.device_id)
    name = sort.removeprefix("-")
    if name not in ORDERS:
        return query.order_by(*key)
    if name == "school":
        query = query.outerjoin(
            school_facts,
            (school_facts.c.province == _ITEM.province)
            & (school_facts.c.school == _ITEM.counted_for),
        ).outerjoin(
            schools,
            (schools.c.province == _ITEM.province) & (schools.c.school == _ITEM.counted_for),
        )
    by, is_text = _order(name, at)
    empty = (by == "") if is_text else by.is_(None)
    return query.order_by(empty, by.desc() if sort.startswith("-") else by, *key)


ORDERS: Final = (
    *("item", "school", "code", "tag", "maker", "model", "serial", "room", "state", "condition"),
    *("year", "quantity", "seen", "cost", "due", "warranty"),
)


def _order(name: str, at: Moment) -> tuple[ColumnElement[Any], bool]:
    """By what a column is sorted, and whether that is text."""
    words = {code: searchable(_VIETNAMESE(word)) for code, word in TYPE_WORDS.items()}
    texts: Mapping[str, ColumnElement[Any]] = {
        "item": case(words, value=_ITEM.type, else_=_ITEM.type),
        "school": func.coalesce(
            func.nullif(school_facts.c.name, ""), func.nullif(schools.c.name, ""), _ITEM.counted_for
        ),
        "code": _ITEM.counted_for,
        "tag": _ITEM.asset_tag,
        "warranty": _ITEM.warranty_end,
        **{name: _ITEM[name] for name in ("maker", "model", "serial", "room", "condition")},
    }
    if name in texts:
        return texts[name], True
    told = case(_STATES, value=_ITEM.state)
    state = case((is_missing(at.now_ms), _STATES["missing"]), else_=told)
    numbers: Mapping[str, ColumnElement[Any]] = {
        "state": state,
        "year": _ITEM.year,
        "quantity": _ITEM.quantity,
        "seen": func.nullif(_ITEM.seen_ms, 0),
        "cost": _ITEM.cost_vnd,
        "due": due_year(at),
    }
    return numbers[name], False
