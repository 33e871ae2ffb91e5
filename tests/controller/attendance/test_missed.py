"""Of a lesson of the timetable that no room told of, the office gives the roll."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.attendance.correction import CorrectionReason, CorrectionWish, RollWish, seen_of
from controller.attendance.lessons import figures_of, sheet_of
from controller.attendance.missed import missed_on, without_doubles
from controller.attendance.sheet import attendance_of
from controller.attendance.store import enter_roll, lessons_of, log_of
from controller.database.store import Store
from controller.evidence.signatures import is_signed
from controller.evidence.store import evidence_of
from controller.evidence.verdict import verdict_on
from controller.features import keep_batch
from controller.fleet.records import LessonRecord
from controller.people.person import Role
from controller.roster.plan import Lists, Schedule, SchoolClass, SchoolPlan
from controller.roster.store import keep_lists, keep_schedule
from controller.web.site import create_web
from protocol.errors import ActionError
from protocol.messages import Ending
from protocol.model import AttendanceStatus
from protocol.plan import Bell, Booking, Pupil
from tests.controller.attendance.test_corrections import NOW_MS
from tests.controller.attendance.test_lesson_pages import sent
from tests.controller.attendance.test_lessons import (
    AGENT,
    BEGAN,
    HERE,
    SCHOOL,
    ZONE,
    K,
    P,
    a_lesson,
    records_of,
)
from tests.controller.people import log_in
from tests.controller.web_school import a_live, a_program, a_store
from tests.databases import Database

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
DAY = "2026-11-04"  # a Wednesday
OFFICE = SCHOOL.of_agent("controller")
BELLS = tuple(
    Bell(period=period, begins=f"{hour:02}:00", ends=f"{hour:02}:45")
    for period, hour in ((1, 7), (2, 8), (3, 13))
)
TIMETABLE = tuple(
    Booking(weekday=3, period=period, room="P203", classes=("10A1",), subject="Toán")
    for period in (1, 2, 3)
)
PLAN = SchoolPlan(bells=BELLS, timetable=TIMETABLE)


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{clock}").replace(tzinfo=ZONE)


def told(period: int, *, undone: bool = False) -> LessonRecord:
    """A lesson that a room told of."""
    how = Ending.UNDONE if undone else None
    named = {"lesson": f"l{period}", "classes": ("10A1",), "period": period}
    return LessonRecord(place=AGENT, room="P203", day=DAY, how=how, **named)


@pytest.mark.parametrize(
    ("now", "lessons", "missed"),
    [
        ("04 06:00", [], []),
        ("04 07:44", [], []),
        ("04 07:45", [], [1]),
        ("04 23:00", [told(1)], [2, 3]),
        ("04 23:00", [told(1), told(2, undone=True)], [2, 3]),
        ("05 00:00", [told(1), told(2), told(3)], []),
        ("03 12:00", [], []),  # a day to come
    ],
)
def test_what_is_over_and_was_told_by_nobody_is_missed(
    now: str, lessons: list[LessonRecord], missed: list[int]
) -> None:
    """By the bells; a start that was undone is none."""
    found = missed_on(PLAN, lessons, SCHOOL, DAY, at(now))
    assert [lesson.period for lesson in found] == missed


@given(
    st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans(), st.booleans()), max_size=6)
)
def test_each_lesson_stands_once(lessons: list[tuple[int, bool, bool, bool]]) -> None:
    """The school's own gives way to a room's that somebody vouches for, and to no other."""
    own = missed_on(PLAN, [], SCHOOL, DAY, at("05 00:00"))
    rooms = [
        replace(told(period, undone=undone), confirmed=confirmed and not undone)
        if not entered
        else replace(told(period), counts={"10A1": {HERE: 1}})
        for period, confirmed, entered, undone in lessons
    ]
    kept = without_doubles([*own, *rooms])
    vouched = {one.period for one in rooms if one.confirmed or one.counts}
    assert [one.period for one in kept if one.place == OFFICE] == sorted({1, 2, 3} - vouched)
    assert [one for one in kept if one.place == AGENT] == rooms


class Office:
    """A school's office before a lesson that nobody took a roll in."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def enter(self, lesson: str, **marks: AttendanceStatus | None) -> str:
        """How many lessons that changed, or why none; None takes a mark back."""
        sheet = sheet_of(self.store.read(log_of, OFFICE, [lesson]))
        why = CorrectionReason.TAKEN_BACK if None in marks.values() else CorrectionReason.OTHER
        wishes = []
        for one, status in marks.items():
            seen = seen_of(sheet.status_of(one), sheet.corrections.get(one))
            wishes.append(CorrectionWish(lesson, "10A1", one, seen, status, why, "cô ốm", "vp"))
        wish = RollWish(lesson, "10A1", tuple(wishes))
        try:
            return str(len(self.store.write(enter_roll, OFFICE, wish, NOW_MS)))
        except ActionError as error:
            return error.code

    @property
    def rows(self) -> list[tuple[object, ...]]:
        """The day's lessons: where, which, and their figures."""
        held = self.store.read(lessons_of, SCHOOL, DAY, DAY)
        return [
            (one.place.agent, one.period, str(figures_of(one)))
            for one in held
            if one.how is not Ending.UNDONE
        ]

    @property
    def cells(self) -> dict[str, object]:
        """The class's sheet of the day."""
        asked = attendance_of(self.store, SCHOOL, "10A1", DAY, DAY, now=at("05 08:00"))
        return {line.student: line.halves for line in asked.sheet.lines}


