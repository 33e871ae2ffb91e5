"""This file holds sightings that may be of several pupils, until the teacher says whose. Pure.

A class card is a number, and in a joint lesson two pupils have it: it is given to neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec.structs import replace

from protocol.model import Code, Method, Millis
from protocol.plan import Number

MAX_CHOSEN: Final = 8  # classes of a joint lesson


class Doubt(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A card whose number several pupils of the lesson have.

    repeated: it was at two places at once. chosen: whose it is by the teacher's word, perhaps
    nobody's; None while nobody has said.
    """

    number: Number
    at_ms: Millis
    method: Method = Method.CARD
    repeated: bool = False
    chosen: tuple[Code, ...] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the teacher has still to say whose it is."""
        return self.chosen is None


class DoubtAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose a card is, as the teacher says: of one pupil, of several, of none."""

    number: Number
    students: Annotated[tuple[Code, ...], msgspec.Meta(max_length=MAX_CHOSEN)] = ()


def with_doubt(doubts: tuple[Doubt, ...], doubt: Doubt) -> tuple[Doubt, ...]:
    """With what was seen: once for each number; an answer stays, and what is odd adds up."""
    before = next((other for other in doubts if other.number == doubt.number), None)
    if before is None:
        return tuple(sorted((*doubts, doubt), key=lambda other: other.number))
    if before.repeated or not doubt.repeated:
        return doubts
    return tuple(replace(each, repeated=True) if each is before else each for each in doubts)


def open_numbers(doubts: Iterable[Doubt]) -> frozenset[int]:
    """The numbers that still ask for a pupil."""
    return frozenset(doubt.number for doubt in doubts if doubt.is_open)
