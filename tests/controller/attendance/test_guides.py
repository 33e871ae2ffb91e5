"""What a computer may know of its school beyond its room's plan, and when it is told."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.attendance.guides import Guides, rooms_of
from controller.fleet.records import AgentRecord
from controller.roster.plan import SchoolClass, SchoolPlan
from protocol.guide import RoomGuide, RoomSlot
from protocol.messages import MAX_BYTES, GuideGiven, down_from, to_bytes
from protocol.model import Place
from protocol.plan import Booking, Pupil

SCHOOL = SchoolPlan(
    version=1,
    classes=(
        SchoolClass(code="10A1", room="p 203", pupils=(Pupil(number=1, student="s1", name="An"),)),
        SchoolClass(code="10A2", room="P204"),
    ),
    timetable=(
        Booking(weekday=1, period=1, room="P203", classes=("10 a1", "10A2"), teacher="Cô Lan"),
        Booking(weekday=2, period=3, room="Sân", classes=("10A1",), weeks="odd"),
    ),
)


def laptop(**changes: Any) -> AgentRecord:
    told = {"roaming": True, "online": True, "schema": 3, "boot": "b1", "session": 1, "rev": 1}
    return AgentRecord(place=Place("14", "1", "lap"), **{**told, **changes})


def test_a_guide_names_every_room_of_the_plan_and_no_person() -> None:
    """Of the timetable and of the classes, each once, in the class lists' writing."""
    assert rooms_of(SCHOOL) == (
        RoomGuide(room="P203", slots=(RoomSlot(1, 1, ("10A1", "10A2")),)),
        RoomGuide(room="P204"),
        RoomGuide(room="Sân", slots=(RoomSlot(2, 3, ("10A1",), "odd"),)),
    )
    guides = Guides()
    guides.take(SCHOOL)
    [(_, guide)] = guides.due([laptop()])
    text = to_bytes(GuideGiven(boot="c", at_ms=0, guide=guide)).decode()
    assert not any(word in text for word in ("Lan", "An", "s1"))


def test_who_is_carried_about_is_told_once_a_session_and_when_it_is_otherwise() -> None:
    """A fixed computer is not; who was told and is fixed now is told that there is nothing."""
    guides = Guides()
    guides.take(SCHOOL)

    def told(**changes: Any) -> list[int]:
        return [len(guide.rooms) for _, guide in guides.due([laptop(**changes)])]

    assert told(roaming=False) == told(online=False) == told(rev=0) == []
    assert [told(), told(), told(session=2), told(session=2, rev=4)] == [[3], [], [3], []]
    guides.take(replace(SCHOOL, timetable=()))
    assert [told(session=2), told(session=2)] == [[2], []]
    assert told(session=2, roaming=False) == [0]


@given(rooms=st.integers(1, 450), lessons=st.integers(0, 60), width=st.integers(1, 60))
def test_a_guide_always_fits_a_message_and_names_all_rooms(
    rooms: int, lessons: int, width: int
) -> None:
    """Weeks are left out rather than rooms."""
    week = tuple(
        Booking(weekday=1 + at % 6, period=at // 6, room=f"P{room:03}", classes=(f"{'x' * width}",))
        for room in range(rooms)
        for at in range(lessons)
    )
    homes = tuple(SchoolClass(code=f"c{room}", room=f"P{room:03}") for room in range(rooms))
    guides = Guides()
    guides.take(SchoolPlan(timetable=week, classes=homes))
    [(_, guide)] = guides.due([laptop()])
    payload = to_bytes(GuideGiven(boot="c", at_ms=0, guide=guide))
    assert len(payload) <= MAX_BYTES
    assert down_from(payload)
    assert [one.room for one in guide.rooms] == [f"P{room:03}" for room in range(rooms)][:400]
    assert bool(guide.rooms[0].slots) == bool(lessons)
