"""What a device is by the school's word: kept by the room, whatever it is called by then."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.equipment import memos
from agent.equipment.description import device_id_of
from agent.equipment.devices import Devices, restore_devices
from agent.equipment.traces import Traces
from hardware.readings import IdentityKind, Kind, Sighting
from protocol.messages import KindAnswer
from protocol.model import DeviceKind
from tests.agent.classrooms import room, sighting


def frame(key: str, product: str = "6615:0084", asks: Kind = Kind.BOARD) -> Sighting:
    """A touch frame that plays the mouse."""
    seen = sighting(key, source="usb", identity=IdentityKind.PORT, kind=Kind.INPUT)
    return replace(seen, product=product, asks=asks)


FRAME = frame("port:h:1:6615:0084")
FRAME_ID = device_id_of(FRAME.key)
TWIN = frame("port:h:2:6615:0084")
PHONE = replace(
    frame("usb:04e8:6860:R58M12ABCDE", "04e8:6860", Kind.TABLET), identity=IdentityKind.USB
)
OTHER_PHONE = replace(PHONE, key="usb:04e8:6860:R58M98ZYXWV")
THINGS = (FRAME, TWIN, PHONE, OTHER_PHONE)


def restarted(devices: Devices) -> Devices:
    """After a restart, by its documents and memos."""
    traces = Traces(
        room=devices.room.room,
        roaming=devices.traces.roaming,
        held=devices.traces.held,
        answers=devices.traces.answers,
    )
    after = restore_devices(devices.room, devices.all(9), traces, devices.decisions)
    stored = memos.changes(restore_devices(room(), ()), devices)
    kept = {name: value for name, value in stored.items() if value is not None}
    return after.with_kinds(memos.kinds_in(kept))


def kinds(devices: Devices) -> dict[str, Kind]:
    """What the room takes each thing for."""
    return {one.key: one.kind for one in devices.traces.sightings()}


@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(
        st.tuples(st.sampled_from(range(4)), st.sampled_from(["yes", "no", "undo"]), st.booleans()),
        max_size=6,
    )
)
def test_the_last_word_counts_and_the_schools_before_the_rooms(
    words: list[tuple[int, str, bool]],
) -> None:
    """Against a model: a word covers the product, but of a phone with a serial that one alone."""
    devices = restore_devices(room(), ()).see(THINGS, 1).devices
    own: dict[str, Kind] = {}
    schools: dict[str, tuple[str, Kind]] = {}
    for at, word, by_school in words:
        thing = THINGS[at]
        covered = thing.key if thing.asks is Kind.TABLET else thing.product
        kind = thing.asks if word == "yes" else Kind.OTHER
        assert kind is not None
        device_id = device_id_of(thing.key)
        if by_school:
            schools.pop(device_id, None)
            if word != "undo":
                schools[device_id] = covered, kind
            said = [
                KindAnswer(device=one, is_kind=DeviceKind(is_)) for one, (_, is_) in schools.items()
            ]
            devices = devices.be_told_kinds(said, 2).devices
        elif word != "undo":
            own[covered] = kind
            devices = devices.answer(device_id, kind, 2).devices
    model = own | dict(schools.values())
    for after in (devices, restarted(devices)):
        for thing in THINGS:
            word_of = model.get(thing.key, model.get(thing.product, thing.kind))
            assert kinds(after)[thing.key] is word_of
            asked = device_id_of(thing.key) in devices.questions()
            assert asked is (thing.key not in model and thing.product not in model)


def test_a_word_holds_under_another_id_and_over_a_restart() -> None:
    """A carried computer names the board after its room once it is one; the school's id is old."""
    traces = Traces(room="6A1", roaming=True)
    devices = restore_devices(room(), (), traces).see([FRAME], 1).devices
    said = [KindAnswer(device=FRAME_ID, is_kind=DeviceKind.BOARD)]
    devices = devices.be_told_kinds(said, 2).devices.see([FRAME], 3).devices
    for after in (devices, restarted(devices)):
        again = after.be_told_kinds(said, 4).devices.see([FRAME], 5).devices
        assert [one.kind for one in again.traces.sightings() if one.present] == [Kind.BOARD]


@pytest.mark.parametrize("asks", [Kind.BOARD, Kind.CAMERA, Kind.TABLET])
def test_what_is_asked_is_told_to_the_school_before_all_else(asks: Kind) -> None:
    """However much there is to tell, and no more once it is answered."""
    crowd = [
        sighting(
            f"mac:{number:012x}",
            source="onvif",
            identity=IdentityKind.MAC,
            contested=("x" * 120,) * 8,
        )
        for number in range(390)
    ]
    asked = replace(FRAME, asks=asks)
    devices = restore_devices(room(), ()).see([*crowd, asked], 1).devices
    told = devices.explained(2).devices
    assert [(one.device_id, one.asks) for one in told if one.asks] == [(FRAME_ID, DeviceKind(asks))]
    said = [KindAnswer(device=FRAME_ID, is_kind=DeviceKind(asks))]
    devices = devices.be_told_kinds(said, 3).devices
    assert not [one for one in devices.explained(4).devices if one.asks]
