"""What the teacher sees, from the classroom alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from agent.classroom import Classroom
from agent.equipment.switch import CameraSwitch
from agent.lessons.lesson import RunningLesson
from agent.lessons.sheet import LessonSheet, SheetPupil
from agent.local.teacher.phase import STARTING_S, LessonPhase, gaps, phase_of
from agent.local.teacher.view import teacher_view
from protocol.kit import KitTemplate
from protocol.messages import Part
from protocol.model import Device, DeviceKind, DeviceMeasures, Reason, Status
from protocol.plan import Bell, Booking, ClassList, Plan, Pupil
from protocol.words import translator
from tests.agent.classrooms import classroom, moment

NOTHING = KitTemplate(computers=0, boards=0, cameras=0, access_points=0)
SHEET = LessonSheet(pupils=(SheetPupil(student="S1", class_code="10A1", number=1),))
PLAN = Plan(
    bells=(Bell(period=1, begins="07:15", ends="08:00"),),
    timetable=(Booking(weekday=1, period=1, room="6A1", classes=("10A1",), subject="Toán"),),
    classes=("10A1",),
    lists=(ClassList(code="10A1", pupils=(Pupil(number=1, student="S1", name="An"),)),),
)


def a_device(kind: DeviceKind, status: Status = Status.OK, power: str | None = None) -> Device:
    """A device that is here."""
    reasons = () if status is Status.OK else (Reason("no_answer"),)
    measures = DeviceMeasures(power=power) if power else None
    return Device(
        device_id=f"net-{kind}",
        kind=kind,
        name="",
        vendor="",
        model="",
        serial="",
        status=status,
        reasons=reasons,
        measures=measures,
        sources=("mdns",),
        first_seen_ms=0,
        last_seen_ms=0,
    )


def in_lesson(sheet: LessonSheet | None = SHEET) -> Classroom:
    """A classroom in which a lesson runs."""
    room = replace(classroom(), template=NOTHING)
    running = RunningLesson(lesson="l1", since_ms=moment().at_ms, classes=("10A1",), sheet=sheet)
    lesson = replace(room.lesson, running=running, ends_s=9e9)
    return replace(room, teaching=replace(room.teaching, lesson=lesson))


def phase(room: Classroom, *devices: Device, age_s: float = 1.0) -> LessonPhase:
    """The phase with these devices here, so long after the start."""
    view = room.view(0)._replace(
        devices=devices, present_ids=frozenset(device.device_id for device in devices)
    )
    return phase_of(room, view, moment(age_s))


def seen_by_teacher(room: Classroom, minute: float = 0.0, **more: Any) -> dict[str, Any]:
    """The view, in English."""
    at = moment()._replace(minute=minute)
    return teacher_view(room, room.view(at.at_ms), at, translator("en"), **more)


def test_the_phase_follows_lesson_roll_and_equipment() -> None:
    """Ready until confirmed; warming up only at first; gaps where something lacks."""
    warming = a_device(DeviceKind.PROJECTOR, power="warming")
    broken = a_device(DeviceKind.CAMERA, Status.CRITICAL)
    assert phase(replace(classroom(), template=NOTHING)) is LessonPhase.IDLE
    assert phase(in_lesson()) is LessonPhase.READY
    assert phase(in_lesson(), warming) is LessonPhase.STARTING
    assert phase(in_lesson(), warming, age_s=STARTING_S) is LessonPhase.READY
    assert phase(in_lesson(), broken) is LessonPhase.READY_WITH_GAPS
    assert phase(in_lesson(SHEET.confirm("teacher", 1)), broken) is LessonPhase.RUNNING
    assert phase(in_lesson(None)) is LessonPhase.RUNNING


def test_the_board_is_missed_first() -> None:
    """This computer itself is no gap."""
    kinds = (DeviceKind.NETWORK, DeviceKind.HOST, DeviceKind.CAMERA, DeviceKind.BOARD)
    devices = tuple(a_device(kind, Status.CRITICAL) for kind in kinds)
    view = (
        in_lesson()
        .view(0)
        ._replace(devices=devices, present_ids=frozenset(device.device_id for device in devices))
    )
    assert [kind for kind, _ in gaps(view)] == [
        DeviceKind.BOARD,
        DeviceKind.CAMERA,
        DeviceKind.NETWORK,
    ]


@pytest.mark.parametrize(
    ("room", "action", "also"),
    [
        (replace(classroom(), template=NOTHING), "start", None),
        (in_lesson(), "confirm", "end"),
        (in_lesson(SHEET.confirm("teacher", 1)), "end", None),
    ],
    ids=["idle", "ready", "running"],
)
def test_the_big_button_is_the_next_step(room: Classroom, action: str, also: str | None) -> None:
    """One more beside it at most."""
    view = seen_by_teacher(room)
    assert view["button"]["action"] == action
    assert (view["also"] or {}).get("action") == also


def test_a_lesson_that_ended_unconfirmed_can_still_be_confirmed() -> None:
    """By the large button; and the bell's end says so."""
    view = seen_by_teacher(ended_by_bell(in_lesson()))
    assert (view["button"]["action"], view["also"]["action"]) == ("confirm", "start")
    assert "unconfirmed" in {notice["code"] for notice in view["notices"]}
    assert view["logbook"] is None


def ended_by_bell(room: Classroom) -> Classroom:
    """The classroom after the lesson's time is up."""
    lesson = replace(room.lesson, ends_s=0.0)
    taught, _ = replace(room.teaching, lesson=lesson).beat(moment(1))
    return replace(room, teaching=taught)


def test_the_bell_asks_for_the_lesson_of_the_timetable() -> None:
    """Not before it rings, and not while a lesson runs."""
    room = replace(classroom(), template=NOTHING)
    room = replace(room, teaching=replace(room.teaching, plan=PLAN))
    codes = [
        [notice["code"] for notice in seen_by_teacher(room, minute)["notices"]]
        for minute in (7 * 60 + 10, 7 * 60 + 16)
    ]
    assert codes == [[], ["bell"]]
    assert seen_by_teacher(in_lesson(None))["notices"][0]["code"] == "no_list"


def test_notices_from_outside_come_in_their_order() -> None:
    """The gravest first, in whatever order they are named."""
    view = seen_by_teacher(in_lesson(), also=["offline", "disk"])
    assert [notice["code"] for notice in view["notices"]] == ["disk", "offline"]


def test_a_fault_waits_until_the_school_has_it() -> None:
    """By its event."""
    taught, _ = in_lesson().teaching.report(Part.BOARD, moment())
    room = replace(in_lesson(), teaching=taught)
    (fault,) = taught.faults
    assert not seen_by_teacher(room, undelivered=[fault.event_id])["faults"]["sent"][0]["delivered"]
    assert seen_by_teacher(room)["faults"]["sent"][0]["delivered"]


def test_a_camera_that_is_switched_off_is_no_fault() -> None:
    """The chip says so, whatever was seen."""
    chips = seen_by_teacher(replace(in_lesson(), own_switch=CameraSwitch(off=True)))["chips"]
    assert [(chip["part"], chip["state"]) for chip in chips] == [
        ("board", "absent"),
        ("camera", "absent"),
        ("tablets", "absent"),
    ]
    assert chips[1]["words"] == "switched off"
