from __future__ import annotations

from dataclasses import replace

from agent.classroom import Classroom
from agent.equipment import devices
from agent.equipment.description import device_id_of
from agent.equipment.devices import MAX_DEVICES
from agent.room import Moment
from hardware.readings import CameraReading, CameraState, Kind, LineReading, SourceFlaw
from protocol.kit import KitProgram, KitTemplate
from protocol.messages import (
    MAX_BYTES,
    AttendanceMarked,
    DeviceAppeared,
    DeviceState,
    Health,
    HostMeasures,
    KitLine,
    OutboxReport,
    to_bytes,
    up_from,
)
from protocol.model import AttendanceStatus, DeviceKind, Method, Reason, Status
from tests.agent.classrooms import (
    CALM,
    DAY,
    classroom,
    host_sighting,
    moment,
    roaming,
    room,
    sighting,
)

FULLER = HostMeasures(disk_used_percent=99.0, uptime_s=1.0)


def running() -> Classroom:
    """A classroom with its computer and a camera, measured once."""
    room_ = classroom().see([host_sighting(), sighting()], 1000).classroom
    return room_.beat(CALM, OutboxReport(), (), moment()).classroom


def test_several_sightings_are_one_step() -> None:
    """A burst of sightings is said at once."""
    said = classroom().see([host_sighting(), sighting()], 1000).messages
    assert [type(each) for each in said] == [DeviceState, DeviceAppeared] * 2


def test_the_computer_is_a_device_with_the_judged_status() -> None:
    """The host among the devices says what the room's health says."""
    view = running().view(2000)
    by_id = {each.device_id: each for each in view.devices}
    assert by_id[device_id_of(host_sighting().key)].status is Status.OK
    assert view.present_ids == set(by_id)
    step = running().beat(FULLER, OutboxReport(), (), moment(10))
    step = step.classroom.beat(FULLER, OutboxReport(), (), moment(20))
    assert {type(each) for each in step.messages} >= {Health, DeviceState}
    assert {each.status for each in step.classroom.view(0).devices} == {
        Status.CRITICAL,
        Status.OK,
    }


def test_a_step_leaves_the_classroom_before_it_valid() -> None:
    """Whoever is refused by the disk goes on from the step before."""
    before = running()
    step, marked = before.mark("0012", AttendanceStatus.PRESENT, Method.MANUAL, moment())
    assert marked.new
    assert before.teaching.roll.marks == {}
    again, repeated = before.mark("0012", AttendanceStatus.PRESENT, Method.MANUAL, moment())
    assert [each.id for each in step.messages] == [each.id for each in again.messages]  # type: ignore[union-attr]
    assert repeated.mark.event_id == marked.mark.event_id


def test_a_mark_belongs_to_the_lesson_that_runs() -> None:
    """In a lesson it carries the lesson, otherwise the day alone."""
    lesson = running().teach(lambda each: each.start("l1", moment())).classroom
    step, _ = lesson.mark("0012", AttendanceStatus.LATE, Method.MANUAL, moment())
    (event,) = step.messages
    assert isinstance(event, AttendanceMarked)
    assert event.lesson == "l1"
    idle = step.classroom.teach(lambda each: each.end(moment(1))).classroom
    _, marked = idle.mark("0012", AttendanceStatus.LATE, Method.MANUAL, moment())
    assert (marked.mark.lesson, marked.mark.day) == (None, DAY)


def test_a_new_day_begins_an_empty_roll() -> None:
    """The beat lets go of yesterday's marks even if nobody taps."""
    step, _ = running().mark("0012", AttendanceStatus.LATE, Method.MANUAL, moment())
    tomorrow = step.classroom.beat(CALM, OutboxReport(), (), moment(day="2026-09-08"))
    assert tomorrow.classroom.teaching.roll.marks == {}


