from __future__ import annotations

from classrooms import CALM, DAY, classroom, host_sighting, moment, room, sighting

from agent import devices
from agent.classroom import Classroom
from agent.devices import MAX_DEVICES, device_id_of
from protocol.messages import (
    MAX_BYTES,
    AttendanceMarked,
    DeviceAppeared,
    DeviceState,
    Health,
    HostMeasures,
    OutboxReport,
    to_bytes,
    up_from,
)
from protocol.model import AttendanceStatus, Method, Status

FULLER = HostMeasures(disk_used_percent=99.0, uptime_s=1.0)


def running() -> Classroom:
    """A classroom with its computer and a camera, measured once."""
    room_ = classroom().see([host_sighting(), sighting()], 1000).classroom
    return room_.beat(CALM, OutboxReport(), (), moment()).classroom


def test_several_sightings_are_one_step() -> None:
    """A burst of sightings is said at once."""
    said = classroom().see([host_sighting(), sighting()], 1000).said
    assert [type(each) for each in said] == [DeviceState, DeviceAppeared] * 2


def test_the_computer_is_a_device_with_the_judged_status() -> None:
    """The host among the devices says what the room's health says."""
    view = running().view(2000)
    by_id = {each.device_id: each for each in view.devices}
    assert by_id[device_id_of(host_sighting().key)].status is Status.OK
    assert view.here == set(by_id)
    step = running().beat(FULLER, OutboxReport(), (), moment(10))
    step = step.classroom.beat(FULLER, OutboxReport(), (), moment(20))
    assert {type(each) for each in step.said} >= {Health, DeviceState}
    assert {each.status for each in step.classroom.view(0).devices} == {
        Status.CRITICAL,
        Status.OK,
    }


def test_a_step_leaves_the_classroom_before_it_valid() -> None:
    """Whoever is refused by the disk goes on from the step before."""
    before = running()
    step, marked = before.mark("0012", AttendanceStatus.PRESENT, Method.MANUAL, moment())
    assert marked.new
    assert before.roll.marks == {}
    again, repeated = before.mark("0012", AttendanceStatus.PRESENT, Method.MANUAL, moment())
    assert [each.id for each in step.said] == [each.id for each in again.said]  # type: ignore[union-attr]
    assert repeated.mark.event_id == marked.mark.event_id


def test_a_mark_belongs_to_the_lesson_that_runs() -> None:
    """In a lesson it carries the lesson, otherwise the day alone."""
    lesson = running().start_lesson("l1", 1000).classroom
    step, _ = lesson.mark("0012", AttendanceStatus.LATE, Method.MANUAL, moment())
    (event,) = step.said
    assert isinstance(event, AttendanceMarked)
    assert event.lesson == "l1"
    idle = step.classroom.end_lesson(2000).classroom
    _, marked = idle.mark("0012", AttendanceStatus.LATE, Method.MANUAL, moment())
    assert (marked.mark.lesson, marked.mark.day) == (None, DAY)


def test_a_new_day_begins_an_empty_roll() -> None:
    """The beat lets go of yesterday's marks even if nobody taps."""
    step, _ = running().mark("0012", AttendanceStatus.LATE, Method.MANUAL, moment())
    tomorrow = step.classroom.beat(CALM, OutboxReport(), (), moment(day="2026-09-08"))
    assert tomorrow.classroom.roll.marks == {}


def test_a_birth_tells_everything_and_comes_back_whole() -> None:
    """The snapshot holds status, devices and lesson, and fits the wire."""
    lesson = running().start_lesson("l1", 1000).classroom
    birth = lesson.birth(3, OutboxReport(pending=2), 9000)
    assert up_from(to_bytes(birth)) == birth
    assert (birth.session, birth.lesson, birth.status) == (3, "l1", Status.OK)
    assert {each.last_seen_ms for each in birth.devices} == {9000}


def test_a_birth_of_hostile_devices_still_fits_one_message() -> None:
    """Endless names in four-byte letters leave some devices out, absent ones first."""
    known = devices.recalled(room(), ())
    text = "\U0001f600" * 200
    for number in range(MAX_DEVICES):
        each = sighting(f"usb:{number}", name=text, vendor=text, model=text, serial=text)
        known, _ = known.see([each], 1000)
    known, _ = known.see([sighting("usb:0", present=False)], 2000)
    birth = classroom(known).birth(1, OutboxReport(), 3000)
    assert 0 < len(birth.devices) < MAX_DEVICES
    assert len(to_bytes(birth)) <= MAX_BYTES
    assert all(each.status is Status.OK for each in birth.devices)


def test_a_birth_of_a_full_ordinary_room_leaves_nothing_out() -> None:
    """Four hundred devices with ordinary names are one message."""
    known = devices.recalled(room(), ())
    for number in range(MAX_DEVICES):
        each = sighting(f"usb:{number}", vendor="Thiên Long", serial="A12")
        known, _ = known.see([each], 1000)
    birth = classroom(known).birth(1, OutboxReport(), 3000)
    assert len(birth.devices) == MAX_DEVICES
    assert len(to_bytes(birth)) <= MAX_BYTES
