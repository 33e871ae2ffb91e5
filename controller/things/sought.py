"""This file says what is found by a few words, without marks and case, and in which order; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple, TypeVar

from controller.sheets.names import NaturalKey, class_key, natural, room_key, serial_key, tag_key
from controller.sheets.text import searchable
from protocol.model import Status

MAX_ASKED: Final = 200  # characters
SHOWN: Final = 8  # of each group on one page
_MAX_TEXT: Final = 4000  # of one thing, whatever a device calls itself
Thing = TypeVar("Thing")


class Fit(IntEnum):
    """How well a thing fits, the best first."""

    CODE = 0  # it is called so: its tag, serial, room, class
    BEGINS = 1  # each word begins one of its own
    HAS = 2


class Indexed(NamedTuple):
    """By what a thing is found. codes: what it alone is called; text: all its words, folded."""

    codes: frozenset[str]
    text: str


class Hit(NamedTuple):
    """Something that was found. link: its page; note: what stands small beside its title."""

    link: str
    title: str
    note: str = ""
    status: Status | None = None


class Group(NamedTuple):
    """What was found of one kind. title: its heading; more: where all of them are listed."""

    name: str
    title: str
    hits: list[Hit]
    total: int
    more: str = ""


class Sought:
    """What somebody looks for; nothing is found by no words."""

    def __init__(self, asked: str) -> None:
        self.asked = asked.strip()[:MAX_ASKED]
        self._words = searchable(self.asked).split()
        self._codes = _codes_of(self.asked)

    def __bool__(self) -> bool:
        return bool(self._words)

    def fit(self, thing: Indexed) -> Fit | None:
        """How well the thing fits; None if it does not."""
        if not self._words:
            return None
        if not self._codes.isdisjoint(thing.codes):
            return Fit.CODE
        if not all(word in thing.text for word in self._words):
            return None
        spaced = f" {thing.text}"
        return Fit.BEGINS if all(f" {word}" in spaced for word in self._words) else Fit.HAS

    def among(
        self, things: Iterable[Thing], by: Callable[[Thing], Indexed], name: Callable[[Thing], str]
    ) -> list[Thing]:
        """Those that fit, the best first, those alike by their names."""
        fitting: list[tuple[Fit, NaturalKey, int, Thing]] = []
        for number, thing in enumerate(things):
            if (fit := self.fit(by(thing))) is not None:
                fitting.append((fit, natural(name(thing)), number, thing))
        return [thing for *_, thing in sorted(fitting, key=lambda found: found[:3])]


@lru_cache(maxsize=32_768)  # a large school's devices and lines, told anew at each search
def indexed(codes: tuple[str, ...], *words: str) -> Indexed:
    """By what a thing of these codes and words is found."""
    keys = frozenset(key for code in codes for key in _codes_of(code))
    told = " ".join(part[:_MAX_TEXT] for part in (*codes, *words))
    return Indexed(keys, searchable(f"{told[:_MAX_TEXT]} {' '.join(sorted(keys))}"))


def _codes_of(code: str) -> frozenset[str]:
    """A code as each kind of code is compared."""
    code = code.strip()[:MAX_ASKED]
    ways = (serial_key, tag_key, room_key, class_key)
    return frozenset(way(code) for way in ways) - {""}
