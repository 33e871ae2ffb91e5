"""This file is the one rule of counting: for which school an item counts, and how it stands now.

Every reader of items goes by it: pages, figures, exports, the feed, forecast and use. For which
school an item counts stands in its row (`counted_for`), settled whenever areas, a day or a list
of those that merged change; how it stands follows from when it was seen and from the moment that
is asked about, so that nothing stays verified for ever. The rule stands in docs/decisions/0106.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    false,
    func,
    or_,
    select,
    update,
)

from controller.areas.store import atlas_of, facts_of
from controller.database.engine import one_numbers
from controller.database.facts import fact_of, set_fact
from controller.database.plan_version import version_of
from controller.database.scope import everywhere, in_province, of
from controller.inventory.asset import GROWS_MISSING, AssetState
from controller.inventory.contested import names_no_piece
from controller.inventory.tables import assets
from controller.reconcile.reconcile import VERIFIED_MS
from protocol.model import Place

IS_LINE: Final = assets.c.line.is_not(None)
_GROWS: Final = sorted(state.value for state in GROWS_MISSING)
ItemKey = tuple[str, str]  # school and id


class Home(NamedTuple):
    """Whose item it is, and whether it counts there: not where it stands in another list, too."""

    school: str
    counted: bool


def counted() -> ColumnElement[bool]:
    """Whether an item is there, and counts for a school."""
    return and_(assets.c.removed_ms.is_(None), assets.c.counted)


def is_verified(now_ms: int) -> ColumnElement[bool]:
    """Whether a line was seen whole within a year."""
    return and_(assets.c.verified_ms > 0, assets.c.verified_ms >= now_ms - VERIFIED_MS)


def is_missing(now_ms: int) -> ColumnElement[bool]:
    """Whether a line is missing."""
    return and_(IS_LINE, assets.c.missing_ms > 0, assets.c.missing_ms <= now_ms)


def is_managed(now_ms: int) -> ColumnElement[bool]:
    """Whether a line is managed by digital record."""
    return and_(IS_LINE, assets.c.complete, is_verified(now_ms))


def has_first(state: str, now_ms: int) -> ColumnElement[bool]:
    """Whether this is the item's state, the most pressing one."""
    grown = assets.c.state.in_(_GROWS) & is_missing(now_ms)
    if state == AssetState.MISSING:
        return or_(assets.c.state == state, grown)
    return (assets.c.state == state) & ~grown


def stands(state: str, now_ms: int) -> ColumnElement[bool]:
    """Whether it is a line of which the state holds, be it the first or another."""
    if state == AssetState.MISSING:
        return is_missing(now_ms)
    also = (assets.c.also != "[]") & assets.c.also.contains(f'"{state}"')
    return IS_LINE & or_(assets.c.state == state, also)


def until_ms(db: Connection, province: str, now_ms: int) -> int | None:
    """Until when everything stands as it does now while nobody tells anything; None for ever."""
    year = func.min(case((is_verified(now_ms), assets.c.verified_ms)))
    missing = func.min(case((assets.c.missing_ms > now_ms, assets.c.missing_ms)))
    query = select(year, missing).where(in_province(assets, province), counted(), IS_LINE)
    verified_ms, missing_ms = db.execute(query).one()
    ends = [verified_ms and verified_ms + VERIFIED_MS, missing_ms and missing_ms - 1]
    return min((int(end) for end in ends if end), default=None)


def settle(
    db: Connection, own: Place, day: str, among: Collection[str] | None = None
) -> list[ItemKey]:
    """Bring up for which school each item counts on a day; returns those that became others.

    own: the controller's place: where it hears of schools it is one only if it is listed as such.
    among: only what lists of these schools may have changed. A change of it is one of the feed's.
    """
    province = own.province
    if among is None:
        set_fact(db, _settled(province), day)
    atlas = atlas_of(db, province)
    listed = listed_schools(db, province)
    closed = {code for code in listed if not atlas.heir_of(code, day)}
    is_office = own.school in listed and _is_above(db, own)
    if is_office and own.school not in facts_of(db, province):
        closed.add(own.school)
    groups = atlas.members_of(listed - closed, day).values()
    homes: dict[ItemKey, Home] = {}
    for members in groups:
        if len(members) > 1 and (among is None or not {*among}.isdisjoint(members)):
            homes |= _homes_of(db, province, members)
    lone = [members[0] for members in groups if len(members) == 1] if among is None else []
    homes |= _strayed(db, province, lone, is_counted=True)
    shut = sorted(closed if among is None else closed.intersection(among))
    homes |= _strayed(db, province, shut, is_counted=False)
    return _put(db, province, homes)


