"""This file keeps what the school plans: class lists, bells, timetable, door cards.

Every function works inside one transaction of the store's; `lock_plan` comes first, so that no
other program writes between the reading and the writing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, delete, func, select, update

from controller.database.clock import now_in
from controller.database.plan_version import bump_version, plans
from controller.database.required import require
from controller.database.scope import codes_of, everywhere, of
from controller.database.shape import Shape
from controller.fleet.store import rooms_with_agents, schools_with_agents
from controller.roster.doors import known_in_rooms
from controller.roster.import_store import forget_in_imports
from controller.roster.members import note_members
from controller.roster.past import lines_of, past_part
from controller.roster.plan import (
    Lists,
    PastPart,
    Schedule,
    SchedulePart,
    SchoolClass,
    SchoolPlan,
)
from controller.roster.tables import (
    bells,
    bookings,
    class_members,
    classes,
    door_cards,
    door_keys,
    holidays,
    letters,
    past_schedules,
    pupils,
    terms,
)
from controller.sheets.names import without_agent
from protocol.model import AttendanceStatus, Place
from protocol.plan import DEFAULT_GRACE_MIN, Bell, Booking, DoorCard, Holiday, Pupil, Term

Row = Mapping[str, Any]
RowOf = Callable[[Any], dict[str, Any]]

TERMS: Final = Shape(Term, terms)
HOLIDAYS: Final = Shape(Holiday, holidays)
BOOKINGS: Final = Shape(Booking, bookings)
DOOR_CARDS: Final = Shape(DoorCard, door_cards)
PUPILS: Final = Shape(Pupil, pupils, {"name": lambda pupil: pupil.name or None})
PAST: Final = Shape(PastPart, past_schedules)
require(past_schedules, lambda row: lines_of(SchedulePart(row["part"]), row["lines"]))
require(letters, lambda row: AttendanceStatus(row["status"]))
require(bells, lambda row: [*map(int, row["weekdays"])])


def plan_of(db: Connection, place: Place) -> SchoolPlan:
    """All that the school plans, in an order that is always the same."""
    head = db.execute(select(plans).where(of(plans, place))).mappings().one_or_none()
    return SchoolPlan(
        version=head["version"] if head else 0,
        classes=classes_of(db, place),
        bells=_lines(db, place, SchedulePart.BELLS),
        terms=_lines(db, place, SchedulePart.TERMS),
        holidays=_lines(db, place, SchedulePart.HOLIDAYS),
        timetable=_lines(db, place, SchedulePart.TIMETABLE),
        past=tuple(PAST.records(_rows(db, past_schedules, place, "until", "part"))),
        letters={
            AttendanceStatus(row["status"]): row["letter"]
            for row in _rows(db, letters, place, "status")
        },
        grace_min=head["grace_min"] if head else DEFAULT_GRACE_MIN,
        **_doors_of(db, place),
    )


def _lines(db: Connection, place: Place, part: SchedulePart) -> tuple[Any, ...]:
    """A part of the schedule as it is now, in an order that is always the same."""
    match part:
        case SchedulePart.BELLS:
            return tuple(map(_bell, _rows(db, bells, place, "weekdays", "period")))
        case SchedulePart.TERMS:
            return tuple(TERMS.records(_rows(db, terms, place, "begins")))
        case SchedulePart.HOLIDAYS:
            return tuple(HOLIDAYS.records(_rows(db, holidays, place, "begins")))
        case SchedulePart.TIMETABLE:
            rows = _rows(db, bookings, place, "weekday", "period", "room", "weeks")
            return tuple(BOOKINGS.records(rows))


def _doors_of(db: Connection, place: Place) -> dict[str, Any]:
    """What rooms get of door cards: fingerprints, or as before, while keys are still in rooms."""
    keys = _rows(db, door_keys, place, "version")
    cards = _rows(db, door_cards, place, "serial")
    valid = tuple(DOOR_CARDS.records(card for card in cards if card["revoked_ms"] is None))
    given = {str(row["version"]): row["key"] for row in keys if row["in_rooms"]}
    if not given:
        signing = {row["version"]: bytes.fromhex(row["key"]) for row in keys}
        return {"door_cards": known_in_rooms(valid, signing)}
    gone = [card for card in cards if card["revoked_ms"] is not None]
    newest_first = sorted(gone, key=lambda row: -int(row["revoked_ms"]))
    revoked = tuple(row["serial"] for row in newest_first)
    return {"door_keys": given, "door_cards": valid, "revoked": revoked}


def classes_of(db: Connection, place: Place) -> tuple[SchoolClass, ...]:
    """The school's classes by their code, each with its pupils by number."""
    members: dict[str, list[Pupil]] = defaultdict(list)
    for row in _rows(db, pupils, place, "class", "number", "student"):
        members[row["class"]].append(PUPILS.record(row))
    return tuple(
        SchoolClass(code=row["code"], room=row["room"], pupils=tuple(members[row["code"]]))
        for row in _rows(db, classes, place, "code")
    )


