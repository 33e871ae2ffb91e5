"""This file keeps which marks live in several schools, and asks which schools list one mark."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, func, select

from controller.database.changes import of_kind
from controller.database.reading import rows_of
from controller.database.scope import in_province
from controller.database.writing import Writing, write
from controller.department.marks import ContestedMark, MarkHolder
from controller.inventory.asset import Asset
from controller.inventory.contested import bears_mark
from controller.inventory.counting import settle_anew, settle_lists
from controller.inventory.store import ASSETS, as_of
from controller.inventory.tables import assets, contested_marks
from controller.reconcile.evidence import SeenBy

PAGE: Final = 2000
CHANGES: Final = 5000  # taken in at once


class ApartMark(NamedTuple):
    """A mark that lives in several schools at once, and which these are."""

    mark: str
    schools: tuple[str, ...]


def keep_marks(db: Connection, changes: Sequence[object]) -> None:
    """Keep what a batch found; of schools that merged each piece counts from now on."""
    found = of_kind(changes, ContestedMark)
    if not found:
        return
    rows = [
        (one.place.province, one.place.school, one.mark, one.item, one.since_ms) for one in found
    ]
    write(db, contested_marks, rows, Writing.UPSERT)
    province = found[0].place.province
    settle_lists(db, province, {one.place.school for one in found})
    settle_anew(db, province)


def found_holders(db: Connection, province: str) -> list[MarkHolder]:
    """Who was found to bear a contested mark."""
    columns = contested_marks.c.school, contested_marks.c.mark, contested_marks.c.item
    query = select(*columns).where(in_province(contested_marks, province))
    return [MarkHolder(*row) for row in db.execute(query)]


class SharedMarks:
    """Which ids several schools list: followed by the feed's changes, not looked for anew.

    since: the change up to which they are known.
    """

    def __init__(self, province: str) -> None:
        self.since = 0
        self._province = province
        self._marks: set[str] = set()
        self._after = ""

    def follow(self, db: Connection) -> list[MarkHolder]:
        """Take in some changes; the schools that list what became shared by these."""
        behind = (
            select(assets.c.change)
            .where(in_province(assets, self._province), assets.c.change > self.since)
            .order_by(assets.c.change)
            .limit(CHANGES)
        )
        # Without an end SQLite takes the index of the ids, and reads all items to find none.
        until = max(db.scalars(behind), default=None)
        if until is None:
            return []
        changed = assets.c.change.between(self.since + 1, until)
        query = (
            select(assets.c.device_id)
            .where(in_province(assets, self._province), changed)
            .distinct()
        )
        ids = set(db.scalars(query))
        shared = {*db.scalars(_shared(self._province, changed))}
        fresh = shared - self._marks
        self._marks = (self._marks - ids) | shared
        self.since = until
        return _holders_of(db, self._province, fresh)

    def page(self, db: Connection) -> list[MarkHolder]:
        """The schools that list what others list, some marks at a time, then the first again."""
        behind = sorted(mark for mark in self._marks if mark > self._after)
        self._after = behind[PAGE - 1] if len(behind) > PAGE else ""
        return _holders_of(db, self._province, behind[:PAGE])


def _shared(province: str, changed: ColumnElement[bool]) -> Select[str]:
    """Which ids of what changed stand in the lists of several schools."""
    ids = select(assets.c.device_id).where(in_province(assets, province), changed)
    of_these = assets.c.device_id.in_(ids)
    return (
        select(assets.c.device_id)
        .where(in_province(assets, province), _is_seen(), of_these)
        .group_by(assets.c.device_id)
        .having(func.min(assets.c.school) != func.max(assets.c.school))
    )


def _holders_of(db: Connection, province: str, marks: Collection[str]) -> list[MarkHolder]:
    query = select(assets.c.school, assets.c.device_id, assets.c.device_id).where(
        in_province(assets, province), _is_seen(), assets.c.device_id.in_(sorted(marks))
    )
    return [MarkHolder(*row) for row in db.execute(query)] if marks else []


def listed_holders(db: Connection, province: str) -> list[MarkHolder]:
    """The schools whose lists still hold something under a contested mark."""
    marks = select(contested_marks.c.mark).where(in_province(contested_marks, province))
    query = select(assets.c.school, assets.c.device_id, assets.c.device_id).where(
        in_province(assets, province), _is_seen(), assets.c.device_id.in_(marks)
    )
    return [MarkHolder(*row) for row in db.execute(query)]


def apart_marks(db: Connection, province: str) -> list[ApartMark]:
    """The contested marks, by mark, with all schools that were found to bear each."""
    columns = contested_marks.c.mark, contested_marks.c.school
    query = select(*columns).where(in_province(contested_marks, province)).distinct()
    by_mark = defaultdict[str, list[str]](list)
    for mark, school in db.execute(query.order_by(*columns)):
        by_mark[mark].append(school)
    return [ApartMark(mark, tuple(schools)) for mark, schools in by_mark.items()]


def with_marks(
    db: Connection, province: str, marks: Sequence[str], now_ms: int
) -> dict[str, list[Asset]]:
    """Items that bear these marks, as of a moment, by mark, each mark's by school."""
    query = (
        select(assets, contested_marks.c.mark.label("borne"))
        .join(contested_marks, bears_mark(assets))
        .where(
            in_province(assets, province),
            contested_marks.c.mark.in_(marks),
            assets.c.removed_ms.is_(None),
        )
        .order_by(contested_marks.c.mark, assets.c.school, assets.c.device_id)
    )
    by_mark = defaultdict[str, list[Asset]](list)
    for row in rows_of(db, query):
        by_mark[row["borne"]] += as_of([ASSETS.record(row)], now_ms)
    return dict(by_mark)


def _is_seen() -> ColumnElement[bool]:
    return assets.c.removed_ms.is_(None) & (assets.c.by == SeenBy.AGENT.value)
