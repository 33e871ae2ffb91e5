"""This file finds the lesson that a room should have now: bells, weeks, holidays. Pure.

Bells, terms, holidays and timetable are the school's data; nothing of them is known here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from agent.room import Moment
from protocol.plan import Bell, Booking, Plan

EARLY_MIN: Final = 10  # a teacher who comes before the bell means the lesson to come
LATE_MIN: Final = 5  # and after the bell still the lesson that was
MAX_OTHERS: Final = 5

_ODD: Final = {"odd": 1, "even": 0}


class ProposalReason(StrEnum):
    """Why a class is proposed."""

    TIMETABLE = "timetable"
    ONLY = "only"
    RECENT = "recent"
    NONE = "none"


class LessonProposal(NamedTuple):
    """What the room should be doing now; ends_min: the bell, in minutes since midnight."""

    classes: tuple[str, ...] = ()
    why: ProposalReason = ProposalReason.NONE
    period: int | None = None
    subject: str = ""
    teacher: str = ""
    begins_min: int | None = None
    ends_min: int | None = None

    def for_classes(self, chosen: Iterable[str]) -> LessonProposal:
        """The same with the classes that were chosen, each once; none chosen are the proposed."""
        classes = tuple(dict.fromkeys(chosen))
        if not classes or set(classes) == set(self.classes):
            return self._replace(classes=tuple(dict.fromkeys(self.classes)))
        return self._replace(classes=classes, why=ProposalReason.NONE, subject="", teacher="")


def proposal(
    plan: Plan, room: str, moment: Moment, recent: tuple[tuple[str, ...], ...] = ()
) -> LessonProposal:
    """The lesson by timetable; else the room's only class; else the class that was here last."""
    bell = bell_at(plan, moment)
    timed = LessonProposal()
    if bell is not None:
        timed = LessonProposal(
            period=bell.period, begins_min=minutes(bell.begins), ends_min=minutes(bell.ends)
        )
        booking = booking_at(plan, room, moment, bell.period)
        if booking is not None:
            return timed._replace(
                classes=booking.classes,
                why=ProposalReason.TIMETABLE,
                subject=booking.subject,
                teacher=booking.teacher,
            )
    if len(plan.lists) == 1:
        return timed._replace(classes=(plan.lists[0].code,), why=ProposalReason.ONLY)
    if recent:
        return timed._replace(classes=recent[0], why=ProposalReason.RECENT)
    return timed


def alternatives(
    plan: Plan, room: str, proposed: tuple[str, ...], recent: tuple[tuple[str, ...], ...] = ()
) -> tuple[tuple[str, ...], ...]:
    """What else it may well be, likeliest first: recent classes, joint ones, the room's lists."""
    joint = (booking.classes for booking in plan.timetable if booking.room == room)
    lists = ((class_list.code,) for class_list in plan.lists)
    candidates = dict.fromkeys((*recent, *joint, *lists))
    candidates.pop(proposed, None)
    return tuple(candidates)[:MAX_OTHERS]


def bell_at(plan: Plan, moment: Moment) -> Bell | None:
    """The period that runs, or is about to begin; None in breaks and outside school days."""
    today = date.fromisoformat(moment.day)
    if not is_school_day(plan, today):
        return None
    ringing = [
        bell
        for bell in plan.bells
        if today.isoweekday() in bell.weekdays
        and minutes(bell.begins) - EARLY_MIN <= moment.minute < minutes(bell.ends) + LATE_MIN
    ]
    begun = [bell for bell in ringing if moment.minute >= minutes(bell.begins)]
    running = [bell for bell in begun if moment.minute < minutes(bell.ends)]
    coming = [bell for bell in ringing if moment.minute < minutes(bell.begins)]
    for candidates in (running, coming, begun):
        if candidates:
            return max(candidates, key=lambda bell: (minutes(bell.begins), bell.period))
    return None


def booking_at(plan: Plan, room: str, moment: Moment, period: int) -> Booking | None:
    """The timetable's line for the room in this period of this week."""
    own = [booking for booking in plan.timetable if booking.room == room]
    return booking_in(plan, own, moment, period)


def booking_in(
    plan: Plan, bookings: Iterable[Booking], moment: Moment, period: int
) -> Booking | None:
    """The line of one room's that holds in this period of this week."""
    today = date.fromisoformat(moment.day)
    week = week_of(plan, today)
    for booking in bookings:
        if (booking.weekday, booking.period) != (today.isoweekday(), period):
            continue
        if booking.weeks == "every" or week is None or week % 2 == _ODD[booking.weeks]:
            return booking
    return None


def is_school_day(plan: Plan, day: date) -> bool:
    """Whether the day is in a term and no holiday; without terms every day is."""
    if any(_within(holiday.begins, holiday.ends, day) for holiday in plan.holidays):
        return False
    return not plan.terms or any(_within(term.begins, term.ends, day) for term in plan.terms)


def week_of(plan: Plan, day: date) -> int | None:
    """The school week, counted from the Monday of the first term's first day as 1."""
    first = min((term.begins for term in plan.terms), default="")
    if not first or day < (begins := date.fromisoformat(first)):
        return None
    monday = begins - timedelta(days=begins.isoweekday() - 1)
    return (day - monday).days // 7 + 1


def minutes(clock: str) -> int:
    """HH:MM as minutes since midnight."""
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def _within(begins: str, ends: str, day: date) -> bool:
    return begins <= day.isoformat() <= ends
