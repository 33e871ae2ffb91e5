"""This file holds the shapes in which the department's figures are told; no person in any."""

from __future__ import annotations

from functools import partial

from pydantic import BaseModel

from controller.areas.areas import Area
from controller.department.clocks import clock_words
from controller.department.standing import Need, Overview, SchoolGroup, SchoolStanding, Silence
from controller.department.tally import Tally, Told
from controller.inventory.asset import Asset
from controller.inventory.items import RestItem
from controller.reconcile.items import KpiItem, RaiseItem
from controller.web.items import Moment, RecordItem
from protocol.formats import phrase
from protocol.model import iso, iso_or_none
from protocol.words import Translate


class BeforeItem(BaseModel):
    """The figure about a month ago, of the schools that had told one; lines shows deletions."""

    day: str
    schools: int
    lines: int
    digital_managed_pct: float | None
    lines_change: int


class FigureItem(BaseModel):
    """The figure of a school, an area or a type.

    schools, reported: how many are known, and how many of them ever told their items. oldest,
    newest: between which moments what is told was true; null where nobody told.
    """

    key: str
    name: str
    schools: int
    reported: int
    silent_over_1d: int
    silent_over_3w: int
    rests_on_silent: RestItem
    kpi: KpiItem
    items: int
    missing: int
    unregistered: int
    raises: list[RaiseItem]
    before: BeforeItem | None
    oldest: str | None
    newest: str | None


class SchoolFiguresItem(BaseModel):
    """All figures of a kind, and the whole. counted: as of when items were counted."""

    as_of: str
    counted: str
    total: FigureItem
    by: str
    figures: list[FigureItem]


class SchoolItem(BaseModel):
    """A school. merged: the codes of those that became part of it.

    twice: items that stand in several of their lists and are counted once. stale: "", "day",
    "weeks" or "never". behind: changes of its list that are still to come. clock: that its clock is
    off, in words, else empty; clock_off_s: by how much it is ahead, 0 where it may be the line.
    """

    code: str
    name: str
    level: str
    area: str
    area_name: str
    merged: list[str]
    kpi: KpiItem
    items: int
    missing: int
    never_seen: int
    unregistered: int
    twice: int
    heard: str | None
    as_of: str | None
    age_s: int | None
    stale: Silence
    behind: int
    need: Need
    clock_off_s: int
    clock: str


class AreaItem(BaseModel):
    """An area. parent: the code of the one around it, empty for none.

    schools: the codes of those that count in it today.
    """

    code: str
    name: str
    kind: str
    parent: str
    since: str
    until: str
    schools: list[str]


class ExceptionItem(BaseModel):
    """An item that needs a person. schools: those in whose lists it stands."""

    what: str
    school: str
    device_id: str
    row: int | None
    asset_tag: str
    type: str
    maker: str
    model: str
    serial: str
    room: str
    there: str
    condition: str
    last_seen: str | None
    schools: list[str]


class TileItem(RecordItem):
    """Twelve numbers for the operations centre, and as of when."""

    as_of: Moment
    schools_known: int
    schools_heard_today: int
    rooms: int
    rooms_in_lesson: int | None
    boards: int
    boards_working: int
    items_declared: int
    items_complete: int
    items_verified: int
    managed_pct: float | None
    items_missing: int
    incidents_open: int


def group_item(key: str, name: str, group: SchoolGroup) -> FigureItem:
    """An area's figure, or the whole."""
    return _figure(key, name, group, group.tally)


def type_items(whole: SchoolGroup) -> list[FigureItem]:
    """The figure of each type over all schools."""
    return [
        _figure(kind, kind, whole, tally, before=False) for kind, tally in whole.by_type.items()
    ]


def school_figure(school: SchoolStanding, group: SchoolGroup) -> FigureItem:
    """A school's figure."""
    return _figure(school.code, school.label, group, school.tally)


def school_item(school: SchoolStanding, overview: Overview, say: Translate) -> SchoolItem:
    """A school in the list."""
    tally, record, area = school.tally, school.record, overview.atlas.areas.get(school.area)
    return SchoolItem(
        code=school.code,
        name=school.name,
        level=school.facts.level,
        area=school.area,
        area_name=area.label if area else "",
        merged=list(school.members[1:]),
        kpi=KpiItem.of(tally.kpi),
        items=tally.items,
        missing=tally.missing,
        never_seen=tally.never_seen,
        unregistered=tally.unregistered,
        twice=school.twice,
        heard=iso(record.heard_ms) if record else None,
        as_of=iso(record.as_of_ms) if record else None,
        age_s=max(0, overview.now_ms - record.as_of_ms) // 1000 if record else None,
        stale=school.silence,
        behind=record.behind if record else 0,
        need=school.need,
        clock_off_s=school.off_ms // 1000,
        clock=clock_words(school.off_ms, partial(phrase, translate=say)),
    )


def area_item(area: Area, overview: Overview) -> AreaItem:
    """An area in the list."""
    names = ("code", "name", "kind", "parent", "since", "until")
    schools = sorted(school.code for school in overview.of_area(area.code))
    return AreaItem(schools=schools, **{name: getattr(area, name) for name in names})


def exception_item(what: str, asset: Asset, schools: tuple[str, ...]) -> ExceptionItem:
    """An exception."""
    names = (
        "device_id", "row", "asset_tag", "type", "maker", "model", "serial", "room", "there",
        "condition",
    )  # fmt: skip
    return ExceptionItem(
        what=what,
        school=asset.place.school,
        last_seen=iso(asset.seen_ms) if asset.seen_ms else None,
        schools=list(schools),
        **{name: getattr(asset, name) for name in names},
    )


def _figure(
    key: str, name: str, group: SchoolGroup, tally: Tally, *, before: bool = True
) -> FigureItem:
    return FigureItem(
        key=key,
        name=name,
        schools=group.schools,
        reported=group.reported,
        silent_over_1d=group.silent,
        silent_over_3w=group.long_silent,
        rests_on_silent=RestItem(**group.rest._asdict()),
        kpi=KpiItem.of(tally.kpi),
        items=tally.items,
        missing=tally.missing,
        unregistered=tally.unregistered,
        raises=[RaiseItem.of(step) for step in tally.raises],
        before=_before(group.before, tally) if before else None,
        oldest=iso_or_none(group.oldest_ms),
        newest=iso_or_none(group.newest_ms),
    )


def _before(before: Told | None, tally: Tally) -> BeforeItem | None:
    if before is None:
        return None
    return BeforeItem(
        day=before.day,
        schools=before.schools,
        lines=before.kpi.declared,
        digital_managed_pct=before.kpi.digital_managed_pct,
        lines_change=tally.declared - before.kpi.declared,
    )
