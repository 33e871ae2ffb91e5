"""This file answers programs: lessons, and what a class's pupils were marked as."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request, Response

from controller.access.gate import gate_of
from controller.attendance.items import (
    AttendanceItem,
    LessonItem,
    MarkItem,
    Paper,
    attendance_item,
    lesson_item,
)
from controller.attendance.lessons import as_they_count
from controller.attendance.papers import as_csv as sheet_csv
from controller.attendance.papers import as_xlsx, name_of
from controller.attendance.refusals import class_unknown
from controller.attendance.sheet import Attendance, attendance_of, days_of
from controller.attendance.store import lessons_of, log_of, marks_of
from controller.feature import Program
from controller.people.person import Permission
from controller.web.downloads import CSV, XLSX, attachment, files
from controller.web.items import Listing
from controller.web.paging import ERRORS, Cursor, Day, From, Limit, Until, page_of
from controller.web.refusals import HttpError, decode_cursor, encode_cursor
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import instant
from protocol.words import N_

_ATTENDANCE: Final = files(CSV, XLSX, model=Listing[MarkItem] | AttendanceItem)


def api(program: Program) -> FeatureRouter:
    """Lessons in figures; marks to those whose classes they are."""
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)
    store, name = program.store, program.name
    gate = program.service(gate_of)

    @router.get("/lessons")
    @needs(Permission.SCHOOL, in_parts=True)
    def lessons(request: Request, since: From, until: Until) -> list[LessonItem]:
        """Lessons with their figures, by day and begin; no pupil is named.

        The last day is not before the first.
        """
        scope = person_of(request).part_of(program.school)
        found = store.read(lessons_of, scope, since, _term(since, until))
        return [lesson_item(lesson_record) for lesson_record in found]

    @router.get("/attendance", response_model=None, responses=_ATTENDANCE)
    @needs(Permission.MARKS, in_parts=True)
    def attendance(
        request: Request,
        *,
        class_code: Annotated[str, Query(alias="class", max_length=64)] = "",
        since: Annotated[Day, Query(alias="from")] = "",
        until: Annotated[Day, Query(alias="to")] = "",
        format: Paper = Paper.JSON,  # noqa: A002
        date: Day = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Listing[MarkItem] | AttendanceItem | Response:
        """A class's sheet and logbook of some days; without a class, single marks as they count."""
        person = person_of(request)
        scope = person.part_of(program.school)
        if not person.has_class(class_code):
            raise class_unknown()
        if not class_code:
            gate.note(request, "marks", date)
            (after,) = decode_cursor(cursor, int) if cursor else (0,)
            records = store.read(marks_of, scope, day=date, after=after, limit=limit + 1)
            last = records[:limit][-1].no if records else 0
            taught = sorted({record.lesson for record in records if record.lesson})
            marks = as_they_count(records, store.read(log_of, scope, taught))
            items = [*map(MarkItem.counted, marks)]
            return page_of(items, limit, lambda _: encode_cursor(last))
        if not since or not until:
            raise HttpError(
                422, "days_missing", N_("Which days?"), N_("Give from and to as yyyy-mm-dd.")
            )
        gate.note(request, f"attendance {format}", f"{class_code} {since} {until}")
        now = instant(program.now_ms()).astimezone(program.zone)
        term_attendance = attendance_of(
            store, scope, class_code, since, _term(since, until), now=now
        )
        return _papered(term_attendance, format, name)

    return router


def _papered(attendance: Attendance, paper: Paper, name: str) -> AttendanceItem | Response:
    headers = attachment(name_of(attendance.sheet, paper))
    match paper:
        case Paper.JSON:
            return attendance_item(attendance)
        case Paper.CSV:
            return Response(sheet_csv(attendance, name), media_type=CSV, headers=headers)
        case Paper.XLSX:
            return Response(as_xlsx(attendance, name), media_type=XLSX, headers=headers)


def _term(since: str, until: str) -> str:
    """The last day of what was asked for. Raises HttpError if it lies before the first."""
    if until < since:
        raise HttpError(
            422, "days_reversed", N_("The last day lies before the first."), N_("Swap from and to.")
        )
    return min(until, days_of(since, until)[-1])
