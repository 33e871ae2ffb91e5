"""This file takes a schedule in: what the school has already, what is to be known of rooms."""

from __future__ import annotations

from sqlalchemy import Connection

from controller.fleet.store import rooms_with_agents
from controller.roster import store as roster
from controller.roster.plan import Schedule
from controller.roster.roll import notices_of_rooms
from controller.schedule.findings import Known, known_of
from controller.sheets.errors import Notice
from controller.sheets.names import room_key
from protocol.model import Place


def known_in(db: Connection, place: Place) -> Known:
    """What the school has already, against which a timetable is read."""
    plan = roster.plan_of(db, place)
    homes = [school_class.room for school_class in plan.classes]
    rooms = {room_key(room) for room in (*homes, *rooms_with_agents(db, place))} - {""}
    pairs = [(school_class.code, school_class.room) for school_class in plan.classes]
    return known_of(pairs, rooms, plan.bells)


def counts_of(schedule: Schedule) -> dict[str, int]:
    """How many lines each part has that is given; the minutes after the bell as they are."""
    parts = {
        "bells": schedule.bells,
        "terms": schedule.terms,
        "holidays": schedule.holidays,
        "timetable": schedule.timetable,
        "letters": schedule.letters,
    }
    counts = {name: len(part) for name, part in parts.items() if part is not None}
    return counts | ({} if schedule.grace_min is None else {"grace_min": schedule.grace_min})


def notices_of_rooms_in(
    db: Connection, place: Place, file: str, schedule: Schedule
) -> list[Notice]:
    """A notice of the rooms that no agent answers to; none where there are none."""
    rooms = (booking.room for booking in schedule.timetable or ())
    return notices_of_rooms(file, roster.rooms_unanswered(db, place, rooms))