def settle_due(db: Connection, own: Place, day: str) -> None:
    """The same where people, the day or a first list of others may have changed what counts.

    Each batch settles its own lists; to look at all items while nobody else can store takes long.
    """
    name = _settled_by(own.province)
    mark = f"{day}/{version_of(db, own)}/{_is_above(db, own)}"
    if fact_of(db, name) != mark:
        settle(db, own, day)
        set_fact(db, name, mark)


def settle_anew(db: Connection, province: str) -> None:
    """Have all lists looked at when that is done next: a serial names no piece any more."""
    set_fact(db, _settled_by(province), "")


def settle_lists(db: Connection, province: str, schools: Collection[str]) -> None:
    """The same after lists of these schools changed, as of the day that was settled last."""
    if day := fact_of(db, _settled(province)):
        settle(db, Place(province), day, among=schools)


def renumber(db: Connection, province: str, where: ColumnElement[bool]) -> int:
    """Give items that are there a new number each in the feed; returns how many."""
    query = select(assets.c.school, assets.c.device_id).where(
        in_province(assets, province), assets.c.removed_ms.is_(None), where
    )
    keys = [(school, device_id) for school, device_id in db.execute(query)]
    _number(db, province, [{"school_": school, "item_": item} for school, item in keys])
    return len(keys)


def aged(db: Connection, province: str, now_ms: int) -> list[ItemKey]:
    """What grew old since the feed was told of it: verified or missing by time alone.

    It reads all items, so it is asked before anybody is kept waiting.
    """
    since_ms = _aged_ms(db, province, now_ms)
    year = assets.c.verified_ms
    unverified = (year >= since_ms - VERIFIED_MS) & (year < now_ms - VERIFIED_MS) & (year > 0)
    missing = (assets.c.missing_ms > since_ms) & (assets.c.missing_ms <= now_ms)
    query = select(assets.c.school, assets.c.device_id).where(
        in_province(assets, province),
        assets.c.removed_ms.is_(None),
        IS_LINE,
        or_(unverified, missing),
    )
    return [(school, item) for school, item in db.execute(query)] if since_ms < now_ms else []


def renumber_aged(
    db: Connection, province: str, now_ms: int, keys: Iterable[ItemKey] | None = None
) -> int:
    """Tell the feed of what grew old; returns how many. keys: found before, else looked for now.

    What was told anew since it was found is told once more.
    """
    found = sorted(aged(db, province, now_ms) if keys is None else keys)
    set_fact(db, f"aged/{province}", str(now_ms))
    _number(db, province, [{"school_": school, "item_": item} for school, item in found])
    return len(found)


def _aged_ms(db: Connection, province: str, now_ms: int) -> int:
    return int(fact_of(db, f"aged/{province}") or now_ms)


def _settled(province: str) -> str:
    return f"settled/{province}"


def _settled_by(province: str) -> str:
    return f"settled_by/{province}"


def listed_schools(db: Connection, province: str) -> frozenset[str]:
    """The schools that have lists: from one to the next by the index, not over all items."""
    first = select(func.min(assets.c.school).label("school")).where(in_province(assets, province))
    found = first.cte("found", recursive=True)
    behind = assets.c.school > found.c.school
    following = select(func.min(assets.c.school)).where(in_province(assets, province), behind)
    step = select(following.scalar_subquery()).where(everywhere(found), found.c.school.is_not(None))
    codes = found.union_all(step)
    query = select(codes.c.school).where(everywhere(codes), codes.c.school.is_not(None))
    return frozenset(str(school) for school in db.execute(query).scalars())


def _is_above(db: Connection, own: Place) -> bool:
    """Whether other schools have told this controller of their items."""
    told = (assets.c.feed != "") & (assets.c.school != own.school)
    query = select(assets.c.school).where(in_province(assets, own.province), told).limit(1)
    return db.execute(query).first() is not None


