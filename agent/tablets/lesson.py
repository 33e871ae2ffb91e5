"""This file holds what the tablets need to know of a lesson: plain values, no names. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

_ORDER_DIGITS: Final = 8
ANY_CLASS: Final = -1  # the place of a number that came without its class


class CheckInPhase(StrEnum):
    """Whether pupils can check in."""

    BEFORE = "before"
    OPEN = "open"
    NO_LIST = "no_list"
    OVER = "over"


class TabletPupil(NamedTuple):
    """A pupil by class and number; student: the id in the roll. Names do not come here."""

    class_code: str
    number: int
    student: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TabletLesson:
    """A running lesson. classes: in the roll's order. seated: the tablet's name, by student.

    seated holds what was suggested before a restart, so that it binds after it as well.
    """

    id: str
    classes: tuple[str, ...] = ()
    pupils: tuple[TabletPupil, ...] = ()
    seated: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """Which numbers of which lesson a page shows: another text for another one, or list."""
        return " ".join([self.id, *(f"{one.class_code}.{one.number}" for one in self.pupils)])

    @property
    def order(self) -> str:
        """What a number's place counts in: another text for other classes, or in another order."""
        return hashlib.sha256("\n".join(self.classes).encode()).hexdigest()[:_ORDER_DIGITS]

    def pupils_at(self, class_at: int, number: int) -> list[TabletPupil]:
        """The pupils of a class, named by its place in `classes`, and a number; several of any."""
        if class_at >= len(self.classes):
            return []
        codes = self.classes if class_at == ANY_CLASS else (self.classes[class_at],)
        return [one for one in self.pupils if one.class_code in codes and one.number == number]
