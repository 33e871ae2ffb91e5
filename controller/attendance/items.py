"""This file holds the shapes of a class's sheet and its logbook's lines, as the API tells them."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field

from controller.attendance.lessons import StoredMark, figures_of
from controller.attendance.papers import note_of
from controller.attendance.sheet import Attendance, CorrectionLine
from controller.fleet.records import LessonRecord
from controller.web.items import Moment, RecordItem
from protocol.messages import Ending
from protocol.model import AttendanceStatus, Method, iso, iso_or_none


class Paper(StrEnum):
    """How a class's attendance is written."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class PupilItem(BaseModel):
    """One pupil's line; days in the order of the sheet's, null where no roll was confirmed.

    signs: each day as the sheet has it, its half-days parted by a slash: a letter, a dot
    (present), a dash (no roll), ? (not confirmed), empty (no lesson). The sums count half-days.
    """

    number: int
    student: str
    name: str
    days: list[AttendanceStatus | None]
    letters: list[str]
    excused: int
    unexcused: int
    late: int
    left_early: int
    signs: list[str]


class LogbookItem(BaseModel):
    """One lesson's line for the class's logbook."""

    lesson: LessonItem
    absent: list[str]
    note: str


class CorrectionItem(BaseModel):
    """A mark that the school corrected after the lesson.

    was: null where there was none; status: null where the room's own mark counts again.
    """

    correction: str
    at: str
    lesson: str
    date: str
    student: str
    was: AttendanceStatus | None
    status: AttendanceStatus | None
    reason: str
    note: str
    account: str


class AttendanceItem(BaseModel):
    """A class's sheet of some days, its lessons, and its corrections, the newest first."""

    class_code: str
    days: list[str]
    pupils: list[PupilItem]
    lessons: list[LogbookItem]
    corrections: list[CorrectionItem] = []


def attendance_item(attendance: Attendance) -> AttendanceItem:
    """The sheet as the API shows it."""
    pupils = [
        PupilItem(
            number=line.number,
            student=line.student,
            name=line.name,
            days=list(line.days),
            letters=[attendance.sheet.letter(day) for day in line.days],
            excused=line.count(AttendanceStatus.ABSENT_EXCUSED),
            unexcused=line.count(AttendanceStatus.ABSENT_UNEXCUSED),
            late=line.count(AttendanceStatus.LATE),
            left_early=line.count(AttendanceStatus.LEFT_EARLY),
            signs=[attendance.sheet.sign(cells) for cells in line.halves],
        )
        for line in attendance.sheet.lines
    ]
    lessons = [
        LogbookItem(
            lesson=lesson_item(logbook_line.lesson),
            absent=list(logbook_line.absent),
            note=note_of(logbook_line),
        )
        for logbook_line in attendance.logbook
    ]
    return AttendanceItem(
        class_code=attendance.sheet.class_code,
        days=list(attendance.sheet.days),
        pupils=pupils,
        lessons=lessons,
        corrections=[*map(_correction_item, attendance.corrections)],
    )


def _correction_item(line: CorrectionLine) -> CorrectionItem:
    record = line.record
    return CorrectionItem(
        correction=record.event_id,
        at=iso(record.received_ms),
        lesson=record.lesson,
        date=record.day,
        student=record.student,
        was=record.was,
        status=record.status,
        reason=record.reason,
        note=record.note,
        account=record.actor,
    )


class LessonItem(BaseModel):
    """A lesson, without any pupil. how is null while it runs; total, present ... with its roll.

    estimated: its day and times, because the room's clock was wrong.
    """

    lesson: str
    room: str
    school: str
    agent_id: str
    classes: list[str]
    period: int | None
    subject: str
    substitute: bool
    date: str
    began: str | None
    ended: str | None
    how: Ending | None
    confirmed: bool
    total: int | None
    present: int | None
    absent: int | None
    late: int | None
    estimated: bool


class MarkItem(RecordItem):
    """A pupil's mark, told alone. date: the school's local date.

    status: what counts now, by the lesson's sheet: a later word of its room, or (corrected) the
    school's. told: as it was told then. counts: false where no mark of the pupil counts in the
    lesson, such as one that was tapped in a roll that nobody has confirmed; status is told then.
    """

    event_id: str
    student: str
    status: AttendanceStatus
    method: Method
    at: Moment
    room: str
    agent_id: str
    school: str
    lesson: str | None
    date: str = Field(validation_alias="day")
    received_at: Moment
    told: AttendanceStatus = Field(validation_alias="status")
    counts: bool = True
    corrected: bool = False

    @classmethod
    def counted(cls, mark: StoredMark) -> Self:
        """The mark as the API shows it."""
        record, *now = mark
        return cls.of(record).model_copy(update=dict(zip(StoredMark._fields[1:], now, strict=True)))


def lesson_item(record: LessonRecord) -> LessonItem:
    """A lesson as the lists show it."""
    figures = figures_of(record)
    counted = (
        figures._asdict() if figures else dict.fromkeys(("total", "present", "absent", "late"))
    )
    return LessonItem(
        lesson=record.lesson,
        room=record.room,
        school=record.place.school,
        agent_id=record.place.agent,
        classes=list(record.classes),
        period=record.period,
        subject=record.subject,
        substitute=record.substitute,
        date=record.day,
        began=iso_or_none(record.began_ms),
        ended=iso_or_none(record.ended_ms),
        how=record.how,
        confirmed=record.confirmed,
        estimated=record.estimated,
        **counted,
    )
