"""This file counts lessons a week in each room; pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec

from controller.fleet.records import LessonRecord
from controller.sheets.names import natural, room_key
from protocol.messages import Ending


class RoomLessons(msgspec.Struct, frozen=True, kw_only=True):
    """A room's lessons over some weeks. by_week: by the week's Monday; rolls: confirmed ones."""

    room: str
    lessons: int
    rolls: int
    by_week: Mapping[str, int]


def lessons_by_room(lessons: Iterable[LessonRecord]) -> list[RoomLessons]:
    """Each room with a lesson that was held, in natural order; an undone start is none."""
    rooms: defaultdict[str, list[LessonRecord]] = defaultdict(list)
    for lesson in lessons:
        if lesson.began_ms is not None and lesson.how is not Ending.UNDONE:
            rooms[room_key(lesson.room)].append(lesson)
    counted = [
        RoomLessons(
            room=own[-1].room,
            lessons=len(own),
            rolls=sum(lesson.confirmed for lesson in own),
            by_week=Counter(monday_of(lesson.day) for lesson in own),
        )
        for own in rooms.values()
    ]
    return sorted(counted, key=lambda one: natural(one.room))


def monday_of(day: str) -> str:
    """The Monday of a day's week."""
    at = date.fromisoformat(day)
    return (at - timedelta(days=at.weekday())).isoformat()


def mondays_between(first: str, last: str) -> list[str]:
    """The Mondays from one to another, the newest first."""
    begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    weeks = (ends - begins).days // 7
    return [(ends - timedelta(days=7 * number)).isoformat() for number in range(weeks + 1)]