def test_a_birth_tells_everything_and_comes_back_whole() -> None:
    """The snapshot holds status, devices and lesson, and fits the wire."""
    lesson = running().teach(lambda each: each.start("l1", moment())).classroom
    birth = lesson.birth(3, OutboxReport(pending=2), Moment(9000, 0.0, "2026-09-05"))
    assert up_from(to_bytes(birth)) == birth
    assert (birth.session, birth.lesson, birth.status) == (3, "l1", Status.OK)
    assert {each.last_seen_ms for each in birth.devices} == {9000}


def full_room(**words: str) -> devices.Devices:
    """As many devices as are kept, each with these words."""
    crowd = [sighting(f"usb:{number}", **words) for number in range(MAX_DEVICES)]
    return devices.restore_devices(room(), ()).see(crowd, 1000).devices


def test_a_birth_of_hostile_devices_still_fits_one_message() -> None:
    """Endless names in four-byte letters leave some devices out, absent ones first."""
    text = "\U0001f600" * 200
    known = full_room(name=text, vendor=text, model=text, serial=text)
    known, _ = known.see([sighting("usb:0", present=False)], 2000)
    birth = classroom(known).birth(1, OutboxReport(), Moment(3000, 0.0, "2026-09-05"))
    assert 0 < len(birth.devices) < MAX_DEVICES
    assert len(to_bytes(birth)) <= MAX_BYTES
    assert all(each.status is Status.OK for each in birth.devices)


def test_a_birth_of_a_full_ordinary_room_leaves_nothing_out() -> None:
    """Four hundred devices with ordinary names are one message."""
    known = full_room(vendor="Thiên Long", serial="A12")
    birth = classroom(known).birth(1, OutboxReport(), Moment(3000, 0.0, "2026-09-05"))
    assert len(birth.devices) == MAX_DEVICES
    assert len(to_bytes(birth)) <= MAX_BYTES


LINE = LineReading(at=0.0, gateway=True, dns=False, controller=True, internet=False, rtt_ms=2.0)
BOARD = sighting("usb:0b8c:0001:AB12", kind=Kind.BOARD, product="0b8c:0001")


def told(room_: Classroom) -> dict[str, Status]:
    """The findings of a beat, by code."""
    return {reason.code: status for status, reason in room_.findings()}


def test_a_roaming_laptop_takes_its_room_from_the_board_it_is_plugged_into() -> None:
    """Picked once; after that the board tells, and everything said names the new room."""
    room_ = roaming().see([host_sighting(), BOARD], 1000).classroom
    assert room_.findings()[-1] == (Status.WARNING, Reason("room_unknown"))
    picked = room_.pick("P203", 2000)
    assert picked.classroom.room.room == "P203"
    (device,) = [each.device for each in picked.messages if isinstance(each, DeviceState)]
    assert (device.kind, device.room) == ("board", "P203")
    away = picked.classroom.see([replace(BOARD, present=False, reason="unplugged")], 3000).classroom
    elsewhere = away.pick("P207", 4000).classroom
    back = elsewhere.see([BOARD], 5000).classroom
    assert (back.room.room, back.placement.how) == ("P203", "learnt")
    assert back.teach(lambda each: each.start("L1", moment())).messages[0].room == "P203"
    birth = back.birth(1, OutboxReport(), Moment(7000, 0.0, "2026-09-05"))
    assert (birth.room, birth.roaming) == ("P203", True)


def test_a_lesson_stays_in_its_room_whatever_is_learnt() -> None:
    """A cable that is moved does not move the lesson."""
    room_ = roaming().see([BOARD], 1000).classroom.pick("P203", 2000).classroom
    room_ = room_.see([replace(BOARD, present=False, reason="unplugged")], 3000).classroom
    room_ = (
        room_.pick("P207", 4000).classroom.teach(lambda each: each.start("L1", moment())).classroom
    )
    assert room_.see([BOARD], 6000).classroom.room.room == "P207"


