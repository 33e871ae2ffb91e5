"""A room gets its part of the school's plan: the same each time, and never too much."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from controller.database.plan_version import version_of
from controller.roster.plan import Schedule, SchoolClass, SchoolPlan, plan_for
from controller.roster.store import keep_schedule
from controller.sheets.names import room_key
from protocol.messages import MAX_BYTES, PlanGiven, to_bytes
from protocol.model import Place
from protocol.plan import Bell, Booking, DoorCard, Pupil, digest_of
from tests.controller.web_school import a_store

SINCE = datetime(2026, 9, 1, tzinfo=UTC)


def a_class(code: str, room: str = "", size: int = 1, name: str = "") -> SchoolClass:
    pupils = tuple(
        Pupil(number=no, student=f"{code}-{no:03}", name=name) for no in range(1, size + 1)
    )
    return SchoolClass(code=code, room=room, pupils=pupils)


def booked(room: str, *classes: str, period: int = 1) -> Booking:
    return Booking(weekday=1, period=period, room=room, classes=classes)


SCHOOL = SchoolPlan(
    classes=(a_class("10A1", "P203"), a_class("10A2"), a_class("10A3"), a_class("10A4")),
    timetable=(booked("P203", "10A2"), booked("P204", "10A3")),
    door_keys={"1": "00ff"},
    door_cards=(
        DoorCard(serial="01", student="10A1-001"),
        DoorCard(serial="02", student="10A3-001"),
    ),
    revoked=("03",),
)


def test_a_room_gets_the_classes_that_learn_there_and_no_other_child() -> None:
    """By the timetable and by the home room; every class by its code alone."""
    plan = plan_for("P203", SCHOOL)
    assert [each.code for each in plan.lists] == ["10A2", "10A1"]
    assert plan.timetable == (booked("P203", "10A2"),)
    assert plan.classes == ("10A1", "10A2", "10A3", "10A4")
    assert [card.serial for card in plan.door_cards] == ["01"]
    assert (plan.door_keys, plan.revoked) == ({"1": "00ff"}, ("03",))


def test_a_class_that_learns_there_now_comes_first() -> None:
    """A room was changed: the lesson needs its list all the same; an unknown class has none."""
    plan = plan_for("P203", SCHOOL, ["10A3", "9Z9"])
    assert [each.code for each in plan.lists] == ["10A3", "10A2", "10A1"]
    assert [card.serial for card in plan.door_cards] == ["01", "02"]


@pytest.mark.parametrize("room", ["", "?"])
def test_a_computer_without_a_room_gets_no_childs_name(room: str) -> None:
    """Not even those of classes whose room is not known."""
    plan = plan_for(room, SCHOOL)
    assert plan.lists == plan.timetable == plan.door_cards == ()


@pytest.mark.parametrize("name", ["P203", "p 203", "Phòng 203", "PHÒNG 203"])
def test_a_rooms_name_is_one_however_it_is_written(name: str) -> None:
    """The timetable's writer and the agent's need not agree on spaces."""
    school = SchoolPlan(timetable=(booked(name, "10A1"),))
    assert plan_for("P203", school).timetable[0].room == "P203"
    assert room_key(name) == "p203"


def test_a_timetable_of_many_writings_reaches_the_room_whole_and_with_its_lists() -> None:
    """Three writings of the room and of the class are three lessons and one list."""
    timetable = (
        booked("203", "Lớp 10A1", period=1),
        booked("Phòng học 203", "10 a1", "10A2", period=2),
        booked("P203", "10A1", period=3),
        booked("1203", "10A3", period=4),
    )
    school = SchoolPlan(classes=(*SCHOOL.classes[1:], a_class("10A1")), timetable=timetable)
    for room in ("P203", "203", "Room 203"):
        plan = plan_for(room, school, ["10a3"])
        assert [each.classes for each in plan.timetable] == [
            ("10A1",), ("10A1", "10A2"), ("10A1",),
        ]  # fmt: skip
        assert {each.room for each in plan.timetable} == {room}
        assert [each.code for each in plan.lists] == ["10A3", "10A1", "10A2"]


def test_equal_plans_have_one_digest() -> None:
    """Nothing is sent again for nothing."""
    assert digest_of(plan_for("P203", SCHOOL)) == digest_of(plan_for("P203", SCHOOL))


@pytest.mark.parametrize(("size", "name", "fits"), [(45, "", 64), (45, "Nguyễn Thị Minh Ánh", 40)])
def test_a_plan_fits_into_a_message_with_64_classes(size: int, name: str, fits: int) -> None:
    """What is too much is left out class by class, the least needed first."""
    classes = tuple(a_class(f"{no}A", "P203", size, name) for no in range(70))
    cards = tuple(
        DoorCard(serial=f"{no:02}{pupil.number:04x}".rjust(12, "0"), student=pupil.student)
        for no, each in enumerate(classes[:20])
        for pupil in each.pupils
    )
    school = SchoolPlan(classes=classes, door_cards=cards)
    plan = plan_for("P203", school)
    message = to_bytes(PlanGiven(boot="b", at_ms=1, plan=plan))
    assert len(message) <= MAX_BYTES
    assert fits <= len(plan.lists) <= 64
    assert [each.code for each in plan.lists] == [each.code for each in classes[: len(plan.lists)]]


def test_the_longest_names_fit_too() -> None:
    """Whatever an import let in."""
    classes = tuple(a_class(f"{no}A", "P203", 120, "ễ" * 200) for no in range(64))
    plan = plan_for("P203", SchoolPlan(classes=classes))
    assert plan.lists
    assert len(to_bytes(PlanGiven(boot="b", at_ms=1, plan=plan))) <= MAX_BYTES


def test_a_plan_says_neither_names_nor_keys_of_itself() -> None:
    """A log may hold it."""
    school = SchoolPlan(classes=(a_class("10A1", name="Ánh"),), door_keys={"1": "00ff"})
    assert "Ánh" not in repr(school)
    assert "00ff" not in repr(school)


def test_the_first_plan_of_a_school_has_a_number_whoever_keeps_it(tmp_path: Path) -> None:
    """Version 0 is of a school that has planned nothing, and is handed out to nobody."""
    place = Place("14", "00140708")
    with a_store(tmp_path) as store:
        assert store.read(version_of, place) == 0
        bells = (Bell(period=1, begins="07:00", ends="07:45"),)
        assert store.write(keep_schedule, place, Schedule(bells=bells), SINCE)
        assert store.read(version_of, place) == 1
        assert not store.write(keep_schedule, place, Schedule(bells=bells), SINCE)
        assert store.read(version_of, place) == 1