def lists_in(store: Store) -> None:
    pupils = tuple(Pupil(number=n, student=one) for n, one in enumerate("abc", 1))
    store.write(keep_schedule, SCHOOL, Schedule(bells=BELLS, timetable=TIMETABLE), SINCE)
    lists = Lists(classes=(SchoolClass(code="10A1", pupils=pupils),))
    store.write(keep_lists, SCHOOL, lists, day="2026-09-01")


def test_its_roll_is_entered_taken_back_and_gives_way_to_the_rooms(database: Database) -> None:
    """It counts on the sheet, verify holds; a room that tells of it later is believed."""
    first, second, _ = missed_on(PLAN, [], SCHOOL, DAY, at("05 00:00"))
    with Store(database.url) as store:
        lists_in(store)
        office = Office(store)
        assert office.enter(first.lesson, a=HERE, b=K) == "roll_incomplete"
        assert office.enter(first.lesson.replace(".1.", ".9."), a=K, b=K, c=K) == "lesson_unknown"
        assert office.enter("2026-11-05" + first.lesson[10:], a=K, b=K, c=K) == "lesson_unknown"
        assert office.rows == []
        assert office.enter(first.lesson, a=HERE, b=P, c=K) == "1"
        assert office.rows == [("controller", 1, "3/1/2")]
        assert (office.cells["b"], office.cells["c"]) == (((P, "not_taken"),), ((K, "not_taken"),))
        verdict = verdict_on(store.read(evidence_of, SCHOOL), ZONE, is_signed)
        assert verdict.findings == []
        store.write(keep_batch, records_of(a_lesson()), BEGAN)
        assert office.rows == [("p203", 1, "3/2/1")]
        assert verdict_on(store.read(evidence_of, SCHOOL), ZONE, is_signed).findings == []
        assert office.enter(second.lesson, a=P, b=P, c=P) == "1"
        assert office.rows[0] == ("controller", 2, "3/0/3")
        back = office.enter(second.lesson, a=None, b=None, c=None)
        assert (back, [row[1] for row in office.rows]) == ("1", [1])
        assert verdict_on(store.read(evidence_of, SCHOOL), ZONE, is_signed).findings == []


@pytest.fixture
def school(tmp_path: Path) -> Iterator[Store]:
    """A school whose timetable has three lessons, of which nobody told."""
    with a_store(tmp_path) as opened:
        lists_in(opened)
        yield opened


@pytest.mark.parametrize(
    ("role", "sees", "enters"), [(Role.ADMIN, 200, 303), (Role.TEACHER, 200, 403)]
)
def test_a_days_page_leads_to_it(school: Store, role: Role, sees: int, enters: int) -> None:
    """Who may correct finds the way and the form; who only sees marks finds neither."""
    program = a_program(school, a_live(school, scope=SCHOOL), scope=SCHOOL)
    web = create_web(program, ("testserver",))
    cookie = log_in(program, "ai", role, classes=("10A1",))
    past = "2026-09-02"  # of the pages' time the last Wednesday
    first, *_ = missed_on(PLAN, [], SCHOOL, past, at("05 00:00"))
    path = f"/lessons/controller/{first.lesson}/10A1"
    day = sent(web, "GET", f"/attendance?day={past}&lang=vi", cookie)
    assert day.text.count("chưa ai điểm danh") == 3
    assert (path in day.text) == (enters == 303)
    page = sent(web, "GET", path + "?lang=vi", cookie)
    assert (page.status_code, "không phòng nào báo về" in page.text) == (sees, True)
    post = f"/lessons/controller/{first.lesson}/roll/10A1"
    form = {"reason": "not_confirmed", "note": "cô ốm"}
    for number, student in enumerate("abc", 1):
        line = {"student": student, "seen": " ", "status": "late"}
        form |= {f"{name}-{number}": value for name, value in line.items()}
    assert sent(web, "POST", post, cookie, data=form).status_code == enters
    page = sent(web, "GET", path + "?lang=vi", cookie)
    assert ("do nhà trường nhập" in page.text) == (enters == 303)


def test_no_roll_is_entered_before_its_day(school: Store) -> None:
    """A week ahead is not there."""
    program = a_program(school, a_live(school, scope=SCHOOL), scope=SCHOOL)
    web = create_web(program, ("testserver",))
    cookie = log_in(program, "ai", Role.ADMIN)
    (first, *_) = missed_on(PLAN, [], SCHOOL, "2099-11-04", at("05 00:00").replace(year=2100))
    path = f"/lessons/controller/{first.lesson}/10A1"
    form = {"student-1": "a", "seen-1": " ", "status-1": "late", "reason": "not_confirmed"}
    assert sent(web, "GET", path, cookie).status_code == 404
    post = path.replace("/10A1", "/roll/10A1")
    assert sent(web, "POST", post, cookie, data=form).status_code == 404
