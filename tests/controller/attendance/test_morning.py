"""By eight o'clock it is known who is missed, and of which classes nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from controller.access.store import access_log
from controller.attendance.morning import early_lessons, unexcused_of
from controller.attendance.sheet import by_lesson_of
from controller.database.store import Store
from controller.features import keep_batch
from controller.fleet.records import RollRecord
from controller.roster.members import ClassMember
from controller.roster.plan import Lists, Schedule, SchoolClass, SchoolPlan
from controller.roster.store import keep_lists, keep_schedule
from protocol.messages import Ending, RollLine
from protocol.model import AttendanceStatus, Method
from protocol.plan import Bell, Booking, Pupil
from tests.controller.attendance.test_lessons import LATE, ZONE, K, P
from tests.controller.attendance.test_sheets import a_record, a_roll
from tests.controller.people import READER
from tests.controller.web_school import NOW_MS, SCHOOL, a_store, asked

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
HERE = AttendanceStatus.PRESENT
DAY = "2026-11-02"
BELLS = (
    Bell(period=1, begins="07:00", ends="07:45"),
    Bell(period=2, begins="07:50", ends="08:35"),
    Bell(period=3, begins="08:00", ends="09:25"),
)
PLAN = SchoolPlan(
    bells=BELLS,
    timetable=(
        Booking(weekday=1, period=1, room="P9", classes=("10A1",)),
        Booking(weekday=1, period=2, room="P11", classes=("10A2", "10A3")),
        Booking(weekday=1, period=3, room="P12", classes=("10A4",)),
    ),
)
MEMBERS = tuple(
    ClassMember(class_code="10A1", number=number, student=student)
    for number, student in enumerate("ab", 1)
)


@pytest.mark.parametrize(
    ("now", "codes"),
    [
        (datetime(2026, 11, 2, 7, 0, tzinfo=ZONE), []),
        (datetime(2026, 11, 2, 7, 30, tzinfo=ZONE), ["10A1"]),
        (datetime(2026, 11, 2, 17, 0, tzinfo=ZONE), ["10A1", "10A2", "10A3"]),
        (datetime(2026, 11, 3, 6, 0, tzinfo=ZONE), ["10A1", "10A2", "10A3"]),
        (datetime(2026, 11, 1, 9, 0, tzinfo=ZONE), []),
    ],
    ids=["before the bell", "first lesson", "later", "next day", "day before"],
)
def test_classes_that_should_have_begun_by_then_are_asked_about(
    now: datetime, codes: list[str]
) -> None:
    """By the timetable; what begins at eight sharp is not among it."""
    assert sorted(early_lessons(PLAN, [], DAY, now)) == codes


def test_only_what_began_before_eight_counts_in_its_order() -> None:
    """By the bell; an undone start and a lesson of nine o'clock are left out."""
    first, second, third = (a_record(DAY, period) for period in (1, 2, 3))
    undone = a_record(DAY, 1, how=Ending.UNDONE)
    now = datetime(2026, 11, 2, 17, 0, tzinfo=ZONE)
    early = early_lessons(PLAN, [third, second, undone, first], DAY, now)
    assert early["10A1"] == [first, second]
    assert early["10A2"] == []


@pytest.mark.parametrize(
    ("rolls", "missed"),
    [
        ([], None),
        ([{"a": HERE, "b": HERE}], []),
        ([{"a": K, "b": P}], ["a"]),
        ([{"b": K, "a": K}], ["a", "b"]),
        ([{"a": K, "b": LATE}, {"a": HERE, "b": HERE}], []),
        ([{"a": HERE, "b": HERE}, {"a": K, "b": HERE}], ["a"]),
        ([{"x": K, "a": HERE}], ["x"]),
    ],
    ids=["no roll", "nobody", "leave is leave", "in order", "came", "went", "not of the list"],
)
def test_a_pupils_last_mark_says_who_is_missed(
    rolls: list[dict[str, AttendanceStatus]], missed: list[str] | None
) -> None:
    """No confirmed roll is not known, which is something else than nobody."""
    lessons = [a_record(DAY, period) for period in (1, 2)]
    log = [
        a_roll(lesson, **marks) for lesson, marks in zip(lessons[: len(rolls)], rolls, strict=True)
    ]
    found = unexcused_of("10A1", lessons, by_lesson_of(log), MEMBERS)
    assert (found if found is None else [one.student for one in found]) == missed


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A school of three classes at ten past seven: 6A1 has a roll, 6A2 none, 6A3 no lesson."""
    with a_store(tmp_path) as opened:
        opened.write(keep_lists, SCHOOL, Lists(classes=CLASSES), day="2026-09-01")
        timetable = tuple(
            Booking(weekday=6, period=1, room=code, classes=(code,)) for code in ("6A1", "6A2")
        )
        opened.write(keep_schedule, SCHOOL, Schedule(bells=BELLS, timetable=timetable), SINCE)
        opened.write(keep_batch, [ROLL], NOW_MS)
        yield opened


CLASSES = tuple(
    SchoolClass(code=code, room=code, pupils=(Pupil(number=4, student=f"s-{code}", name="Ân"),))
    for code in ("6A1", "6A2", "6A3")
)
ROLL = RollRecord(
    place=SCHOOL.of_agent("may-6a1"),
    event_id="r1",
    reopened=False,
    room="6A1",
    lesson="l1",
    day="2026-09-05",
    classes=("6A1",),
    period=1,
    lines=(RollLine(student="s-6A1", class_code="6A1", status=K, method=Method.MANUAL),),
    at_ms=NOW_MS,
    received_ms=NOW_MS,
)


def test_the_days_page_names_who_is_missed_and_keeps_that_somebody_looked(store: Store) -> None:
    """The figure, the class, the pupil, the class nobody knows of; one line in the log."""
    text = asked(store, "/attendance").text
    assert "Vắng không phép đến 08:00: <b>1</b>" in text
    assert "<bdi>4. Ân</bdi>" in text
    assert "xác nhận: 6A2</p>" in text
    subjects = [line["subject"] for line in store.read(access_log, SCHOOL)]
    assert "6A1 2026-09-05 2026-09-05" in subjects


def test_who_may_not_see_marks_gets_the_figure_alone(store: Store) -> None:
    """An office that reads only."""
    text = asked(store, "/attendance", host=READER).text
    assert "<b>1</b>" in text
    assert 'data-morning="6A1"' in text
    assert "Ân" not in text
    assert "s-6A1" not in text


def test_a_letter_that_comes_later_takes_the_name_off(store: Store) -> None:
    """The roll that is confirmed anew counts."""
    [line] = ROLL.lines
    later = replace(ROLL, event_id="r2", at_ms=NOW_MS + 1, lines=(replace(line, status=P),))
    store.write(keep_batch, [later], NOW_MS)
    text = asked(store, "/attendance").text
    assert "<b>0</b>" in text
    assert "data-morning" not in text
