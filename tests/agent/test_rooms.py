"""A computer that is carried about: which rooms it offers, what it keeps, where its records lie."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as rewrite

from agent.lessons import memos
from agent.lessons.lesson import Lesson
from agent.lessons.marks import MarkBook
from agent.lessons.rooms import MAX_LEFT, choices
from agent.lessons.teaching import Teaching
from agent.room import Messages
from protocol.guide import Guide, RoomGuide, RoomSlot
from protocol.messages import AttendanceMarked, LessonEnded, RollConfirmed
from protocol.model import AttendanceStatus
from protocol.plan import Bell, Booking, ClassList, Plan, Pupil, digest_of
from tests.agent.classrooms import moment, roaming, room, sighting

CLASSES = {"P203": "10A1", "P204": "10A2", "P205": "10A3"}
GUIDE = Guide(
    rooms=(
        RoomGuide(room="P203", slots=(RoomSlot(1, 1, ("10A1",)),)),
        RoomGuide(room="P204", slots=(RoomSlot(1, 1, ("10A2",)), RoomSlot(1, 2, ("10A1",)))),
        RoomGuide(room="P205", slots=(RoomSlot(2, 1, ("10A3",)),)),
        RoomGuide(room="P206"),
    )
)
NOW = moment()._replace(minute=7 * 60 + 20)  # a Monday, in period 1


def plan_of(place: str) -> Plan:
    """What the school gives of a room: one class and its list."""
    code = CLASSES[place]
    return Plan(
        bells=(Bell(period=1, begins="07:15", ends="08:00"),),
        timetable=(Booking(weekday=1, period=1, room=place, classes=(code,), subject="Toán"),),
        classes=tuple(CLASSES.values()),
        lists=(ClassList(code=code, pupils=(Pupil(number=1, student=f"{code}-1"),)),),
    )


def carried(place: str = "P203") -> Teaching:
    """A laptop in a room, with its plan and the school's rooms."""
    here = replace(room(), room=place)
    teaching = Teaching(room=here, lesson=Lesson(room=here), roll=MarkBook(room=here), guide=GUIDE)
    return given_plan(teaching, place)


def given_plan(teaching: Teaching, place: str) -> Teaching:
    """Once the school has answered."""
    plan = plan_of(place)
    return teaching.take(plan, digest_of(plan)).teaching


def into(teaching: Teaching, place: str) -> Teaching:
    """The teacher chooses a room."""
    return teaching.with_room(replace(teaching.room, room=place))


def names(teaching: Teaching, known: tuple[str, ...] = ()) -> list[str]:
    """The rooms that are offered, in their order."""
    offered = choices(known, teaching.left, teaching.plan, teaching.guide, NOW)
    return [choice.room for choice in offered]


def test_every_room_of_the_plan_is_offered_where_lessons_are_now_first() -> None:
    """Of these the one used last first, then the rest likewise; a writing is no second room."""
    teaching = carried()
    assert names(teaching, ("p 203", "Sân")) == ["P203", "P204", "P205", "P206", "Sân"]
    walked = into(into(into(teaching, "P204"), "P206"), "P203")
    assert names(walked) == ["P204", "P203", "P206", "P205"]
    offered = choices((), walked.left, walked.plan, walked.guide, NOW)
    assert [one.now.classes if one.now else () for one in offered[:2]] == [("10A2",), ("10A1",)]
    assert [one.is_recent for one in offered] == [True, True, True, False]


def test_without_a_line_a_room_proposes_its_class_and_has_no_other_rooms_pupils() -> None:
    """And who comes back to a room has its list again."""
    there = into(carried(), "P204")
    assert there.proposal(NOW).classes == ("10A2",)
    assert (there.plan.lists, there.plan.door_cards) == ((), ())
    assert there.digest == digest_of(there.plan)
    started = there.start("l1", NOW).teaching
    assert started.lesson.sheet is None
    assert given_plan(started, "P204").lesson.sheet is not None
    back = into(there, "p203")
    assert back.plan == plan_of("P203")


