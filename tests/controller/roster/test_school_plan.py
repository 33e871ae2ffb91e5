"""What the school plans is kept whole, once, for its school alone; an import twice is one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from controller.database.plan_version import version_of
from controller.database.store import Store
from controller.features import adopt_plan
from controller.roster import store as roster
from controller.roster.plan import Lists, Schedule, SchoolClass, SchoolPlan
from controller.roster.store import plan_of
from protocol.model import AttendanceStatus, Place
from protocol.plan import Bell, Booking, Holiday, Pupil, Term
from tests.databases import Database

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
SCHOOL, OTHER = Place("14", "00140708"), Place("14", "00140709")


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    with Store(database.url) as opened:
        yield opened


def a_class(code: str, *students: str, room: str = "") -> SchoolClass:
    pupils = tuple(Pupil(number=no, student=each) for no, each in enumerate(students, start=1))
    return SchoolClass(code=code, room=room, pupils=pupils)


def keep(store: Store, *classes: SchoolClass, whole: bool = False, place: Place = SCHOOL) -> bool:
    with store.locked(place) as db:
        return roster.keep_lists(
            db, place, Lists(classes=classes, whole_school=whole), day="2026-09-05"
        )


def test_the_same_lists_twice_change_nothing(store: Store) -> None:
    """Neither the rows nor the version move."""
    lists = (a_class("10A1", "001", "002", room="P203"), a_class("10A2", "003"))
    assert keep(store, *lists)
    once = store.read(plan_of, SCHOOL)
    assert not keep(store, *lists)
    assert store.read(plan_of, SCHOOL) == once
    assert once.version == store.read(version_of, SCHOOL) == 1
    assert once.classes == lists


def test_a_given_class_is_replaced_and_the_others_stay(store: Store) -> None:
    """Who is not in the new list has left; a known home room is not forgotten."""
    keep(store, a_class("10A1", "001", "002", room="P203"), a_class("10A2", "003"))
    keep(store, a_class("10A1", "002"))
    expected = (a_class("10A1", "002", room="P203"), a_class("10A2", "003"))
    assert store.read(plan_of, SCHOOL).classes == expected


def test_a_pupil_who_moved_is_in_the_new_class_alone(store: Store) -> None:
    """A list of the new class is enough."""
    keep(store, a_class("10A1", "001"), a_class("10A2", "003"))
    keep(store, a_class("10A2", "003", "001"))
    expected = (a_class("10A1"), a_class("10A2", "003", "001"))
    assert store.read(plan_of, SCHOOL).classes == expected


def test_the_whole_school_leaves_no_class_behind(store: Store) -> None:
    """What the file does not bring is gone."""
    keep(store, a_class("12A1", "001"), a_class("11A1", "002"))
    keep(store, a_class("12A1", "002"), whole=True)
    assert store.read(plan_of, SCHOOL).classes == (a_class("12A1", "002"),)


def test_a_school_sees_and_changes_its_own_plan_only(store: Store) -> None:
    """Two schools in one database know nothing of each other."""
    keep(store, a_class("10A1", "001"))
    keep(store, a_class("10A1", "900"), whole=True, place=OTHER)
    assert store.read(plan_of, SCHOOL).classes == (a_class("10A1", "001"),)
    assert store.read(plan_of, Place("15", "00140708")) == SchoolPlan()


def test_a_schedule_comes_back_as_it_was_kept(store: Store) -> None:
    """Each part whole; a part that is not given stays."""
    schedule = Schedule(
        bells=(Bell(period=1, begins="07:15", ends="08:00", weekdays=(1, 2)),),
        terms=(Term(name="Học kỳ I", begins="2026-09-05", ends="2027-01-17"),),
        holidays=(Holiday(name="Quốc khánh", begins="2026-09-02", ends="2026-09-02"),),
        timetable=(Booking(weekday=1, period=1, room="P203", classes=("10A1", "10A2")),),
        letters={AttendanceStatus.ABSENT_EXCUSED: "P"},
        grace_min=7,
    )
    with store.locked(SCHOOL) as db:
        assert roster.keep_schedule(db, SCHOOL, schedule, SINCE)
    with store.locked(SCHOOL) as db:
        assert not roster.keep_schedule(db, SCHOOL, schedule, SINCE)
        assert not roster.keep_schedule(db, SCHOOL, Schedule(), SINCE)
    kept = store.read(plan_of, SCHOOL)
    assert kept.bells == schedule.bells
    assert (kept.terms, kept.holidays) == (schedule.terms, schedule.holidays)
    assert (kept.timetable, kept.letters) == (schedule.timetable, schedule.letters)
    assert (kept.grace_min, kept.version) == (7, 1)


def test_a_plan_given_before_the_schools_code_was_known_becomes_the_schools(store: Store) -> None:
    """The first school that asks takes it over; no second one, and none that has its own."""
    keep(store, a_class("10A1", "001"), place=Place())
    store.write(adopt_plan, SCHOOL)
    store.write(adopt_plan, OTHER)
    assert store.read(plan_of, SCHOOL).classes == (a_class("10A1", "001"),)
    assert store.read(plan_of, OTHER) == SchoolPlan()


def test_an_erased_pupil_is_in_no_list(store: Store) -> None:
    """And the running controller is told."""
    keep(store, a_class("10A1", "001", "002"))
    with store.locked(SCHOOL) as db:
        assert roster.forget_pupil(db, SCHOOL, "001") == len(("list", "members"))
    plan = store.read(plan_of, SCHOOL)
    assert [each.student for each in plan.classes[0].pupils] == ["002"]
    assert plan.version == 2
