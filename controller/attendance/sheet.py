"""This file lays attendance out as schools write it: the class's sheet, and the logbook's lines.

The sheet is the attendance part of the roll book (so goi ten): number, name, a column a day, sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from controller.attendance.correction import CorrectionRecord
from controller.attendance.halves import Half, HalfDay, RollState, half_of, states_of
from controller.attendance.lessons import (
    AWAY,
    Figures,
    LessonEntry,
    LessonMarks,
    by_lesson_of,
    figures_of,
    parted,
    sheet_of,
)
from controller.attendance.store import lessons_of_class, log_of
from controller.database.store import Store
from controller.fleet.records import LessonRecord
from controller.roster.members import ClassMember, memberships_of
from controller.roster.plan import SchoolPlan, class_spelling
from controller.roster.store import plan_of
from protocol.messages import Ending
from protocol.model import AttendanceStatus, Place

MAX_DAYS: Final = 92  # a term is asked for in parts
LETTERS: Final[Mapping[AttendanceStatus, str]] = {
    AttendanceStatus.PRESENT: "",
    AttendanceStatus.ABSENT_EXCUSED: "P",
    AttendanceStatus.ABSENT_UNEXCUSED: "K",
    AttendanceStatus.LATE: "M",
    AttendanceStatus.LEFT_EARLY: "S",
}
# Of a day's lessons the gravest mark stands in its cell.
_GRAVEST: Final = (
    AttendanceStatus.ABSENT_UNEXCUSED,
    AttendanceStatus.ABSENT_EXCUSED,
    AttendanceStatus.LEFT_EARLY,
    AttendanceStatus.LATE,
    AttendanceStatus.PRESENT,
)


Cell = AttendanceStatus | RollState | None  # None: no lesson then, or not of the class yet
NOT_TAKEN: Final = "\u2013"  # no hyphen: a spreadsheet would take it for a formula
UNCONFIRMED: Final = "?"
HERE: Final = "·"


class PupilLine(NamedTuple):
    """One pupil's line. halves: by day, a cell for each half-day on which the class learned."""

    number: int
    student: str
    name: str
    halves: tuple[tuple[Cell, ...], ...]

    @property
    def days(self) -> tuple[AttendanceStatus | None, ...]:
        """The gravest mark of each day; None where no roll was confirmed."""
        return tuple(map(_gravest, map(_marks_in, self.halves)))

    def count(self, status: AttendanceStatus) -> int:
        """How many half-days have this mark."""
        return sum(day.count(status) for day in self.halves)

    @property
    def away(self) -> int:
        """For how many half-days the pupil was away, with leave or without."""
        return sum(map(self.count, AWAY))


class ClassSheet(NamedTuple):
    """A class's sheet of some days. letters: how the school writes each mark."""

    class_code: str
    days: tuple[str, ...]
    lines: tuple[PupilLine, ...]
    letters: Mapping[AttendanceStatus, str] = LETTERS

    def letter(self, status: AttendanceStatus | None) -> str:
        """The mark as the school writes it; empty where there was no roll."""
        return self.letters[status] if status else ""

    def sign(self, cells: Sequence[Cell]) -> str:
        """A day's cell: present, no roll, not confirmed and no lesson are four things."""
        if not any(cells):
            return ""
        return "/".join(map(self._sign, cells))

    def _sign(self, cell: Cell) -> str:
        match cell:
            case None:
                return ""
            case RollState.NOT_TAKEN:
                return NOT_TAKEN
            case RollState.UNCONFIRMED:
                return UNCONFIRMED
            case AttendanceStatus():
                return self.letters[cell] or HERE


class LogbookLine(NamedTuple):
    """What one lesson gives to the class's logbook (so ghi dau bai)."""

    lesson: LessonRecord
    figures: Figures | None
    absent: tuple[str, ...]


class CorrectionLine(NamedTuple):
    """A correction, and whose mark it is of; the name is the code where none is kept."""

    record: CorrectionRecord
    name: str


class Attendance(NamedTuple):
    """A class's sheet, its lessons' lines, and what the school corrected, the newest first."""

    sheet: ClassSheet
    logbook: tuple[LogbookLine, ...]
    corrections: tuple[CorrectionLine, ...] = ()


def attendance_of(
    store: Store,
    scope: Place,
    class_code: str,
    since: str,
    until: str,
    *,
    now: datetime,
    most_days: int = MAX_DAYS,
) -> Attendance:
    """What is stored of a class in these local days, both among them. Raises StoreError.

    now: the school's time in its zone.
    """
    school = store.read(plan_of, scope)
    class_code = class_spelling(school.classes)(class_code)
    held = [
        lesson_record
        for lesson_record in store.read(lessons_of_class, scope, class_code, since, until)
        if lesson_record.how is not Ending.UNDONE
    ]
    log = store.read(log_of, scope, [lesson_record.lesson for lesson_record in held])
    members = store.read(memberships_of, scope, class_code, since, until)
    days = days_of(since, until, most_days)
    return laid_out(class_code, days, members, held, log, plan=school, now=now)


