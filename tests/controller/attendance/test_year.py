"""Who is away so often that moving up is in danger is told in time."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from controller.attendance.sheet import ClassSheet, PupilLine, days_of, laid_out
from controller.attendance.year import YEAR_DAYS, Danger, often_away, still_here, year_begin
from controller.database.store import Store
from controller.features import keep_batch
from controller.roster.members import ClassMember
from controller.roster.plan import Lists, SchoolPlan
from controller.roster.store import keep_lists
from protocol.model import AttendanceStatus
from protocol.plan import Term
from tests.controller.attendance.test_lessons import LATE, ZONE, K, P
from tests.controller.attendance.test_morning import CLASSES, ROLL
from tests.controller.attendance.test_sheets import WEEK, a_record, a_roll
from tests.controller.web_school import NOW_MS, SCHOOL, a_store, asked

HERE = AttendanceStatus.PRESENT
TERMS = (
    Term(begins="2025-09-05", ends="2026-05-30", name="Năm trước"),
    Term(begins="2026-09-07", ends="2027-01-16", name="I"),
    Term(begins="2027-01-18", ends="2027-05-29", name="II"),
)


@pytest.mark.parametrize(
    ("day", "terms", "begin"),
    [
        ("2026-11-07", TERMS, "2026-09-07"),
        ("2027-05-01", TERMS, "2026-09-07"),
        ("2026-05-01", TERMS, "2025-09-05"),
        ("2026-08-20", TERMS, "2026-08-01"),
        ("2026-11-07", (), "2026-08-01"),
        ("2027-07-31", (), "2026-08-01"),
    ],
    ids=["autumn", "spring", "year before", "before the term", "no terms", "last day"],
)
def test_a_school_year_begins_with_its_first_term(
    day: str, terms: tuple[Term, ...], begin: str
) -> None:
    """Else on 1 August."""
    assert year_begin(SchoolPlan(terms=terms), day) == begin


@pytest.mark.parametrize(
    ("away", "danger"),
    [
        (29, None),
        (30, Danger.NEAR),
        (39, Danger.NEAR),
        (40, Danger.CLOSE),
        (45, Danger.CLOSE),
        (46, Danger.OVER),
        (80, Danger.OVER),
    ],
)
def test_the_warning_grows_with_the_half_days(away: int, danger: Danger | None) -> None:
    """45 are allowed, 46 are not; late and left early are no absence, leave is one."""
    halves = tuple((K, LATE) if number % 2 else (HERE, P) for number in range(away))
    line = PupilLine(1, "a", "An", halves)
    found = often_away(ClassSheet("10A1", ("2026-11-02",), (line,)))
    assert [(one.line, one.danger) for one in found] == ([(line, danger)] if danger else [])
    assert line.away == away


def test_who_is_away_most_stands_first() -> None:
    """Of as many, the book's order."""
    lines = tuple(
        PupilLine(number, str(number), "", ((K,),) * away)
        for number, away in enumerate((31, 46, 3, 31), 1)
    )
    found = often_away(ClassSheet("10A1", (), lines))
    assert [one.line.number for one in found] == [2, 1, 4]


def test_whoever_left_the_class_is_warned_of_nowhere() -> None:
    """Their half-days stay on the sheets of then."""
    here, gone = (PupilLine(number, str(number), "", ((K,),) * 50) for number in (1, 2))
    year, week = ClassSheet("10A1", (), (here, gone)), ClassSheet("10A1", (), (here,))
    assert [one.line for one in often_away(still_here(year, week))] == [here]


def test_a_whole_year_is_counted_as_the_sheets_count() -> None:
    """Two lessons of a morning are one half-day, far beyond what one sheet holds."""
    days = days_of("2026-09-07", "2027-05-29", YEAR_DAYS)
    taken = [a_record(day, period) for day in days[::7] for period in (1, 2, 6)]
    log = [a_roll(lesson, a=K, b=HERE) for lesson in taken]
    members = tuple(
        ClassMember(class_code="10A1", number=number, student=student)
        for number, student in enumerate("ab", 1)
    )
    bells = (*WEEK.bells, replace(WEEK.bells[0], period=2, begins="07:50", ends="08:35"))
    plan = replace(WEEK, bells=bells)
    now = datetime(2027, 5, 30, tzinfo=ZONE)
    year = laid_out("10A1", days, members, taken, log, plan=plan, now=now).sheet
    assert [line.away for line in year.lines] == [2 * len(days[::7]), 0]


def test_a_classs_page_warns_of_the_year_and_not_of_the_one_before(tmp_path: Path) -> None:
    """46 half-days since August are told; a summer's are of another year."""
    days = days_of("2026-06-20", "2026-09-05", YEAR_DAYS)
    rolls = [replace(ROLL, event_id=day, lesson=day, day=day) for day in days]
    with a_store(tmp_path) as store:
        store.write(keep_lists, SCHOOL, Lists(classes=CLASSES), day="2026-06-01")
        store.write(keep_batch, rolls, NOW_MS)
        assert "36 buổi" in warned(store)
        assert f'data-danger="{Danger.NEAR.value}"' in warned(store)
        office = asked(store, "/absences").text
        assert re.findall(r'data-class="([^"]*)"', office) == ["6A1"]
        assert re.findall(r"\d+ buổi<|(\d+) buổi ·", office) == ["36"]
        assert "thời khóa biểu hiện nay" in asked(store, "/attendance?day=2026-06-22").text
        afternoons = [
            replace(one, event_id=f"{one.day}-c", lesson=f"{one.day}-c", period=None)
            for one in rolls
        ]
        store.write(keep_batch, afternoons, NOW_MS)
        assert "36 buổi" in warned(store)  # neither bell nor begin: the same morning again


def warned(store: Store) -> str:
    text = asked(store, "/attendance/6A1").text
    return text[text.index('id="often-title"') : text.index('class="scroll"')]