def test_the_line_is_told_calmly() -> None:
    """No internet is no alarm; no network is, and a server that is long away."""
    room_ = classroom().see([LINE], 0).classroom
    assert told(room_) == {"internet_unreachable": Status.OK}
    cut = LineReading(at=0.0, gateway=False, dns=False, controller=False, outage_min=9.0)
    assert told(classroom().see([cut], 0).classroom) == {"gateway_unreachable": Status.WARNING}
    away = LineReading(at=0.0, gateway=True, controller=False, outage_min=9.4)
    assert told(classroom().see([away], 0).classroom) == {"controller_unreachable": Status.WARNING}
    short = LineReading(at=0.0, gateway=True, controller=False, outage_min=0.5)
    assert told(classroom().see([short], 0).classroom) == {}
    assert room_.birth(1, OutboxReport(), Moment(0, 0.0, "2026-09-05")).line.rtt_ms == 2.0


def test_flaws_add_up_and_alarm_nobody() -> None:
    """What made no sense is counted by its source."""
    room_ = classroom()
    for count in (3, 4):
        room_ = room_.see([SourceFlaw(source="mdns", code="nonsense", count=count)], 0).classroom
    assert room_.flaws["mdns"] == 7
    assert told(room_) == {"flaws_heard": Status.OK}


def test_a_missing_program_and_kit_are_told() -> None:
    """The kit goes with every report."""
    room_ = replace(
        classroom(),
        template=KitTemplate(software="LibreOffice", computers=1, cameras=1, access_points=1),
    )
    programs = {"LibreOffice": KitProgram(installed=False, running=False)}
    step = room_.beat(CALM, OutboxReport(), (), moment(), programs)
    health = next(each for each in step.messages if isinstance(each, Health))
    assert [(each.kind or each.name, each.here) for each in health.kit] == [
        ("host", 0),
        ("camera", 0),
        ("network", 0),
        ("LibreOffice", 0),
    ]
    assert [each.code for each in health.reasons] == ["software_missing"]


def test_what_the_school_asks_for_comes_before_the_settings() -> None:
    """Until it says something the settings hold; that it asks for nothing is something."""
    room_ = replace(classroom(), template=KitTemplate(boards=2))
    assert [each.wanted for each in room_.kit()] == [2]
    asked = (KitLine(kind=DeviceKind.CAMERA, wanted=1, here=0),)
    assert [each.kind for each in replace(room_, asked=asked).kit()] == [DeviceKind.CAMERA]
    assert replace(room_, asked=()).kit() == ()
    assert replace(room_, template=KitTemplate()).kit() == ()


def test_what_is_only_heard_in_the_network_is_no_part_of_the_kit() -> None:
    """A neighbour's answers there, too; a person's word, or another source, makes it the room's."""
    room_ = replace(classroom(), template=KitTemplate(cameras=3))
    heard = sighting(source="mdns", key="mac:00408c112201")
    seen = sighting(source="onvif", key="mac:00408c112202")
    room_ = room_.see([heard, seen], 0).classroom
    assert [each.here for each in room_.kit()] == [1]
    own = device_id_of(heard.key)
    step = room_.change_devices(lambda devices, at_ms: devices.claim(own, at_ms, ours=True), 0)
    assert [each.here for each in step.classroom.kit()] == [2]


def test_a_cameras_picture_is_its_status_unless_it_is_switched_off() -> None:
    """What was still on its way when a person switched it off is not believed."""
    camera = sighting()
    dark = CameraReading(key=camera.key, at=0.0, state=CameraState.COVERED)
    room_ = classroom().see([camera], 1000).classroom.see([dark], 2000).classroom
    assert room_.devices.all(0)[0].status is Status.WARNING
    off = room_.switch_camera(off=True, at_ms=3000).classroom.see([dark], 4000).classroom
    (device,) = off.devices.all(0)
    assert (device.status, device.reasons) == (Status.OK, (Reason("camera_off"),))
