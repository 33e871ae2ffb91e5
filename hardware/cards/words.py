"""This file holds what the agent and the process that reads cards say: one JSON object a line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from hardware.camera.order import NO_VISION, REASONS, Alive, Order, order_of
from hardware.cards.acceptance import Card, CardFlag, FoundCard
from hardware.readings import clean

LINE_LIMIT: Final = 64_000
TEXT_LIMIT: Final = 200  # characters of a QR code's text; a door card has 24
CARDS_LIMIT: Final = 200  # of one picture
TEXTS_LIMIT: Final = 16
IDS: Final = 50

PICTURE_REASONS: Final = frozenset({"missing", "unreadable", "too_large", "no_picture", "stalled"})


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

    def line(self) -> bytes:
        """As it is sent."""
        fields = {
            "task": self.task,
            "camera": self.camera.line().decode(),
            "allowed": sorted(self.allowed),
            "paths": self.paths,
        }
        return json.dumps(fields).encode() + b"\n"


class Over(NamedTuple):
    """It ended. reason: of REASONS or NO_VISION where the camera gave it no (more) pictures."""

    reason: str = ""
    frames: int = 0


class Text(NamedTuple):
    """A QR code's text, cleaned and bounded."""

    text: str


class CardPicture(NamedTuple):
    """What is in a picture. number: of its path. error: of PICTURE_REASONS, or empty."""

    number: int
    cards: tuple[Card, ...] = ()
    texts: tuple[str, ...] = ()
    ms: float = 0.0
    error: str = ""


Word = Alive | Over | FoundCard | Text | CardPicture


def job_of(line: bytes) -> Job:
    """The job in a line of ours."""
    fields = json.loads(line)
    return Job(
        task=Task(fields["task"]),
        camera=order_of(fields["camera"].encode()),
        allowed=frozenset(fields["allowed"]),
        paths=tuple(fields["paths"]),
    )


def line_of(word: Word) -> str:
    """A word as it is sent."""
    match word:
        case Alive():
            return word.line()
        case Over():
            fields: dict[str, object] = {"over": word.reason, "frames": word.frames}
        case FoundCard():
            fields = {"id": word.id, "flag": word.flag or ""}
        case Text():
            fields = {"text": word.text}
        case CardPicture():
            fields = {**word._asdict(), "cards": [[card.id, card.corners] for card in word.cards]}
    return json.dumps(fields)


def word_of(line: bytes) -> Word:
    """What the process said. Raises ValueError for anything else.

    It decodes strangers' pictures: what it says is checked like any stranger's word.
    """
    try:
        word = json.loads(line)
        if "within_s" in word:
            return Alive(_number(word["within_s"]))
        if "over" in word:
            return Over(_one_of(word["over"], REASONS | {NO_VISION, ""}), _count(word["frames"]))
        if "number" in word:
            return _picture(word)
        if "id" in word:
            return FoundCard(_id(word["id"]), CardFlag(word["flag"]) if word["flag"] else None)
        return Text(_text(word["text"]))
    except (RecursionError, KeyError, TypeError, OverflowError) as error:
        raise ValueError("no such word") from error


def _picture(fields: Mapping[str, Any]) -> CardPicture:
    if len(fields["cards"]) > CARDS_LIMIT or len(fields["texts"]) > TEXTS_LIMIT:
        raise ValueError("too many")
    return CardPicture(
        number=_count(fields["number"]),
        cards=tuple(_card(card) for card in fields["cards"]),
        texts=tuple(_text(text) for text in fields["texts"]),
        ms=_number(fields["ms"]),
        error=_one_of(fields["error"], PICTURE_REASONS | {""}),
    )


def _card(fields: Any) -> Card:
    marker_id, corners = fields
    one, two, three, four = ((_number(x), _number(y)) for x, y in corners)
    return Card(_id(marker_id), (one, two, three, four))


def _id(value: object) -> int:
    marker_id = _count(value)
    if marker_id >= IDS:
        raise ValueError("no such card")
    return marker_id


def _one_of(value: object, allowed: frozenset[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise ValueError("no such reason")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return clean(value, TEXT_LIMIT)


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("not a count")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)