def test_a_plan_that_was_on_its_way_when_the_room_changed_is_not_the_new_rooms() -> None:
    """Its timetable names the other one."""
    there = into(carried("P204"), "P205")
    assert given_plan(there, "P204") == there
    assert given_plan(there, "P205").plan.list_of("10A3")


def test_the_records_of_a_lesson_say_the_room_where_it_was() -> None:
    """Though it is marked, confirmed, corrected and ended from the next room."""
    started = carried().start("l1", NOW).teaching
    tapped = started.tap("10A1-1", AttendanceStatus.LATE, NOW).teaching
    there = into(tapped, "P204")
    said: Messages = []
    after, messages = there.end(NOW)
    said += messages
    after, messages = after.confirm(NOW, "l1")
    said += messages
    after, messages = after.tap("10A1-1", AttendanceStatus.PRESENT, NOW, "l1")
    said += messages
    kinds = {type(one) for one in said}
    assert kinds == {AttendanceMarked, LessonEnded, RollConfirmed}
    assert {one.room for one in said} == {"P203"}  # type: ignore[union-attr]
    again = after.start("l2", NOW, ("10A1",)).teaching
    assert again.lesson.code == "l2"


@given(walk=st.lists(st.tuples(st.sampled_from(sorted(CLASSES)), st.booleans()), max_size=12))
def test_whatever_the_way_a_room_has_its_own_plan_or_none(walk: list[tuple[str, bool]]) -> None:
    """Held against what was given; the same after a restart, and none has an erased pupil."""
    teaching, given_to = carried(), {"P203"}
    for place, answers in walk:
        before = teaching
        teaching = into(teaching, place)
        if answers:
            teaching = given_plan(teaching, place)
            given_to.add(place)
        assert teaching.plan.lists == (plan_of(place).lists if place in given_to else ())
        assert {one.room for one in teaching.plan.timetable} <= {place}
        stored = {
            name: memo
            for name, memo in memos.changes(carried_nowhere(), teaching).items()
            if memo is not None
        }
        again = memos.restore_teaching(teaching.room, stored, teaching.plan, NOW)
        assert (again.left, again.guide) == (teaching.left, teaching.guide)
        assert list(again.left) == list(teaching.left)
        assert len(teaching.left) <= MAX_LEFT
        assert set(memos.changes(before, teaching)) <= {"lesson", "guide", "desk"} | {
            f"left/{one}" for one in CLASSES
        }
    gone = teaching.without_pupil("10A1-1".__eq__)
    lists = [one for plan in (gone.plan, *gone.left.values()) for one in plan.lists]
    assert not any(pupil.student == "10A1-1" for one in lists for pupil in one.pupils)


def carried_nowhere() -> Teaching:
    """A laptop on its first day."""
    here = room()
    return Teaching(room=here, lesson=Lesson(room=here), roll=MarkBook(room=here))


@pytest.mark.parametrize("how", ["known", "new"])
def test_a_wrong_choice_moves_no_rooms_board(how: str) -> None:
    """What is known to stand in one room stays there; what was never seen is the chosen room's."""
    board: dict[str, Any] = {"kind": sighting().kind}
    laptop = roaming()
    if how == "known":
        laptop = laptop.see([sighting("usb:046d:082d:73BD", **board)], 0).classroom
    laptop = laptop.pick("P203", 1).classroom
    step = laptop.pick("P204", 2)
    step = step.classroom.see([sighting("usb:046d:082d:73BD", **board)], 3)
    rooms = {one.device.name: one.device.room for one in step.classroom.devices.by_id.values()}
    assert rooms == {"camera usb:046d:082d:73BD": "P203" if how == "known" else "P204"}
    assert step.classroom.room.room == "P204"


def test_a_guide_told_again_changes_nothing() -> None:
    """It is kept over restarts and written once."""
    teaching = carried()
    assert teaching.follow(GUIDE).teaching is teaching
    assert teaching.follow(rewrite(GUIDE, rooms=())).teaching.guide.rooms == ()
