"""This file says what a schedule that was read would change of what is kept; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from controller.roster.plan import Schedule, SchoolPlan
from controller.schedule.headings import Part
from controller.sheets.names import class_key, room_code
from protocol.plan import Bell, Booking
from protocol.words import N_

PART_WORDS: Final = {
    Part.BELLS: N_("Bells"),
    Part.TERMS: N_("Terms"),
    Part.HOLIDAYS: N_("Holidays"),
    Part.TIMETABLE: N_("Timetable"),
    Part.LETTERS: N_("Marks of the roll"),
}
COUNT_WORDS: Final[Mapping[str, str]] = {
    **{part.value: word for part, word in PART_WORDS.items()},
    "grace_min": N_("Minutes after the bell"),
}
WEEKDAY_WORDS: Final = ("T2", "T3", "T4", "T5", "T6", "T7", "CN")


class PartChange(NamedTuple):
    """What becomes of a part: how many lines there are, will be, come and go."""

    part: Part
    before: int
    after: int
    fresh: int
    gone: int


def changes_of(schedule: Schedule, plan: SchoolPlan) -> list[PartChange]:
    """What would change, of each part that was read."""
    letters = schedule.letters
    parts: Sequence[tuple[Part, Iterable[object], Iterable[object] | None]] = (
        (Part.BELLS, map(_bell, plan.bells), _keys(_bell, schedule.bells)),
        (Part.TERMS, plan.terms, schedule.terms),
        (Part.HOLIDAYS, plan.holidays, schedule.holidays),
        (Part.TIMETABLE, map(_booking, plan.timetable), _keys(_booking, schedule.timetable)),
        (Part.LETTERS, plan.letters.items(), None if letters is None else letters.items()),
    )
    return [_change(part, {*old}, {*new}) for part, old, new in parts if new is not None]


def _keys(
    key: Callable[[Bell], object] | Callable[[Booking], object], lines: Sequence[object] | None
) -> list[object] | None:
    return None if lines is None else [key(line) for line in lines]  # type: ignore[arg-type]


def _change(part: Part, old: set[object], new: set[object]) -> PartChange:
    return PartChange(part, len(old), len(new), len(new - old), len(old - new))


def _bell(bell: Bell) -> object:
    return bell.period, bell.begins, bell.ends, tuple(sorted(bell.weekdays))


def _booking(booking: Booking) -> object:
    classes = tuple(sorted(map(class_key, booking.classes)))
    return (
        *(booking.weekday, booking.period, room_code(booking.room), classes),
        *(booking.subject, booking.teacher, booking.weeks),
    )


def days_word(days: Iterable[int]) -> str:
    """The days of the week, in short."""
    return ", ".join(WEEKDAY_WORDS[day - 1] for day in sorted(days))
