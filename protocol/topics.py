"""This file turns a place and a channel into an MQTT topic, and back.

    lophoc/v1/{province}/{school}/{agent}/birth | state | device/{id} | health | event   up
    lophoc/v1/{province}/{school}/{agent}/retold                                         up
    lophoc/v1/{province}/{school}/{agent}/command/{ack | rebirth | stored | erased | erase | camera}
                                                                                         down
    lophoc/v1/{province}/{school}/controller/state                                       down

At a department the school's code stands where an agent's stands in a school:

    lophoc/v1/{province}/{department}/{school}/school                                    up
    lophoc/v1/{province}/{department}/{school}/command/{ack | retell | who | inspection}  down

Levels hold `a-z 0-9 -` only, because NATS maps `/` to `.`; other characters travel as
`-x{hex}-`, so every code has exactly one spelling and comes back as it was.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from protocol.messages import Birth, DeviceForgotten, DeviceState, Explained, Health, Presence, Up
from protocol.model import MAX_CODE, Place
from protocol.upward import Upward

ROOT: Final = "lophoc/v1"
CONTROLLER: Final = "controller"


class Channel(StrEnum):
    """The last levels of a topic: what is said there."""

    BIRTH = "birth"
    STATE = "state"
    DEVICE = "device"
    HEALTH = "health"
    EXPLAINED = "explained"
    EVENT = "event"
    RETOLD = "retold"
    SCHOOL = "school"
    COMMAND = "command"


class Address(NamedTuple):
    """Where a message belongs: whose, which channel, and the channel's own last level."""

    place: Place
    channel: Channel
    tail: str = ""


class TopicError(ValueError):
    """A topic or code that is not ours."""


# An ordinary dash is itself, unless what follows would read as an escape.
_FOREIGN = re.compile(r"[^a-z0-9-]|-(?=x)")
_ESCAPE = re.compile(r"-x([0-9a-f]{1,6})-")
_LEVEL = re.compile(r"[a-z0-9-]+")
_CHANNELS: Final = frozenset(map(str, Channel))
TAILED: Final = frozenset({Channel.DEVICE, Channel.COMMAND})
SCHOOL_CHANNELS: Final = (Channel.SCHOOL,)
ROOM_CHANNELS: Final = tuple(
    channel for channel in Channel if channel not in {*SCHOOL_CHANNELS, Channel.COMMAND}
)


def level_of(code: str) -> str:
    """The code as one topic level. Raises TopicError if it is empty or too long."""
    if not 0 < len(code) <= MAX_CODE:
        raise TopicError(f"a code has 1 to {MAX_CODE} characters, this one {len(code)}")
    return _FOREIGN.sub(lambda match: f"-x{ord(match[0]):x}-", code)


def code_of(level: str) -> str:
    """The code that a topic level spells. Raises TopicError if no code is spelt so."""
    try:
        code = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), level)
    except (ValueError, OverflowError) as error:
        raise TopicError(f"not a topic level: {level[:80]!r}") from error
    if level_of(code) != level:
        raise TopicError(f"not a topic level: {level[:80]!r}")
    return code


def school_root(place: Place) -> str:
    """The levels that all of a school's topics share."""
    return f"{ROOT}/{level_of(place.province)}/{level_of(place.school)}"


def topic_of(address: Address) -> str:
    """The topic of an address; a device or command has a tail, the others have none."""
    agent = level_of(address.place.agent)
    base = f"{school_root(address.place)}/{agent}/{address.channel}"
    return f"{base}/{level_of(address.tail)}" if address.channel in TAILED else base


@lru_cache(maxsize=4096)  # a school's topics repeat, and reading one costs more than its message
def address_of(topic: str) -> Address:
    """The address that a topic spells. Raises TopicError."""
    levels = topic.split("/")
    if "/".join(levels[:2]) != ROOT or not all(map(_LEVEL.fullmatch, levels)):
        raise TopicError(f"not a LopHoc topic: {topic[:80]!r}")
    match levels[2:]:
        case [province, school, agent, channel]:
            tail = ""
        case [province, school, agent, channel, tail]:
            pass
        case _:
            raise TopicError(f"a LopHoc topic has 6 or 7 levels: {topic[:80]!r}")
    if channel not in _CHANNELS or (Channel(channel) in TAILED) != bool(tail):
        raise TopicError(f"no such channel: {topic[:80]!r}")
    place = Place(code_of(province), code_of(school), code_of(agent))
    return Address(place, Channel(channel), code_of(tail) if tail else "")


@lru_cache(maxsize=4096)  # asked for every message that arrives
def sender_of(topic: str) -> str:
    """The agent, or the school below, on whose topic it is; empty on a topic that is not ours."""
    try:
        return address_of(topic).place.agent
    except TopicError:
        return ""


def commands_to(place: Place) -> str:
    """The filter of all commands to one agent (MQTT 3.1.1, 4.7.1)."""
    return f"{school_root(place)}/{level_of(place.agent)}/{Channel.COMMAND}/#"


def controller_state(place: Place) -> str:
    """The retained topic where a school's controller says whether it listens."""
    return f"{school_root(place)}/{CONTROLLER}/{Channel.STATE}"


def address_for(place: Place, message: Up | Upward) -> Address:
    """Where an agent, or a school to its department, says this message."""
    channel = _CHANNEL_OF.get(type(message), Channel.EVENT)
    return Address(place, channel, _device_of(message))


def belongs(address: Address, message: Up | Upward) -> bool:
    """Whether this kind of message, of this device, is said at this address."""
    channel = _CHANNEL_OF.get(type(message), Channel.EVENT)
    if address.channel is Channel.RETOLD:
        return channel is Channel.EVENT
    if address.channel is not channel:
        return False
    return address.channel is not Channel.DEVICE or address.tail == _device_of(message)


def _device_of(message: Up | Upward) -> str:
    """Of which device it is said; empty where it is not of one."""
    match message:
        case DeviceState():
            return message.device.device_id
        case DeviceForgotten():
            return message.device_id
        case _:
            return ""


_CHANNEL_OF: Final[dict[type, Channel]] = {
    Presence: Channel.STATE,
    Birth: Channel.BIRTH,
    Health: Channel.HEALTH,
    Explained: Channel.EXPLAINED,
    DeviceState: Channel.DEVICE,
    DeviceForgotten: Channel.DEVICE,
    **dict.fromkeys(Upward.__args__, Channel.SCHOOL),
}
