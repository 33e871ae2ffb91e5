"""What a simulated room says of what happens in it."""

from __future__ import annotations

from itertools import count, islice

from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.readings import Kind
from protocol.chain import breaks
from protocol.health import ReasonCode
from protocol.kit import missing
from protocol.messages import (
    AttendanceMarked,
    Birth,
    DeviceAppeared,
    DeviceState,
    DeviceVanished,
    Event,
    Health,
    HealthChanged,
    HostMeasures,
    LessonEnded,
    LessonStarted,
    OutboxReport,
    RollConfirmed,
    to_bytes,
    up_from,
)
from protocol.model import AttendanceStatus, Method, Reason, Status
from simulators.day import Judged, LessonBegan, LessonOver, Moved, PlayedDay, PlayedMark, RollCalled
from simulators.equipment import device_id_of, equipment_of
from simulators.room import Messages, PlayedRoom

EQUIPMENT = equipment_of("P101", 1, 5)
HOST = device_id_of(EQUIPMENT[0])
TABLET = device_id_of(EQUIPMENT[-1])
WELL = HostMeasures(cpu_percent=10.0)
HOT = HostMeasures(cpu_percent=10.0, temperature_c=85.0)
BOX = OutboxReport()


def new_room() -> PlayedRoom:
    """A room whose ids count up."""
    ids = count(1)
    return PlayedRoom(
        "P101",
        EQUIPMENT,
        boot="b1",
        beat_s=60.0,
        started_ms=1_000,
        new_id=lambda: f"id-{next(ids)}",
    )


def birth_of(room: PlayedRoom, measures: HostMeasures = WELL) -> Birth:
    """The room's full snapshot."""
    return room.birth(1, 2_000, measures, BOX)


def kinds(messages: Messages) -> list[type]:
    """What kinds of messages these are."""
    return [type(each) for each in messages]


def test_a_birth_tells_everything() -> None:
    """Every device, the computer sharing the agent's own status."""
    birth = birth_of(new_room())
    assert {each.device_id for each in birth.devices} == {device_id_of(each) for each in EQUIPMENT}
    assert (birth.room, birth.session, birth.status) == ("P101", 1, Status.OK)
    assert all(each.status is Status.OK for each in birth.devices)


def test_a_device_that_goes_is_unknown_with_its_reason() -> None:
    """Its last sight stays the time it was last there; then its return is told."""
    room = new_room()
    board = device_id_of(EQUIPMENT[1])
    state, gone = room.hear(Moved(board, present=False), 5_000)
    assert isinstance(state, DeviceState)
    assert isinstance(gone, DeviceVanished)
    assert state.device.status is Status.UNKNOWN
    assert state.device.reasons[0].code in {ReasonCode.GOODBYE, ReasonCode.UNPLUGGED}
    assert state.device.last_seen_ms == 1_000
    assert (gone.device_id, gone.room) == (board, "P101")
    back, came = room.hear(Moved(board, present=True), 9_000)
    assert isinstance(back, DeviceState)
    assert isinstance(came, DeviceAppeared)
    assert (back.device.status, back.device.last_seen_ms) == (Status.OK, 9_000)


def test_a_tablet_that_goes_is_asleep_and_nobody_is_told_of_trouble() -> None:
    """It still counts as the room's, and wakes without having come."""
    room = new_room()
    [state] = room.hear(Moved(TABLET, present=False), 5_000)
    assert isinstance(state, DeviceState)
    assert (state.device.status, state.device.reasons) == (
        Status.OK,
        (Reason(ReasonCode.SLEEPING),),
    )
    birth_of(room)
    health = room.beat(6_000, WELL, BOX)[-1]
    assert isinstance(health, Health)
    assert TABLET in health.seen
    assert kinds(room.hear(Moved(TABLET, present=True), 9_000)) == [DeviceState]


def test_a_room_is_held_against_what_it_was_furnished_with() -> None:
    """A board that is switched off is missing; a tablet asleep is not."""
    room = new_room()
    assert missing(birth_of(room).kit) == ()
    room.hear(Moved(TABLET, present=False), 1)
    room.hear(Moved(device_id_of(EQUIPMENT[1]), present=False), 2)
    assert [each.kind for each in missing(birth_of(room).kit)] == ["board"]


