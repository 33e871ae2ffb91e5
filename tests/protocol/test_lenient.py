"""What is wrong in a message costs that alone, and is said."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.messages import Birth, DeviceState, MessageError, MessageFlaw, up_from
from protocol.model import DEVICE_REASONS, MAX_TEXT, Reason
from protocol.upward import ItemsTold, upward_from

GOLDEN = Path(__file__).with_name("golden")
LONG = "Máy chiếu " * 40
plain = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    plain | st.text(max_size=20) | st.just(LONG) | st.integers(-5, 1 << 70),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def birth() -> dict[str, Any]:
    """A birth of three devices."""
    told: dict[str, Any] = json.loads((GOLDEN / "birth-v3.json").read_bytes())
    devices = [{**told["devices"][0], "device_id": f"usb-{n}"} for n in range(3)]
    told["devices"] = json.loads(json.dumps(devices))  # nothing shared
    return told


def places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value within."""
    inner: list[tuple[str | int, ...]] = []
    if isinstance(value, dict):
        inner = [found for name, each in value.items() for found in places(each, (*path, name))]
    elif isinstance(value, list):
        inner = [found for at, each in enumerate(value) for found in places(each, (*path, at))]
    return [path, *inner] if path else inner


def put(message: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """The message with another value there."""
    changed: Any = copy.deepcopy(message)
    at = changed
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    whole: dict[str, Any] = changed
    return whole


IN_DEVICES = [path for path in places(birth()) if path[0] == "devices" and len(path) > 1]
NEVER_NEEDED = [path for path in places(birth()) if path[0] in {"measures", "line", "kit"}]


@settings(max_examples=300)
@given(st.sampled_from(IN_DEVICES), values)
def test_whatever_one_device_tells_its_neighbours_arrive(
    path: tuple[str | int, ...], value: object
) -> None:
    """It loses at most itself, and the room says that something is missing."""
    whole, told = up_from(json.dumps(birth()).encode()), put(birth(), path, value)
    read = up_from(json.dumps(told).encode())
    assert isinstance(whole, Birth)
    assert isinstance(read, Birth)
    broken = whole.devices[int(path[1])]
    others = [device for device in whole.devices if device is not broken]
    assert [device for device in read.devices if device in others] == others
    if len(read.devices) < len(whole.devices):
        assert Reason("left_out", 1) in read.reasons


@settings(max_examples=200)
@given(st.sampled_from(NEVER_NEEDED), values)
def test_a_measure_that_makes_no_sense_was_not_measured(
    path: tuple[str | int, ...], value: object
) -> None:
    """The devices and the room's status are there all the same."""
    told = put(birth(), path, value)
    try:
        read = up_from(json.dumps(told).encode())
    except MessageError:
        assert path == ("kit",)  # a list that is none
        return
    assert isinstance(read, Birth)
    assert len(read.devices) == 3


def test_a_long_name_is_cut_and_said() -> None:
    """By the device that has it, where it is told alone."""
    told = birth()
    told["devices"][1]["name"] = LONG
    read = up_from(json.dumps(told).encode())
    assert isinstance(read, Birth)
    assert [device.name for device in read.devices][1] == LONG[:MAX_TEXT]
    assert read.reasons[-1] == Reason("text_cut", "devices.name")
    alone = json.loads((GOLDEN / "device-v2.json").read_bytes())
    alone["device"]["model"] = LONG
    alone["device"]["reasons"] = [{"code": "lamp_old"}] * DEVICE_REASONS
    state = up_from(json.dumps(alone).encode())
    assert isinstance(state, DeviceState)
    assert state.device.model == LONG[:MAX_TEXT]
    assert len(state.device.reasons) == DEVICE_REASONS
    alone["device"]["reasons"] = []
    state = up_from(json.dumps(alone).encode())
    assert isinstance(state, DeviceState)
    assert state.device.reasons == (Reason("text_cut", "device.model"),)


@pytest.mark.parametrize(
    ("name", "value"),
    [("room", ""), ("room", "P" * 65), ("boot", None), ("rev", -1), ("at_ms", 1 << 60)],
    ids=["no room", "long room", "no boot", "rev", "at_ms"],
)
def test_what_a_message_stands_on_is_never_guessed(name: str, value: object) -> None:
    """An id that is cut is another's."""
    with pytest.raises(MessageError):
        up_from(json.dumps({**birth(), name: value}).encode())


def test_no_lesson_is_not_what_cannot_be_read() -> None:
    """Unknown is not empty."""
    with pytest.raises(MessageError):
        up_from(json.dumps({**birth(), "lesson": 7}).encode())


@pytest.mark.parametrize("kind", ["attendance-v3", "roll_confirmed-v3", "lesson_started-v3"])
def test_a_record_is_read_whole_or_not_at_all(kind: str) -> None:
    """Its hash is over what was said."""
    told = json.loads((GOLDEN / f"{kind}.json").read_bytes())
    name = "subject" if "subject" in told else "actor"
    with pytest.raises(MessageError):
        up_from(json.dumps({**told, name: LONG}).encode())


def test_of_a_page_the_other_items_can_be_read() -> None:
    """The page is refused with what is left of it."""
    told = json.loads((GOLDEN / "items-v3.json").read_bytes())
    good = told["items"][0]
    told["items"] = [good, {**good, "item": "x", "change": "?"}, {**good, "room": LONG}]
    with pytest.raises(MessageError) as refused:
        upward_from(json.dumps(told).encode())
    assert refused.value.flaw is MessageFlaw.LEFT_OUT
    rest = refused.value.rest
    assert rest
    assert isinstance(rest.message, ItemsTold)
    assert [item.room for item in rest.message.items] == [good["room"], LONG[:MAX_TEXT]]
    told["items"].pop(1)
    read = upward_from(json.dumps(told).encode())
    assert isinstance(read, ItemsTold)
    assert len(read.items) == 2