def days_of(since: str, until: str, most: int = MAX_DAYS) -> tuple[str, ...]:
    """The days from one to another, so many at most."""
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    count = min((last - first).days + 1, most)
    return tuple((first + timedelta(days=number)).isoformat() for number in range(count))


def laid_out(
    class_code: str,
    days: Sequence[str],
    members: Sequence[ClassMember],
    lessons: Sequence[LessonRecord],
    log: Iterable[LessonEntry],
    *,
    plan: SchoolPlan,
    now: datetime,
) -> Attendance:
    """The sheet and the logbook's lines; names are put in here, and stand nowhere else.

    members: who was in the class on these days, in the order of time.
    plan: the school's letters, bells and timetable. now: the school's time in its zone.
    """
    names = {member.student: member.name or member.student for member in members}
    letters = {**LETTERS, **plan.letters}
    entries = [*log]
    by_lesson = by_lesson_of(entries)
    marks = defaultdict[str, dict[Half, list[AttendanceStatus]]](lambda: defaultdict(list))
    lines = []
    for lesson in lessons:
        lesson_marks = sheet_of(by_lesson.get((lesson.place, lesson.lesson), ()))
        ours = statuses_of(lesson_marks, class_code, names)
        half = half_of(lesson, plan, now.tzinfo)
        for student, status in ours.items():
            marks[student][half].append(status)
        away = [
            f"{names.get(student, student)} ({letters[status]})"
            for student, status in ours.items()
            if status in AWAY
        ]
        lines.append(LogbookLine(lesson, figures_of(lesson, class_code), tuple(away)))
    states = states_of(class_code, days, lessons, plan, now)
    pupil_lines = tuple(_lines(members, marks, days, states))
    sheet = ClassSheet(class_code, tuple(days), pupil_lines, letters)
    corrections = [one for one in parted(entries)[1] if one.class_code == class_code]
    return Attendance(sheet, tuple(lines), correction_lines(corrections, names))


def correction_lines(
    corrections: Iterable[CorrectionRecord], names: Mapping[str, str]
) -> tuple[CorrectionLine, ...]:
    """The corrections, the newest first; names: of the pupils."""
    ordered = sorted(corrections, key=lambda record: record.number, reverse=True)
    return tuple(CorrectionLine(one, names.get(one.student, one.student)) for one in ordered)


def statuses_of(
    lesson: LessonMarks, class_code: str, students: Container[str]
) -> dict[str, AttendanceStatus]:
    """The marks of one class in a lesson. students: the class's, for marks that name no class."""
    return {
        student: mark.status
        for student, mark in lesson.marks.items()
        if mark.class_code == class_code or (not mark.class_code and student in students)
    }


def _lines(
    members: Sequence[ClassMember],
    marks: Mapping[str, Mapping[Half, Sequence[AttendanceStatus]]],
    days: Sequence[str],
    states: Mapping[Half, RollState],
) -> Iterable[PupilLine]:
    """Who was in the class in the book's order, then those who were marked and never were."""
    spans = defaultdict[str, list[ClassMember]](list)
    for member in members:
        spans[member.student].append(member)
    latest = sorted((of_one[-1] for of_one in spans.values()), key=_in_book)
    last = max((member.number for member in latest), default=0)
    gone = sorted(marks.keys() - spans.keys())
    listed = [(one.number, one.student, one.name) for one in latest]
    listed += [(number, student, "") for number, student in enumerate(gone, last + 1)]
    for number, student, name in listed:
        own, was_in = marks.get(student, {}), spans.get(student, ())
        halves = (_cells(day, own, states, was_there=_was_there(was_in, day)) for day in days)
        yield PupilLine(number, student, name, tuple(halves))


def _cells(
    day: str,
    marks: Mapping[Half, Sequence[AttendanceStatus]],
    states: Mapping[Half, RollState],
    *,
    was_there: bool,
) -> tuple[Cell, ...]:
    """A cell for each half of the day that has lessons, in order."""
    halves = [half for half in (Half(day, name) for name in HalfDay) if half in states]
    return tuple(
        _gravest(marks.get(half, ())) or (states[half] if was_there else None) for half in halves
    )


def _in_book(member: ClassMember) -> tuple[int, str, str]:
    return member.number, member.since, member.student


def _was_there(spans: Iterable[ClassMember], day: str) -> bool:
    return any(one.since <= day and (one.until is None or day < one.until) for one in spans)


def _marks_in(cells: Iterable[Cell]) -> list[AttendanceStatus]:
    return [cell for cell in cells if isinstance(cell, AttendanceStatus)]


def _gravest(statuses: Sequence[AttendanceStatus]) -> AttendanceStatus | None:
    return min(statuses, key=_GRAVEST.index, default=None)
