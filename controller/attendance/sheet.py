"""This file lays attendance out as schools write it: the class's sheet, and the logbook's lines.

The sheet is the attendance part of the roll book (so goi ten): number, name, a column a day, sums.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from controller.attendance.lessons import Figures, figures_of, sheet_of
from controller.attendance.store import lessons_of, log_of
from controller.database.store import Store
from controller.fleet.records import LessonRecord, Logged
from controller.roster.members import ClassMember, members_of
from controller.roster.plan import class_spelling
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


class PupilLine(NamedTuple):
    """One pupil's line: the day's mark by day (None: no roll), and how often each letter stands."""

    number: int
    student: str
    name: str
    days: tuple[AttendanceStatus | None, ...]

    def count(self, status: AttendanceStatus) -> int:
        """How many days have this mark."""
        return self.days.count(status)


class ClassSheet(NamedTuple):
    """A class's sheet of some days. letters: how the school writes each mark."""

    class_code: str
    days: tuple[str, ...]
    lines: tuple[PupilLine, ...]
    letters: Mapping[AttendanceStatus, str] = LETTERS

    def letter(self, status: AttendanceStatus | None) -> str:
        """The mark as the school writes it; empty where there was no roll."""
        return self.letters[status] if status else ""


class LogbookLine(NamedTuple):
    """What one lesson gives to the class's logbook (so ghi dau bai)."""

    lesson: LessonRecord
    figures: Figures | None
    absent: tuple[str, ...]


class Attendance(NamedTuple):
    """A class's sheet, and its lessons' lines."""

    sheet: ClassSheet
    logbook: tuple[LogbookLine, ...]


def attendance_of(
    store: Store, scope: Place, class_code: str, since: str, until: str
) -> Attendance:
    """What is stored of a class in these local days, both among them. Raises StoreError."""
    school = store.read(plan_of, scope)
    class_code = class_spelling(school.classes)(class_code)
    held = [
        lesson_record
        for lesson_record in store.read(lessons_of, scope, since, until)
        if (class_code in lesson_record.classes or class_code in lesson_record.counts)
        and lesson_record.how is not Ending.UNDONE
    ]
    log = store.read(log_of, scope, [lesson_record.lesson for lesson_record in held])
    members = store.read(members_of, scope, class_code, since, until)
    days = days_of(since, until)
    return laid_out(class_code, days, members, held, log, letters=school.letters)


def days_of(since: str, until: str) -> tuple[str, ...]:
    """The days from one to another, MAX_DAYS at most."""
    first, last = date.fromisoformat(since), date.fromisoformat(until)
    count = min((last - first).days + 1, MAX_DAYS)
    return tuple((first + timedelta(days=number)).isoformat() for number in range(count))


def laid_out(
    class_code: str,
    days: Sequence[str],
    members: Sequence[ClassMember],
    lessons: Iterable[LessonRecord],
    log: Iterable[Logged],
    *,
    letters: Mapping[AttendanceStatus, str],
) -> Attendance:
    """The sheet and the logbook's lines; names are put in here, and stand nowhere else.

    members: who was in the class on these days. letters: those that the school writes otherwise.
    """
    names = {member.student: member.name or member.student for member in members}
    letters = {**LETTERS, **letters}
    by_lesson = defaultdict[tuple[Place, str | None], list[Logged]](list)
    for record in log:
        by_lesson[record.place, record.lesson].append(record)
    marks = defaultdict[str, dict[str, list[AttendanceStatus]]](lambda: defaultdict(list))
    lines = []
    for lesson in lessons:
        lesson_marks = sheet_of(by_lesson[lesson.place, lesson.lesson]).marks
        ours = {
            student: mark.status
            for student, mark in lesson_marks.items()
            if mark.class_code == class_code or (not mark.class_code and student in names)
        }
        for student, status in ours.items():
            marks[student][lesson.day].append(status)
        away = [
            f"{names.get(student, student)} ({letters[status]})"
            for student, status in ours.items()
            if status in {AttendanceStatus.ABSENT_EXCUSED, AttendanceStatus.ABSENT_UNEXCUSED}
        ]
        lines.append(LogbookLine(lesson, figures_of(lesson, class_code), tuple(away)))
    sheet = ClassSheet(class_code, tuple(days), tuple(_lines(members, marks, days)), letters)
    return Attendance(sheet, tuple(lines))


def _lines(
    members: Sequence[ClassMember],
    marks: Mapping[str, Mapping[str, Sequence[AttendanceStatus]]],
    days: Sequence[str],
) -> Iterable[PupilLine]:
    """Who was in the class in the book's order, then those who were marked and never were."""
    listed = [(member.number, member.student, member.name) for member in members]
    students = {member.student for member in members}
    last = max((member.number for member in members), default=0)
    gone = sorted(marks.keys() - students)
    listed += [(number, student, "") for number, student in enumerate(gone, last + 1)]
    for number, student, name in listed:
        pupil_marks = marks.get(student, {})
        yield PupilLine(
            number, student, name, tuple(_gravest(pupil_marks.get(day, ())) for day in days)
        )


def _gravest(statuses: Sequence[AttendanceStatus]) -> AttendanceStatus | None:
    return min(statuses, key=_GRAVEST.index, default=None)
