"""A topic and an address spell each other, whatever the codes hold."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.messages import (
    DeviceForgotten,
    DeviceState,
    Event,
    LessonStarted,
    Presence,
    Up,
    up_from,
)
from protocol.model import Place
from protocol.topics import (
    Address,
    Channel,
    TopicError,
    address_for,
    address_of,
    belongs,
    code_of,
    commands_to,
    controller_state,
    level_of,
    topic_of,
)

codes = st.text(min_size=1, max_size=64) | st.text("ax-0", min_size=1, max_size=12)


@given(codes)
def test_a_code_survives_as_a_level(code: str) -> None:
    """Every code comes back letter for letter, from an alphabet that every broker takes."""
    assert re.fullmatch("[a-z0-9-]+", level_of(code))
    assert code_of(level_of(code)) == code


@given(codes, codes)
def test_two_codes_never_share_a_level(one: str, other: str) -> None:
    """Otherwise two schools would read each other's topics."""
    assert (level_of(one) == level_of(other)) == (one == other)


@given(codes, codes, codes, st.sampled_from(Channel), codes)
def test_an_address_survives_as_a_topic(
    province: str, school: str, agent: str, channel: Channel, tail: str
) -> None:
    """Both ways, for every channel."""
    tailed = channel in {Channel.DEVICE, Channel.COMMAND}
    address = Address(Place(province, school, agent), channel, tail if tailed else "")
    assert address_of(topic_of(address)) == address


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "lophoc/v1/14/001/p203",
        "lophoc/v1/14/001/p203/nonsense",
        "lophoc/v1/14/001/p203/birth/extra",
        "lophoc/v1/14/001/p203/device",
        "lophoc/v2/14/001/p203/birth",
        "lophoc/v1/14//p203/birth",
        "lophoc/v1/14/001/P203/birth",
        "lophoc/v1/14/001/p-x61-3/birth",  # an escape that no code needs
        "lophoc/v1/14/001/p-xffffff-/birth",  # beyond Unicode
        "other/v1/14/001/p203/birth",
    ],
)
def test_a_foreign_topic_is_refused(topic: str) -> None:
    """Nothing is guessed into an address."""
    with pytest.raises(TopicError):
        address_of(topic)


@given(st.text(max_size=100))
def test_any_text_is_an_address_or_an_error(topic: str) -> None:
    """Hostile topics raise TopicError and nothing else."""
    try:
        address_of(topic)
    except TopicError:
        return


def test_leading_zeros_stay_and_ordinary_codes_are_readable() -> None:
    """A school's code is no number."""
    place = Place("14", "00140708", "p203-laptop")
    assert topic_of(Address(place, Channel.BIRTH)) == "lophoc/v1/14/00140708/p203-laptop/birth"
    assert commands_to(place) == "lophoc/v1/14/00140708/p203-laptop/command/#"
    assert controller_state(place) == "lophoc/v1/14/00140708/controller/state"


def test_every_message_has_its_channel() -> None:
    """States to their own, events to one."""
    place = Place("14", "001", "p203")
    presence = Presence(boot="b", at_ms=1, session=1, online=True)
    assert address_for(place, presence).channel is Channel.STATE
    forgotten = DeviceForgotten(boot="b", at_ms=1, device_id="usb-1")
    assert address_for(place, forgotten) == Address(place, Channel.DEVICE, "usb-1")
    lesson = LessonStarted(boot="b", at_ms=1, id="e", room="P203", lesson="l")
    assert address_for(place, lesson) == Address(place, Channel.EVENT)


UP = {each.__struct_config__.tag for each in Up.__args__}
GOLDEN = [
    path
    for path in sorted(Path(__file__).with_name("golden").glob("*.json"))
    if json.loads(path.read_bytes())["kind"] in UP
]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_message_belongs_where_it_is_said_and_nowhere_else(path: Path) -> None:
    """A device's state under another device's name would be another device's state."""
    message = up_from(path.read_bytes())
    place = Place("14", "001", "p203")
    address = address_for(place, message)
    assert address.place == place
    assert belongs(address, message)
    again = {Channel.RETOLD} if isinstance(message, Event) else set()
    assert all(belongs(address._replace(channel=other), message) for other in again)
    others = set(Channel) - {address.channel} - again
    assert not any(belongs(address._replace(channel=other), message) for other in others)
    if isinstance(message, DeviceState | DeviceForgotten):
        assert address.tail
        assert not belongs(address._replace(tail="usb-9"), message)


def test_a_code_may_be_as_long_as_is_said() -> None:
    """And what is no level is cut short where it is told of."""
    assert code_of(level_of("x" * 64)) == "x" * 64
    for level in ("A", "-x110000-" + "a" * 90):
        with pytest.raises(TopicError, match=f"^not a topic level: '{level[:80]}'$"):
            code_of(level)


@pytest.mark.parametrize("code", ["", "x" * 65])
def test_an_empty_or_endless_code_is_refused(code: str) -> None:
    """No broker gets an empty level."""
    with pytest.raises(TopicError, match=f"1 to 64 characters, this one {len(code)}$"):
        level_of(code)