def test_a_usb_device_is_unplugged() -> None:
    """It says no goodbye."""
    room, usb = next(
        (f"P{number}", each)
        for number in range(50)
        for each in equipment_of(f"P{number}", 1, 0)
        if each.source == "usb"
    )
    played = PlayedRoom(
        room,
        equipment_of(room, 1, 0),
        boot="b",
        beat_s=1.0,
        started_ms=0,
        new_id=lambda: "x",
    )
    _, gone = played.hear(Moved(device_id_of(usb), present=False), 1)
    assert isinstance(gone, DeviceVanished)
    assert gone.reason == ReasonCode.UNPLUGGED


def test_what_changes_nothing_is_not_said() -> None:
    """Coming while there, going while away, working while working."""
    room = new_room()
    assert room.hear(Moved(TABLET, present=True), 1) == []
    room.hear(Moved(TABLET, present=False), 2)
    assert room.hear(Moved(TABLET, present=False), 3) == []
    assert room.hear(Judged(HOST, Status.OK), 4) == []


def test_a_judgement_travels_with_its_reason() -> None:
    """A low battery is a state, not an event."""
    low = Reason(ReasonCode.BATTERY_LOW, 12.0, 20.0)
    [state] = new_room().hear(Judged(TABLET, Status.WARNING, low), 1)
    assert isinstance(state, DeviceState)
    assert (state.device.status, state.device.reasons) == (Status.WARNING, (low,))


def test_a_lesson_carries_its_marks() -> None:
    """Start, mark and end name the same lesson; the birth knows it while it runs."""
    room = new_room()
    [started] = room.hear(LessonBegan(), 1)
    assert room.hear(LessonBegan(), 2) == []
    assert room.hear(PlayedMark("hs-10101", AttendanceStatus.PRESENT, Method.CARD), 3) == []
    [roll] = room.hear(RollCalled(), 3)
    assert room.hear(RollCalled(), 3) == []
    [mark] = room.hear(PlayedMark("hs-10101", AttendanceStatus.LATE, Method.MANUAL), 3)
    assert isinstance(started, LessonStarted)
    assert isinstance(roll, RollConfirmed)
    assert isinstance(mark, AttendanceMarked)
    assert [(each.student, each.class_code) for each in roll.lines] == [
        ("hs-10101", started.classes[0])
    ]
    assert breaks([mark, roll]) == []
    assert birth_of(room).lesson == roll.lesson == mark.lesson == started.lesson
    [ended] = room.hear(LessonOver(), 4)
    assert isinstance(ended, LessonEnded)
    assert ended.lesson == started.lesson
    assert room.hear(LessonOver(), 5) == []
    assert birth_of(room).lesson is None


def test_a_beat_names_who_is_there() -> None:
    """Those that went are left out."""
    room = new_room()
    birth_of(room)
    board = device_id_of(EQUIPMENT[1])
    room.hear(Moved(board, present=False), 1)
    [health] = room.beat(2, WELL, BOX)
    assert isinstance(health, Health)
    assert board not in health.seen
    assert len(health.seen) == len(EQUIPMENT) - 1


def test_a_hot_computer_is_news_once() -> None:
    """The computer among the devices turns with the agent's own status, and back."""
    room = new_room()
    birth_of(room)
    assert kinds(room.beat(1, HOT, BOX)) == [DeviceState, HealthChanged, Health]
    assert kinds(room.beat(2, HOT, BOX)) == [Health]
    state, changed, _ = room.beat(3, WELL, BOX)
    assert isinstance(state, DeviceState)
    assert isinstance(changed, HealthChanged)
    assert (state.device.device_id, state.device.status) == (HOST, Status.OK)
    assert changed.status is Status.OK


@settings(max_examples=20)
@given(st.integers())
def test_what_was_said_adds_up_to_the_next_birth(seed: int) -> None:
    """A listener that keeps every state knows what the room would tell anew; all is valid."""
    room = new_room()
    known = {each.device_id: each for each in birth_of(room).devices}
    ids = set()
    for moment in islice(PlayedDay("P101", EQUIPMENT, seed, pace_s=1.0).moments(), 300):
        for message in room.hear(moment.happening, 3_000):
            assert up_from(to_bytes(message)) == message
            if isinstance(message, DeviceState):
                known[message.device.device_id] = message.device
            if isinstance(message, Event):
                assert message.id not in ids
                ids.add(message.id)
    assert known == {each.device_id: each for each in birth_of(room).devices}


def test_the_largest_room_fits_a_birth() -> None:
    """350 tablets and the rest, below what a message may hold."""
    things = equipment_of("P101", 1, 350)
    room = PlayedRoom("P101", things, boot="b", beat_s=1.0, started_ms=0, new_id=lambda: "x")
    assert isinstance(up_from(to_bytes(birth_of(room))), Birth)
    assert Kind.TABLET in {each.kind for each in things}
