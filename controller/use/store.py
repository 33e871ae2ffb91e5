"""This file keeps how each board was used, week by week; the department's copy is filled by relay.

Functions that take a connection work inside one transaction of the store's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta, tzinfo
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection, delete, select

from controller.areas.store import atlas_of, lists_for
from controller.attendance.store import lessons_of
from controller.database.part import has_place
from controller.database.reading import rows_of
from controller.database.scope import codes_of, of, within
from controller.database.shape import Shape
from controller.fleet.bearers import bearers_of
from controller.fleet.store import devices_and_presences
from controller.fleet.tables import devices
from controller.inventory.chosen import Chosen
from controller.inventory.store import keys_of
from controller.register.tables import register
from controller.roster.store import plan_of
from controller.sheets.names import serial_key
from controller.use.hours import (
    KINDS,
    Board,
    BoardWeek,
    Evidence,
    Sign,
    monday_of,
    summed,
    use_in,
    week_span,
)
from controller.use.planned import lesson_spans, planned_min
from controller.use.report import UseReport, report_of
from controller.use.signs import signs_of, watches_of
from controller.use.tables import use_weeks
from protocol.model import Place

if TYPE_CHECKING:
    from controller.database.store import Store  # which keeps what schools tell by this file

WEEKS: Final = 5  # what agents tell late changes weeks that are over
LINES: Final = Shape(BoardWeek, use_weeks)
BOARDS: Final = Shape(Board, devices)
_DAY: Final = timedelta(days=1)
Told = TypeVar("Told", Board, Sign)


class KeptUse(NamedTuple):
    """A board's week in a school."""

    place: Place
    week: str
    line: BoardWeek


def keep_use(db: Connection, place: Place, week: str, lines: Iterable[BoardWeek]) -> bool:
    """Put the lines in the place of the school's week; returns whether they are others.

    week: its Monday, yyyy-mm-dd.
    """
    fresh = sorted({_by_key(line): line for line in lines}.values(), key=_by_key)
    if fresh == sorted((kept_use.line for kept_use in use_of(db, place, week, week)), key=_by_key):
        return False
    db.execute(delete(use_weeks).where(of(use_weeks, place), use_weeks.c.week == week))
    rows = [codes_of(place) | {"week": week} | LINES.values(line) for line in fresh]
    if rows:
        db.execute(use_weeks.insert(), rows)
    return True


def use_of(db: Connection, scope: Place, since_week: str, until_week: str) -> list[KeptUse]:
    """The lines of these weeks, both among them, by school, board, room and week.

    scope: a school, a province, or all.
    """
    weeks = use_weeks.c
    query = (
        select(use_weeks)
        .where(within(use_weeks, scope), weeks.week >= since_week, weeks.week <= until_week)
        .order_by(weeks.province, weeks.school, weeks.room, weeks.device_id, weeks.week)
    )
    return [
        KeptUse(Place(row["province"], row["school"]), row["week"], LINES.record(row))
        for row in rows_of(db, query)
    ]


def bring_up_use(
    store: Store, place: Place, zone: tzinfo, now_ms: int, *, weeks: int = WEEKS
) -> dict[str, list[BoardWeek]]:
    """Sum up this week and those before it anew; returns the weeks that became others.

    Of a week of which less is known than before, because it was forgotten, the old lines stay.
    What was told of a board under an earlier id counts as its own, in weeks long over too.
    """
    this = monday_of(now_ms, zone)
    mondays = [this - 7 * number * _DAY for number in reversed(range(weeks))]
    plan = store.read(plan_of, place)
    since = (mondays[0] - _DAY).isoformat()
    lessons = store.read(lessons_of, place, since, (this + 7 * _DAY).isoformat())
    held = lesson_spans(lessons, plan, zone, now_ms)
    began_ms = week_span(mondays[0], zone)[0]
    with store.view() as db:
        bearers = bearers_of(devices_and_presences(db, place))
        watches = watches_of(db, place, began_ms)
        signs = [_under(bearers, sign) for sign in signs_of(db, place, began_ms)]
        boards = [one for one in boards_of(db, place) if _under(bearers, one) == one]
    if not boards:
        return {}
    fresh: dict[str, list[BoardWeek]] = {}
    sums = summed(Evidence(boards, signs, watches, held))
    for monday in mondays:
        lines = use_in(week_span(monday, zone), sums, planned_min(plan, monday))
        fresh[monday.isoformat()] = lines
    changed: dict[str, list[BoardWeek]] = {}
    with store.locked(place) as db:
        for week, lines in fresh.items():
            before = [kept_use.line for kept_use in use_of(db, place, week, week)]
            if _knowledge(lines) >= _knowledge(before) and keep_use(db, place, week, lines):
                changed[week] = lines
        changed |= _rekeyed(db, place, bearers, before=mondays[0].isoformat())
    return changed


def _under(bearers: Mapping[str, str], told: Told) -> Told:
    """The same under the id that its device bears now."""
    return told._replace(device_id=bearers.get(told.device_id, told.device_id))


