"""This file lays one lesson of a class out: each pupil's mark, and how it came to be that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from controller.attendance.correction import CorrectionRecord, seen_of
from controller.attendance.lessons import (
    Figures,
    LessonEntry,
    LessonMarks,
    figures_of,
    in_order,
    parted,
    sheet_of,
)
from controller.attendance.said import RoomWord, Voucher, said_in_room
from controller.attendance.sheet import LETTERS, CorrectionLine, correction_lines
from controller.attendance.store import is_of_class, lesson_at, log_of, missed_at
from controller.fleet.records import LessonRecord, Logged, RollRecord
from controller.roster.members import ClassMember, members_of
from controller.roster.store import plan_of
from controller.teachers.store import name_of
from protocol.messages import Proof
from protocol.model import AttendanceStatus, Place


class MarkLine(NamedTuple):
    """A pupil's mark in a lesson. room: what the room itself says, where another counts.

    tapped: what was tapped in a roll that the room has not confirmed.
    """

    number: int
    student: str
    name: str
    status: AttendanceStatus | None
    room: AttendanceStatus | None
    last: CorrectionRecord | None
    tapped: AttendanceStatus | None = None

    @property
    def seen(self) -> str:
        """The mark as a page shows it."""
        return seen_of(self.status, self.last)

    @property
    def is_corrected(self) -> bool:
        """Whether the school's mark counts, and not the room's."""
        return bool(self.last and self.last.status)


class ClassLesson(NamedTuple):
    """One lesson of a class. letters: how the school writes each mark.

    entered: the school gave the marks, for the room has not confirmed its roll.
    """

    lesson: LessonRecord
    class_code: str
    figures: Figures | None
    confirmed: bool
    entered: bool
    lines: Sequence[MarkLine]
    corrections: Sequence[CorrectionLine]
    letters: Mapping[AttendanceStatus, str]
    confirmer: Voucher | None = None
    said: Sequence[RoomWord] = ()


def class_lesson_of(
    db: Connection, place: Place, lesson: str, class_code: str
) -> ClassLesson | None:
    """What is stored of a class's lesson at an agent; None for one that is not there."""
    record = lesson_at(db, place, lesson)
    if record is None or not is_of_class(record, class_code):
        record = missed_at(db, place, lesson, class_code)
    if record is None:
        return None
    school = Place(place.province, place.school)
    members = members_of(db, school, class_code, record.day, record.day)
    entries = log_of(db, place, [lesson])
    letters = {**LETTERS, **plan_of(db, school).letters}
    sheet = laid_out(record, class_code, members, entries, letters)
    log = in_order(parted(entries)[0])
    vouchers = {one.event_id: _voucher(db, school, one) for one in log if one.proof}
    rolls = [one for one in log if isinstance(one, RollRecord)]
    is_open = not rolls or rolls[-1].reopened
    names = {member.student: member.name or member.student for member in members}
    return sheet._replace(
        confirmer=None if is_open else vouchers.get(rolls[-1].event_id),
        said=said_in_room(log, class_code, names, vouchers),
    )


def _voucher(db: Connection, school: Place, record: Logged) -> Voucher:
    code = record.teacher or ""
    name = (name_of(db, school, code) or code) if code else ""
    return Voucher(name, record.proof or Proof.NONE)


def laid_out(
    lesson: LessonRecord,
    class_code: str,
    members: Sequence[ClassMember],
    entries: Iterable[LessonEntry],
    letters: Mapping[AttendanceStatus, str],
) -> ClassLesson:
    """The pupils of that day in the book's order, then who was marked and never on its list."""
    records, corrections = parted(entries)
    sheet = sheet_of([*records, *corrections])
    names = {member.student: member.name or member.student for member in members}
    ours = [one for one in corrections if one.class_code == class_code]
    return ClassLesson(
        lesson,
        class_code,
        figures_of(lesson, class_code),
        sheet.confirmed,
        sheet.is_entered(class_code),
        tuple(_lines(class_code, members, sheet)),
        correction_lines(ours, names),
        letters,
    )


def _lines(
    class_code: str, members: Sequence[ClassMember], sheet: LessonMarks
) -> Iterable[MarkLine]:
    every = {**sheet.tapped, **sheet.marks}
    marked = [student for student, mark in every.items() if mark.class_code == class_code]
    gone = sorted({*marked} - {member.student for member in members})
    last_number = max((member.number for member in members), default=0)
    listed = [(member.number, member.student, member.name) for member in members]
    listed += [(number, student, "") for number, student in enumerate(gone, last_number + 1)]
    for number, student, name in listed:
        room, tapped = sheet.room.get(student), sheet.tapped.get(student)
        yield MarkLine(
            number,
            student,
            name,
            sheet.status_of(student),
            room.status if room else None,
            sheet.corrections.get(student),
            tapped.status if tapped else None,
        )
