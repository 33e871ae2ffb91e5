"""The day's page and a class's page are read by everybody, on every screen, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from controller.attendance.sheet import days_of
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import RollRecord
from controller.roster.plan import Lists, Schedule, SchoolClass
from controller.roster.store import keep_lists, keep_schedule
from protocol.messages import RollLine
from protocol.model import AttendanceStatus, Method
from protocol.plan import Bell, Booking, Pupil
from tests.axe import violations
from tests.browser import Page, Profile, opened_tab
from tests.controller.attendance.test_morning import BELLS, ROLL
from tests.controller.web_school import NOW_MS, SCHOOL, Served, a_store
from tests.tiers import wide

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
K = AttendanceStatus.ABSENT_UNEXCUSED
AFTERNOON = Bell(period=9, begins="13:00", ends="13:45")
PUPILS = tuple(
    Pupil(number=number, student=f"s-{number}", name=f"Nguyễn Hoàng Phương Thảo {number}")
    for number in range(1, 13)
)


@pytest.fixture
def page(browser: Profile) -> Iterator[Page]:
    """A fresh tab."""
    with opened_tab(browser, Page) as tab:
        yield tab


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A class of which many are away, this morning and all year; of another nothing is known."""
    with a_store(tmp_path) as store:
        fill(store)
        with Served(store) as running:
            yield running


def fill(store: Store) -> None:
    classes = (SchoolClass(code="6A1", pupils=PUPILS), SchoolClass(code="6A2"))
    store.write(keep_lists, SCHOOL, Lists(classes=classes), day="2026-08-01")
    timetable = tuple(
        Booking(weekday=6, period=1, room=code, classes=(code,)) for code in ("6A1", "6A2")
    )
    schedule = Schedule(bells=(*BELLS, AFTERNOON), timetable=timetable)
    store.write(keep_schedule, SCHOOL, schedule, SINCE)
    days = days_of("2026-08-01", "2026-09-05")
    rolls = [a_roll(day, *half) for day in days for half in ((1, 12), (9, 3))]
    store.write(keep_batch, rolls, NOW_MS)


def a_roll(day: str, period: int, away: int) -> RollRecord:
    lines = tuple(
        RollLine(student=one.student, class_code="6A1", status=K, method=Method.MANUAL)
        for one in PUPILS[:away]
    )
    code = f"{day} {period}"
    return replace(ROLL, event_id=code, lesson=code, day=day, period=period, lines=lines)


@pytest.mark.parametrize("language", ["vi", *wide("en")])
@pytest.mark.parametrize(
    "path", ["attendance?day=2026-09-05", *wide("attendance/6A1?week=2026-09-05")]
)
def test_attendance_can_be_read_by_everybody(
    page: Page, served: Served, path: str, language: str
) -> None:
    """No violation of WCAG 2.1 AA, no sideways scrolling."""
    page.open(f"{served.url}{path}&lang={language}")
    assert page.see("document.querySelectorAll('section.missing li').length") > 0
    for width, _ in page.at_each_size():
        assert violations(page) == []
        assert page.see("document.documentElement.scrollWidth") <= width
    assert page.errors == []