def _homes_of(db: Connection, province: str, members: Sequence[str]) -> dict[ItemKey, Home]:
    """What of these lists is another school's than it was, or counts where it did not.

    members: the school that counts, then those that merged into it.
    """
    rows: dict[ItemKey, Home] = {}
    for place, school in enumerate(members):
        rest = [member for member in members if member != school]
        again = _doubled(province, members[:place], rest)
        query = select(
            assets.c.device_id, assets.c.counted_for, assets.c.counted, again.label("again")
        ).where(of(assets, Place(province, school)), assets.c.removed_ms.is_(None))
        for item, home, is_counted, is_again in db.execute(query):
            fresh = Home(members[0], not is_again)
            if fresh != (home, bool(is_counted)):
                rows[school, item] = fresh
    return rows


def _strayed(
    db: Connection, province: str, schools: Iterable[str], *, is_counted: bool
) -> dict[ItemKey, Home]:
    """Items of these schools that do not count for their own, or do where they must not."""
    codes = frozenset(schools)
    if not codes:
        return {}
    query = select(assets.c.school, assets.c.device_id).where(
        in_province(assets, province),
        assets.c.removed_ms.is_(None),
        or_(assets.c.counted_for != assets.c.school, assets.c.counted != is_counted),
    )
    keys = ((school, item) for school, item in db.execute(query) if school in codes)
    return {key: Home(key[0], is_counted) for key in keys}


def _put(db: Connection, province: str, homes: Mapping[ItemKey, Home]) -> list[ItemKey]:
    keys = sorted(homes)
    rows = [
        {"school_": key[0], "item_": key[1], "home_": homes[key].school, "is_": homes[key].counted}
        for key in keys
    ]
    _number(db, province, rows, counted_for=bindparam("home_"), counted=bindparam("is_"))
    return keys


def _number(
    db: Connection, province: str, rows: list[dict[str, Any]], **values: BindParameter[Any]
) -> None:
    """Write the rows, each as the feed's next change."""
    if not rows:
        return
    one_numbers(db)
    newest = select(assets.c.change).where(in_province(assets, province))
    last = db.execute(newest.order_by(assets.c.change.desc()).limit(1)).scalar_one_or_none() or 0
    for number, row in enumerate(rows, int(last) + 1):
        row["number_"] = number
    item = (assets.c.school == bindparam("school_")) & (assets.c.device_id == bindparam("item_"))
    statement = update(assets).where(in_province(assets, province), item)
    db.execute(statement.values(change=bindparam("number_"), **values), rows)


def _doubled(province: str, before: Sequence[str], rest: Sequence[str]) -> ColumnElement[bool]:
    """Whether an item is one that is counted for another school of those that merged.

    before: the schools whose items win over this one's; rest: all but this one. A line wins
    over what is only seen.
    """
    return or_(
        IS_LINE & _again(province, before, listed=True),
        ~IS_LINE & _again(province, rest, listed=True),
        ~IS_LINE & _again(province, before, listed=False),
    )


def _again(province: str, among: Iterable[str], *, listed: bool) -> ColumnElement[bool]:
    """Whether one of these schools has the same item: the same serial, or tag and type.

    A tag is a school's own numbering: the same tag on another type, or beside another serial,
    is another item. So is it beside one serial that several schools' pieces bear.
    """
    if not (codes := sorted(among)):
        return false()
    other = assets.alias()
    theirs = (
        other.c.school.in_(codes)
        & other.c.removed_ms.is_(None)
        & (other.c.line.is_not(None) if listed else other.c.line.is_(None) & other.c.owned)
    )
    names_one = and_(other.c.serial_key == assets.c.serial_key, ~names_no_piece(other, province))
    serial = and_(assets.c.serial_key != "", names_one)
    tag = and_(
        assets.c.tag_key != "",
        other.c.tag_key == assets.c.tag_key,
        other.c.type == assets.c.type,
        or_(
            assets.c.serial_key == "",
            other.c.serial_key == "",
            names_one,
        ),
    )
    return or_(
        *(
            select(1).where(in_province(other, province), theirs, same).exists()
            for same in (serial, tag)
        )
    )