def class_rooms(db: Connection, place: Place) -> list[tuple[str, str]]:
    """The school's classes by their code, each with its room; no pupil is read."""
    return [(row["code"], row["room"]) for row in _rows(db, classes, place, "code")]


def keep_lists(db: Connection, place: Place, lists: Lists, *, day: str) -> bool:
    """Keep class lists from a local day on; returns whether anything is other than before.

    The classes that are given are replaced whole: who is no longer in one has left it. A pupil
    who is given is in no class but the given ones. Classes that are not given stay, except with
    whole_school. An unknown home room (empty) changes no known one.
    """
    before = {school_class.code: school_class for school_class in classes_of(db, place)}
    after = {} if lists.whole_school else _without(before, lists.classes)
    for fresh in lists.classes:
        school_class = before.get(fresh.code)
        room = fresh.room or (school_class.room if school_class else "")
        after[fresh.code] = msgspec.structs.replace(fresh, room=room)
    note_members(db, place, before.values(), after.values(), day=day, now_ms=now_in(db))
    return bump_version(db, place, changed=_put_classes(db, place, before, after))


def put_lists_back(
    db: Connection, place: Place, earlier: Iterable[SchoolClass], *, day: str
) -> None:
    """Have the classes, rooms and pupils of before again, from a local day on."""
    before = {school_class.code: school_class for school_class in classes_of(db, place)}
    after = {school_class.code: school_class for school_class in earlier}
    note_members(db, place, before.values(), after.values(), day=day, now_ms=now_in(db))
    bump_version(db, place, changed=_put_classes(db, place, before, after))


def forget_pupil(db: Connection, place: Place, student: str) -> int:
    """Erase a pupil from every list, also of imports, and the door cards; how many rows it was."""
    gone = sum(
        db.execute(delete(table).where(of(table, place), table.c.student == student)).rowcount
        for table in (pupils, class_members, door_cards)
    )
    gone += forget_in_imports(db, place, student)
    bump_version(db, place, changed=gone > 0)
    return gone


def keep_schedule(db: Connection, place: Place, schedule: Schedule, now: datetime) -> bool:
    """Keep the parts that are given, each whole; returns whether anything is other than before.

    now: the school's time in its zone: what held till then goes on to hold for what was before.
    """
    parts: list[tuple[SchedulePart, Table, Iterable[Any] | None, RowOf]] = [
        (SchedulePart.BELLS, bells, schedule.bells, _bell_row),
        (SchedulePart.TERMS, terms, schedule.terms, TERMS.values),
        (SchedulePart.HOLIDAYS, holidays, schedule.holidays, HOLIDAYS.values),
        (SchedulePart.TIMETABLE, bookings, schedule.timetable, BOOKINGS.values),
    ]
    changed = []
    for part, table, lines, row_of in parts:
        if lines is not None:
            before = past_part(part, _lines(db, place, part), now)
            changed.append(_replaced(db, table, place, [*map(row_of, lines)]))
            if changed[-1]:
                _note_past(db, place, before)
    if schedule.letters is not None:
        marks = [*map(_letter_row, schedule.letters.items())]
        changed.append(_replaced(db, letters, place, marks))
    if schedule.grace_min is not None:
        other = plans.c.grace_min != schedule.grace_min
        statement = update(plans).where(of(plans, place), other)
        changed.append(db.execute(statement.values(grace_min=schedule.grace_min)).rowcount > 0)
    return bump_version(db, place, changed=any(changed))