def _rekeyed(
    db: Connection, place: Place, bearers: Mapping[str, str], *, before: str
) -> dict[str, list[BoardWeek]]:
    """Put the lines of earlier weeks under the ids that boards bear now; the weeks that changed."""
    former = {name for name, bearer in bearers.items() if name != bearer}
    query = (
        select(use_weeks.c.week, use_weeks.c.device_id)
        .where(of(use_weeks, place), use_weeks.c.week < before)
        .distinct()
    )
    weeks = {week for week, device_id in db.execute(query) if device_id in former}
    changed: dict[str, list[BoardWeek]] = {}
    for week in sorted(weeks):
        lines: dict[tuple[str, str], BoardWeek] = {}
        for kept_use in use_of(db, place, week, week):
            line = kept_use.line
            line = replace(line, device_id=bearers.get(line.device_id, line.device_id))
            before_it = lines.get(_by_key(line))
            lines[_by_key(line)] = _together(before_it, line) if before_it else line
        if keep_use(db, place, week, lines.values()):
            changed[week] = [*lines.values()]
    return changed


def _together(one: BoardWeek, other: BoardWeek) -> BoardWeek:
    """A board's week of two parts: it bore one id, then another."""
    return replace(
        one,
        on_min=one.on_min + other.on_min,
        used_min=one.used_min + other.used_min,
        planned_min=max(one.planned_min, other.planned_min),
        known_min=max(one.known_min, other.known_min, one.on_min + other.on_min),
    )


def counted_use(
    db: Connection, scope: Place, since_week: str, until_week: str, day: str
) -> list[KeptUse]:
    """The lines of these weeks for the schools that their lists count for on a day."""
    lines = use_of(db, lists_for(db, scope), since_week, until_week)
    places = {line.place for line in lines}
    atlases = {province: atlas_of(db, province) for province in {one.province for one in places}}
    heirs = {place: atlases[place.province].heir_of(place.school, day) for place in places}
    homes = {place: Place(place.province, heir) for place, heir in heirs.items()}
    seen = {place for place, home in homes.items() if heirs[place] and has_place(scope, home)}
    return [line._replace(place=homes[line.place]) for line in lines if line.place in seen]


def chosen_use(
    db: Connection, scope: Place, lines: Sequence[KeptUse], chosen: Chosen, now_ms: int
) -> Sequence[KeptUse]:
    """Of these lines what is chosen: of its schools, and where it chooses items, of these alone."""
    if chosen.schools is not None:
        lines = [line for line in lines if line.place.school in chosen.schools]
    if not chosen.chooses_items:
        return lines
    keys = keys_of(db, scope, chosen, now_ms)
    return [line for line in lines if (line.place.school, line.line.device_id) in keys]


def lists_of(
    db: Connection,
    scope: Place,
    boards: Collection[tuple[str, str]],
    weeks: tuple[str, str],
    day: str,
) -> dict[str, int]:
    """How many of these boards each school's own list has, be it of one that merged.

    boards: by the school that they count for on that day, and id.
    """
    weeks_, columns = use_weeks.c.week, (use_weeks.c.school, use_weeks.c.device_id)
    query = (
        select(*columns)
        .where(within(use_weeks, lists_for(db, scope)), weeks_ >= weeks[0], weeks_ <= weeks[1])
        .distinct()
    )
    atlas = atlas_of(db, scope.province)
    found = (
        school
        for school, device_id in db.execute(query)
        if (atlas.heir_of(school, day), device_id) in boards
    )
    return Counter(found)


def use_report(
    db: Connection, scope: Place, since_week: str, until_week: str, day: str
) -> UseReport:
    """How boards were used in these weeks, board by board and school by school."""
    lines = counted_use(db, scope, since_week, until_week, day)
    return report_of(lines, since_week, until_week)


def boards_of(db: Connection, place: Place) -> list[Board]:
    """The school's boards, with their tags in the equipment book where the serial is there."""
    query = select(devices).where(of(devices, place), devices.c.kind.in_(sorted(KINDS)))
    rows = rows_of(db, query)
    tags = _tags(db, place, {serial_key(row["serial"]) for row in rows} - {""})
    return [BOARDS.record(row, asset_tag=tags.get(serial_key(row["serial"]), "")) for row in rows]


def _tags(db: Connection, place: Place, keys: set[str]) -> dict[str, str]:
    """The tags of the book's lines with these serials; of a serial that is there twice, none."""
    book = register.c
    query = select(book.serial_key, book.asset_tag).where(
        of(register, place),
        book.removed_ms.is_(None),
        book.serial_key != "",
    )
    tags: dict[str, str] = {}
    for key, tag in db.execute(query):
        if key in keys:
            tags[key] = "" if key in tags else tag
    return tags


def _knowledge(lines: Sequence[BoardWeek]) -> int:
    return sum(line.known_min for line in lines)


def _by_key(line: BoardWeek) -> tuple[str, str]:
    return line.device_id, line.room
