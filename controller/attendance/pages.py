"""This file serves the rolls: today's in figures; a class's sheet, to those whose class it is."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from functools import partial
from typing import Final

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from controller.access.gate import gate_of
from controller.attendance.absences import absences_of
from controller.attendance.lesson_pages import add_lesson
from controller.attendance.lessons import figures_of, is_entered
from controller.attendance.missed import missed_on
from controller.attendance.morning import mornings_of
from controller.attendance.papers import legend
from controller.attendance.refusals import class_unknown
from controller.attendance.sheet import attendance_of
from controller.attendance.store import lessons_of
from controller.attendance.watch import long_away, without_roll
from controller.attendance.words import ENTERED, correction_words, lesson_words
from controller.attendance.year import YEAR_DAYS, Danger, often_away, still_here, year_begin
from controller.feature import Program
from controller.fleet.records import LessonRecord
from controller.people.person import Permission
from controller.roster.store import plan_of
from controller.sheets.names import natural
from controller.web.page import PageRenderer
from controller.web.paging import Day
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.messages import Ending
from protocol.model import instant
from protocol.words import N_

_WEEK_DAYS: Final = 6  # Monday to Saturday


class TakenLesson:
    """A lesson of a class, as the day's list shows it: its figures and how its roll stands."""

    def __init__(self, record: LessonRecord, class_code: str) -> None:
        self.record = record
        self.figures = figures_of(record, class_code)
        if record.confirmed:
            self.state, self.status = N_("taken"), "ok"
        elif is_entered(record, class_code):
            self.state, self.status = ENTERED, "ok"
        elif record.how is None:
            self.state, self.status = N_("not taken yet"), "unknown"
        else:
            self.state, self.status = N_("not confirmed"), "warning"


def pages(program: Program) -> FeatureRouter:
    """The pages of attendance."""
    router = FeatureRouter()
    screens, gate = program.service(PageRenderer), program.service(gate_of)
    store = program.store
    add_lesson(router, program)

    @router.get("/attendance")
    @needs(Permission.MARKS, Permission.SCHOOL, in_parts=True)
    async def today(request: Request, day: Day = "") -> Response:
        person, chosen = person_of(request), day or screens.today()
        scope = person.part_of(program.school)
        records = await run_in_threadpool(store.read, lessons_of, scope, chosen, chosen)
        school = await run_in_threadpool(store.read, plan_of, scope)
        by_class = taken(records)
        now = instant(program.now_ms()).astimezone(program.zone)
        is_today = chosen == now.date().isoformat()
        missing = without_roll(school, records, now) if is_today else []
        mornings = await run_in_threadpool(
            mornings_of, store, scope, school, records, chosen, now=now, has_class=person.has_class
        )
        unexcused = [morning for morning in mornings if morning.unexcused]
        missed = defaultdict[str, list[LessonRecord]](list)
        for lesson in missed_on(school, records, program.school, chosen, now):
            missed[lesson.classes[0]].append(lesson)
        names = person.may(Permission.MARKS)
        if names and unexcused:
            codes_named = "+".join(morning.class_code for morning in unexcused)
            await run_in_threadpool(gate.note, request, "sheet", f"{codes_named} {chosen} {chosen}")
        codes = sorted(
            {school_class.code for school_class in school.classes} | by_class.keys(), key=natural
        )
        return screens.page(
            request,
            "attendance.html",
            day=chosen,
            classes=[(code, by_class.get(code, [])) for code in codes if person.has_class(code)],
            missed=missed,
            may_enter=names and person.may(Permission.CORRECT),
            missing=[one for one in missing if any(map(person.has_class, one.classes))],
            mornings=mornings,
            unexcused=unexcused,
            names=names,
            is_past=chosen < now.date().isoformat(),
            before=_moved(chosen, -1),
            after=_moved(chosen, 1),
        )

    @router.get("/absences")
    @needs(Permission.MARKS, in_parts=True)
    async def absences(request: Request) -> Response:
        person, day = person_of(request), screens.today()
        scope = person.part_of(program.school)
        school = await run_in_threadpool(store.read, plan_of, scope)
        codes = sorted((one.code for one in school.classes), key=natural)
        now = instant(program.now_ms()).astimezone(program.zone)
        read = partial(absences_of, now=now)
        found = await run_in_threadpool(read, store, scope, filter(person.has_class, codes), day)
        named = "+".join(one.class_code for one in found) or "-"
        begin = year_begin(school, day)
        await run_in_threadpool(gate.note, request, "sheet", f"{named} {begin} {day}")
        return screens.page(
            request, "absences.html", day=day, found=found, over=Danger.OVER, near=Danger.NEAR
        )

    @router.get("/attendance/{code:path}")
    @needs(Permission.MARKS, in_parts=True)
    async def class_sheet(request: Request, code: str, week: Day = "") -> Response:
        monday = _monday(week or screens.today())
        last = _moved(monday, _WEEK_DAYS - 1)
        person = person_of(request)
        scope = person.part_of(program.school)
        if not person.has_class(code):
            return screens.error(request, class_unknown())
        await run_in_threadpool(gate.note, request, "sheet", f"{code[:64]} {monday} {last}")
        now = instant(program.now_ms()).astimezone(program.zone)
        read = partial(attendance_of, store, scope, code[:64], now=now)
        attendance = await run_in_threadpool(read, monday, last)
        school = await run_in_threadpool(store.read, plan_of, scope)
        begin = year_begin(school, last)
        whole = await run_in_threadpool(partial(read, begin, last, most_days=YEAR_DAYS))
        year = still_here(whole.sheet, attendance.sheet)
        return screens.page(
            request,
            "sheet.html",
            told=attendance,
            lesson_words=lesson_words,
            correction_words=correction_words,
            legend=legend(attendance.sheet, screens.say(request)),
            long_away=long_away(year),
            often_away=often_away(year),
            over=Danger.OVER,
            month=month_of(monday),
            monday=monday,
            last=last,
            before=_moved(monday, -7),
            after=_moved(monday, 7),
        )

    return router


def taken(records: list[LessonRecord]) -> dict[str, list[TakenLesson]]:
    """A day's lessons by class; those whose start was undone are left out."""
    by_class = defaultdict[str, list[TakenLesson]](list)
    for record in records:
        if record.how is not Ending.UNDONE:
            for code in record.classes or tuple(record.counts):
                by_class[code].append(TakenLesson(record, code))
    return dict(by_class)


def month_of(day: str) -> tuple[str, str]:
    """The first and the last day of the day's month."""
    first = date.fromisoformat(day).replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return first.isoformat(), (following - timedelta(days=1)).isoformat()


def _moved(day: str, by: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=by)).isoformat()


def _monday(day: str) -> str:
    return _moved(day, -date.fromisoformat(day).weekday())