def _note_past(db: Connection, place: Place, before: PastPart) -> None:
    """Keep what held until now; nothing of before anything was known, nor what held no minute."""
    ours = select(func.max(past_schedules.c.until)).where(of(past_schedules, place))
    last = db.scalar(ours.where(past_schedules.c.part == before.part))
    is_known = last is not None or bool(lines_of(before.part, before.lines))
    if is_known and before.until > (last or ""):
        db.execute(past_schedules.insert(), codes_of(place) | PAST.values(before))


def schools_of(db: Connection) -> list[Place]:
    """Every school that has an agent or a plan, in order; the one without a code left out."""
    query = select(plans.c.province, plans.c.school).where(everywhere(plans)).distinct()
    planned = {Place(*row) for row in db.execute(query)}
    return sorted((planned | schools_with_agents(db)) - {Place()})


def rooms_unanswered(db: Connection, place: Place, rooms: Iterable[str]) -> list[str]:
    """Those of the rooms that no agent says it is in: what is planned there reaches nobody."""
    return without_agent(rooms, rooms_with_agents(db, place))


def _without(
    before: Mapping[str, SchoolClass], school_classes: Sequence[SchoolClass]
) -> dict[str, SchoolClass]:
    """The classes as they were, but for pupils who are now in a given one."""
    moved = {pupil.student for school_class in school_classes for pupil in school_class.pupils}
    return {
        code: msgspec.structs.replace(
            school_class,
            pupils=tuple(one for one in school_class.pupils if one.student not in moved),
        )
        for code, school_class in before.items()
    }


def _put_classes(
    db: Connection,
    place: Place,
    before: Mapping[str, SchoolClass],
    after: Mapping[str, SchoolClass],
) -> bool:
    """Write the classes that are other than before, and no more."""
    stale = [code for code, school_class in before.items() if after.get(code) != school_class]
    fresh = [
        school_class for code, school_class in after.items() if before.get(code) != school_class
    ]
    for code in stale:
        db.execute(delete(classes).where(of(classes, place), classes.c.code == code))
        db.execute(delete(pupils).where(of(pupils, place), pupils.c["class"] == code))
    for school_class in fresh:
        _put_class(db, place, school_class)
    return bool(stale or fresh)


def _put_class(db: Connection, place: Place, school_class: SchoolClass) -> None:
    codes = codes_of(place)
    db.execute(classes.insert(), codes | {"code": school_class.code, "room": school_class.room})
    own = codes | {"class": school_class.code}
    if rows := [own | PUPILS.values(pupil) for pupil in school_class.pupils]:
        db.execute(pupils.insert(), rows)


def _replaced(
    db: Connection, table: Table, place: Place, rows: Sequence[Mapping[str, Any]]
) -> bool:
    """Put the rows in the place of the school's; returns whether they are others."""
    whole = [codes_of(place) | dict(row) for row in rows]
    before = [dict(row) for row in _rows(db, table, place)]
    if sorted(map(_text, before)) == sorted(map(_text, whole)):
        return False
    db.execute(delete(table).where(of(table, place)))
    if whole:
        db.execute(table.insert(), whole)
    return True


def _text(row: Row) -> str:
    return str(sorted(row.items()))


def _rows(db: Connection, table: Table, place: Place, *order: str) -> Sequence[Row]:
    query = select(table).where(of(table, place)).order_by(*(table.c[name] for name in order))
    return [dict(row) for row in db.execute(query).mappings()]


def _bell(row: Row) -> Bell:
    days = tuple(map(int, row["weekdays"]))
    return Bell(period=row["period"], begins=row["begins"], ends=row["ends"], weekdays=days)


def _bell_row(bell: Bell) -> dict[str, Any]:
    days = "".join(map(str, sorted(set(bell.weekdays))))
    return {"period": bell.period, "begins": bell.begins, "ends": bell.ends, "weekdays": days}


def _letter_row(pair: tuple[AttendanceStatus, str]) -> dict[str, Any]:
    return {"status": pair[0].value, "letter": pair[1]}
