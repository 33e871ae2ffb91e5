"""This file holds what is known of devices' identity, and says what a room's page shows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from controller.fleet.naming import named_kind
from controller.fleet.records import DeviceRecord
from protocol.formats import phrase
from protocol.grounds import ground_lines, kind_question
from protocol.messages import DeviceGrounds, DevicePair
from protocol.model import DeviceKind, Place
from protocol.words import N_, Translate, kind_word

_IS: Final = N_("{device}: {kind} (said by {who}).")
_ONE: Final = N_("{one}, {other}: one device (said by {who}).")
_TWO: Final = N_("{one}, {other}: two devices (said by {who}).")


class PairWord(msgspec.Struct, frozen=True, kw_only=True):
    """The school's word on two devices of an agent: whether they are one. actor: by whose word."""

    place: Place
    one: str
    other: str
    is_one: bool
    actor: str
    said_ms: int


class KindWord(msgspec.Struct, frozen=True, kw_only=True):
    """The school's word on what a device of an agent is. actor: by whose word."""

    place: Place
    device: str
    is_kind: DeviceKind
    actor: str
    said_ms: int


class DeviceFacts(msgspec.Struct, frozen=True):
    """What an agent told of its devices: why each is what it is, and which two may be one."""

    devices: tuple[DeviceGrounds, ...] = ()
    doubts: tuple[DevicePair, ...] = ()


class ToldFacts(NamedTuple):
    """The same, and by which agent."""

    place: Place
    facts: DeviceFacts


class PairQuestion(NamedTuple):
    """Two devices of an agent that may be one, as they are called."""

    agent: str
    one: str
    other: str
    first: str
    second: str


class KindQuestion(NamedTuple):
    """A device of an agent that may well be of a kind, as it is called."""

    agent: str
    device: str
    name: str
    kind: DeviceKind
    words: str


class KindLine(NamedTuple):
    """What the school said that a device is, in words."""

    agent: str
    device: str
    words: str


class PairLine(NamedTuple):
    """What the school said of two devices, in words."""

    agent: str
    one: str
    other: str
    words: str


class DeviceLines(NamedTuple):
    """A device, and why it is taken for what it is, in sentences."""

    name: str
    lines: list[str]


class RoomIdentity(NamedTuple):
    """What a room's page shows of marks, of which two devices are one, and of what they are."""

    questions: list[PairQuestion]
    answers: list[PairLine]
    devices: list[DeviceLines]
    kind_questions: list[KindQuestion]
    kind_answers: list[KindLine]


def room_identity(
    devices: Iterable[DeviceRecord],
    told: Iterable[ToldFacts],
    words: Iterable[PairWord],
    kinds: Iterable[KindWord],
    say: Translate,
) -> RoomIdentity:
    """What is known of these devices. told, words, kinds: of the room's agents."""
    names = _names(devices, say)
    said = list(words)
    answered = {(word.place, frozenset((word.one, word.other))) for word in said}
    facts = list(told)
    questions = [
        PairQuestion(place.agent, pair.one, pair.other, names[pair.one], names[pair.other])
        for place, one in facts
        for pair in one.doubts
        if pair.one in names and pair.other in names
        if (place, frozenset((pair.one, pair.other))) not in answered
    ]
    lines = [
        DeviceLines(names[grounds.device_id], [*ground_lines(grounds, say)])
        for _, one in facts
        for grounds in one.devices
        if grounds.device_id in names
    ]
    kind_words = list(kinds)
    return RoomIdentity(
        questions,
        [_line(word, names, say) for word in said],
        sorted(lines),
        [*_kind_questions(facts, kind_words, names, say)],
        [_kind_line(word, names, say) for word in kind_words if word.device in names],
    )


def _kind_questions(
    facts: Iterable[ToldFacts],
    said: Iterable[KindWord],
    names: Mapping[str, str],
    say: Translate,
) -> Iterator[KindQuestion]:
    answered = {(word.place, word.device) for word in said}
    for place, one in facts:
        for grounds in one.devices:
            name, kind = names.get(grounds.device_id), grounds.asks
            if name and kind and (place, grounds.device_id) not in answered:
                words = kind_question(kind, say)
                yield KindQuestion(place.agent, grounds.device_id, name, kind, words)


def _kind_line(word: KindWord, names: Mapping[str, str], say: Translate) -> KindLine:
    kind = kind_word(word.is_kind, say)
    sentence = phrase(_IS, say, device=names[word.device], kind=kind, who=word.actor)
    return KindLine(word.place.agent, word.device, sentence)


def _line(word: PairWord, names: Mapping[str, str], say: Translate) -> PairLine:
    one, other = (names.get(name, name) for name in (word.one, word.other))
    text = _ONE if word.is_one else _TWO
    sentence = phrase(text, say, one=one, other=other, who=word.actor)
    return PairLine(word.place.agent, word.one, word.other, sentence)


def _names(devices: Iterable[DeviceRecord], say: Translate) -> dict[str, str]:
    """What each id is called: a device's own, and those under which it was known."""
    names: dict[str, str] = {}
    for device in devices:
        called = named_kind(device, say)
        names |= dict.fromkeys(device.aliases, called) | {device.device_id: called}
    return names
