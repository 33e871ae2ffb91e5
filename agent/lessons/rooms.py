"""This file knows a school's rooms on a computer that is carried about: what is kept, what offered.

The school gives each computer the plan of the room where it is. Of rooms that it left the plan is
kept for a while, so that a teacher who comes back needs no line; of all others the guide tells
which class learns there, but none of its pupils.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.lessons import timetable
from agent.room import Moment
from protocol.guide import Guide, room_spelling
from protocol.model import NO_ROOM
from protocol.plan import Booking, Plan

MAX_LEFT: Final = 8  # rooms; as many as a school opens to one computer in a day

LeftPlans = Mapping[str, Plan]


class RoomChoice(NamedTuple):
    """A room that a teacher may choose. now: what is taught there in the period of now."""

    room: str
    now: Booking | None = None
    is_recent: bool = False


def leave(plans: LeftPlans, room: str, plan: Plan) -> LeftPlans:
    """With the plan of a room that was left just now; the one left longest ago goes."""
    if room == NO_ROOM or plan == Plan():
        return plans
    rest = {other: kept for other, kept in plans.items() if not is_same(other, room)}
    return dict([*rest.items(), (room, plan)][-MAX_LEFT:])


def plan_in(room: str, plans: LeftPlans, present: Plan, guide: Guide) -> Plan:
    """What is known of a room on entering it: its plan of before, else the guide's classes."""
    for other, kept in plans.items():
        if is_same(other, room):
            return kept
    told = guide.room(room)
    bookings = tuple(replace(one, room=room) for one in told.bookings()) if told else ()
    return replace(present, timetable=bookings, lists=(), door_cards=())


def is_plan_of(room: str, plan: Plan) -> bool:
    """Whether a plan may be this room's, by the rooms that its timetable names."""
    return not plan.timetable or any(is_same(booking.room, room) for booking in plan.timetable)


def choices(
    known: Iterable[str], plans: LeftPlans, plan: Plan, guide: Guide, moment: Moment
) -> tuple[RoomChoice, ...]:
    """The rooms to choose from: where a lesson is now first, of these the last used first.

    known: rooms that this computer has seen or heard of.
    """
    recent = [room_spelling(room) for room in reversed([*plans])]
    bell = timetable.bell_at(plan, moment)
    names = [*(one.room for one in guide.rooms), *known, *plans]
    spelt = {room_spelling(name): name for name in reversed(names) if name != NO_ROOM}
    found = []
    for spelling, name in spelt.items():
        known_room = guide.room(name)
        now = None
        if bell is not None and known_room is not None:
            now = timetable.booking_in(plan, known_room.bookings(), moment, bell.period)
        found.append(RoomChoice(name, now, spelling in recent))

    def order(choice: RoomChoice) -> tuple[bool, int, str]:
        spelling = room_spelling(choice.room)
        place = recent.index(spelling) if choice.is_recent else len(recent)
        return choice.now is None, place, spelling

    return tuple(sorted(found, key=order))


def is_same(one: str, other: str) -> bool:
    """Whether two writings name one room."""
    return room_spelling(one) == room_spelling(other)
