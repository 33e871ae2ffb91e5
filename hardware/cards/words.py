"""This file holds what the agent and the process that reads cards say: one JSON object a line."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from hardware.camera.order import Alive, Order, TroubleCode, read_word
from hardware.cards.acceptance import Card, FoundCard
from hardware.readings import clean

LINE_LIMIT: Final = 64_000
TEXT_LIMIT: Final = 200  # characters of a QR code's text; a door card has 24
CARDS_LIMIT: Final = 200  # of one picture
TEXTS_LIMIT: Final = 16

Count = Annotated[int, Meta(ge=0)]
PictureError = Annotated[
    str, Meta(pattern=r"\A(missing|unreadable|too_large|no_picture|stalled)?\Z")
]


class Task(StrEnum):
    """What the process is to do."""

    CLASS = "class"
    DOOR = "door"
    PICTURES = "pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An order to the process. camera: for CLASS and DOOR. allowed: ids. paths: of PICTURES."""

    task: Task
    camera: Order = field(default=Order(place=""))
    allowed: frozenset[int] = frozenset()
    paths: tuple[str, ...] = ()


class Over(msgspec.Struct, frozen=True, tag=True):
    """It ended. reason: of REASONS or NO_VISION where the camera gave it no (more) pictures."""

    reason: TroubleCode = ""
    frames: Count = 0


class Text(msgspec.Struct, frozen=True, tag=True):
    """A QR code's text, cleaned and bounded."""

    text: str


class CardPicture(msgspec.Struct, frozen=True, tag=True):
    """What is in a picture. number: of its path. error: why nothing was read in it, or empty."""

    number: Count
    cards: Annotated[tuple[Card, ...], Meta(max_length=CARDS_LIMIT)] = ()
    texts: Annotated[tuple[str, ...], Meta(max_length=TEXTS_LIMIT)] = ()
    ms: float = 0.0
    error: PictureError = ""


Word = Alive | Over | FoundCard | Text | CardPicture
_word: Final = msgspec.json.Decoder(Word)
msgspec.json.Decoder(Job)  # described now: two threads that need it first would crash


def job_of(line: bytes) -> Job:
    """The job in a line of ours."""
    return msgspec.convert(json.loads(line), Job)


def word_of(line: bytes) -> Word:
    """What the process said, its texts cleaned. Raises ValueError for anything else."""
    word: Word = read_word(_word, line)
    match word:
        case Text():
            return Text(clean(word.text, TEXT_LIMIT))
        case CardPicture():
            return replace(word, texts=tuple(clean(text, TEXT_LIMIT) for text in word.texts))
        case _:
            return word
