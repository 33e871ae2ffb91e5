"""This file holds what the agent and its camera process say to each other: one JSON object a line.

Orders go by standard input, for arguments can be read by every user of the machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hardware.camera.features import Baseline
from hardware.readings import CameraState

REASONS: Final = frozenset(
    {
        "needs_password",
        "basic_only",
        "login_way",
        "no_answer",
        "stalled",
        "nonsense",
        "in_use",
        "no_rights",
    }
)
NO_VISION: Final = "no_vision"
LINE_LIMIT: Final = 16_000
MOST_WAYS: Final = 4  # to one picture

TroubleCode = Annotated[str, Meta(pattern=rf"\A({'|'.join(sorted(REASONS | {NO_VISION}))})?\Z")]
Measures = Annotated[dict[Annotated[str, Meta(max_length=20)], float], Meta(max_length=40)]


class CameraTrouble(Exception):  # noqa: N818 - the camera's state, not a fault of ours
    """No picture comes, for one of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One look. place: a URL, a device node, or a file where is_file. seconds: of a live look.

    others: where the same picture is too, tried in turn where none comes from place. is_typed:
    whether a person gave place and password together, for this one camera.
    """

    place: str = field(repr=False)
    others: tuple[str, ...] = field(default=(), repr=False)
    is_file: bool = False
    is_typed: bool = False
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    seconds: float = 6.0
    baseline: Baseline | None = None


class Alive(msgspec.Struct, frozen=True, tag=True):
    """The child works. within_s: when it says the next word at the latest. framed: it saw some."""

    within_s: float
    framed: bool = False


class LookVerdict(msgspec.Struct, frozen=True, tag=True):
    """How the camera is, at the end of the look. reason: of REASONS, or NO_VISION, or empty.

    way: which of the order's places showed its picture, 0 for the first.
    """

    state: CameraState
    reason: TroubleCode = ""
    measures: Measures = {}
    way: Annotated[int, Meta(ge=0, le=MOST_WAYS)] = 0


_word: Final = msgspec.json.Decoder(Alive | LookVerdict)
msgspec.json.Decoder(Order)  # described now: two threads that need it first would crash


def line_of(value: object) -> bytes:
    """An order or a word as it is sent; json, for a file's name may be no text."""
    return json.dumps(msgspec.to_builtins(value)).encode() + b"\n"


def order_of(line: bytes) -> Order:
    """The order in a line of ours."""
    return msgspec.convert(json.loads(line), Order)


def word_of(line: bytes) -> Alive | LookVerdict:
    """What the child said. Raises ValueError for anything else."""
    word: Alive | LookVerdict = read_word(_word, line)
    return word


def read_word(words: msgspec.json.Decoder[Any], line: bytes) -> Any:
    """One of these words. Raises ValueError for anything else.

    The child decodes strangers' pictures: what it says is checked like any stranger's word.
    """
    try:
        return words.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError("no such word") from error
