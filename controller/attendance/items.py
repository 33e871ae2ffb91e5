"""This file holds the shapes of a class's sheet and its logbook's lines, as the API tells them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel

from controller.attendance.papers import note_of
from controller.attendance.sheet import Attendance
from controller.fleet.items import LessonItem, lesson_item
from protocol.model import AttendanceStatus


class Paper(StrEnum):
    """How a class's attendance is written."""

    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class PupilItem(BaseModel):
    """One pupil's line; days in the order of the sheet's, null where no roll was confirmed."""

    number: int
    student: str
    name: str
    days: list[AttendanceStatus | None]
    letters: list[str]
    excused: int
    unexcused: int
    late: int


class LogbookItem(BaseModel):
    """One lesson's line for the class's logbook."""

    lesson: LessonItem
    absent: list[str]
    note: str


class AttendanceItem(BaseModel):
    """A class's sheet of some days, and its lessons."""

    class_code: str
    days: list[str]
    pupils: list[PupilItem]
    lessons: list[LogbookItem]


def attendance_item(told: Attendance) -> AttendanceItem:
    """The sheet as the API shows it."""
    pupils = [
        PupilItem(
            number=line.number,
            student=line.student,
            name=line.name,
            days=list(line.days),
            letters=[told.sheet.letter(each) for each in line.days],
            excused=line.count(AttendanceStatus.ABSENT_EXCUSED),
            unexcused=line.count(AttendanceStatus.ABSENT_UNEXCUSED),
            late=line.count(AttendanceStatus.LATE),
        )
        for line in told.sheet.lines
    ]
    lessons = [
        LogbookItem(
            lesson=lesson_item(each.lesson),
            absent=list(each.absent),
            note=note_of(each.lesson.how, each.lesson.confirmed, each.lesson.substitute),
        )
        for each in told.logbook
    ]
    return AttendanceItem(
        class_code=told.sheet.class_code, days=list(told.sheet.days), pupils=pupils, lessons=lessons
    )
