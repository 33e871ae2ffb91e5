"""This file holds a deed against what it was meant for: compare and set. Pure.

A screen shows a lesson, and its buttons are for that one: pressed late, twice or held down, they
do nothing to another. Whoever presses sends back what was shown; what is left out is not compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import msgspec

from agent.lessons.lesson import RunningLesson
from agent.lessons.sheet import MarkReason
from agent.lessons.teaching import Teaching, Undoable
from protocol.model import MAX_CODE

SETTLE_S: Final = 1.0  # a key that is held down repeats after 0.25 to 0.66 s

_Code = Annotated[str, msgspec.Meta(max_length=MAX_CODE)]


class Outdated(Exception):  # noqa: N818 - an answer, not a fault
    """What a deed was meant for is not what is there now."""


class TooLate(Exception):  # noqa: N818 - an answer, not a fault
    """What is to be taken back stands, and can be taken back no more."""


class TooSoon(Exception):  # noqa: N818 - an answer, not a fault
    """The button has just become another: who pressed has not seen it yet."""


class Meant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was shown when a deed was done; None is not compared.

    lesson: empty where none was shown. running, confirmed: how it and its roll stood.
    list: the version of the class list; empty where there was none.
    """

    lesson: _Code | None = None
    running: bool | None = None
    confirmed: bool | None = None
    list: _Code | None = None


class MeantUndo(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be taken back, and in which lesson; None is not compared."""

    what: Undoable | None = None
    lesson: _Code | None = None


def meant_for(teaching: Teaching) -> Meant:
    """What a deed that is done now is meant for."""
    return _meant(teaching.lesson.present, teaching.lesson.code)


def meant_for_roll(teaching: Teaching, lesson: RunningLesson) -> Meant:
    """The same for the roll of one lesson that is here."""
    return _meant(lesson, teaching.lesson.code)


def hold_lesson(teaching: Teaching, meant: Meant) -> None:
    """Let a lesson be started or ended only if it is the one that was meant. Raises Outdated."""
    now = meant_for(teaching)
    _compare((meant.lesson, now.lesson), (meant.running, now.running))


def hold_roll(teaching: Teaching, meant: Meant) -> None:
    """Let a roll be changed only as it was seen; its lesson may have ended. Raises Outdated."""
    lesson = teaching.lesson.present if meant.lesson is None else teaching.lesson.find(meant.lesson)
    if lesson is None and meant.lesson is not None:
        raise Outdated
    now = _meant(lesson, teaching.lesson.code)
    _compare((meant.confirmed, now.confirmed), (meant.list, now.list))


def hold_undo(teaching: Teaching, meant: MeantUndo) -> None:
    """Let only that be taken back which was offered. Raises Outdated."""
    offer = teaching.undoable
    if offer is not None:
        _compare((meant.what, offer.what), (meant.lesson, offer.lesson))


def hold_undone(teaching: Teaching, meant: MeantUndo) -> None:
    """Let nobody believe that it is taken back while it stands; twice is once. Raises TooLate."""
    lesson = teaching.lesson.find(meant.lesson) if meant.lesson else None
    if lesson is not None and meant.what and _stands(meant.what, lesson, teaching.lesson.code):
        raise TooLate


def _stands(what: Undoable, lesson: RunningLesson, running: str | None) -> bool:
    """Whether the last thing of this kind in a lesson is as if nobody had taken it back."""
    match what:
        case Undoable.START:
            return lesson.lesson == running
        case Undoable.END:
            return lesson.lesson != running
        case Undoable.CONFIRM:
            return lesson.sheet is not None and lesson.sheet.is_confirmed
        case Undoable.CORRECTION:
            last = lesson.sheet.last_entry if lesson.sheet else None
            return last is not None and last.why == MarkReason.CORRECTED


@dataclass(slots=True)
class PressGuard:
    """Lets a button that has become another rest: for a second, and as long as a key is held."""

    _deed: str = ""
    _pressed_s: float | None = None

    def admit(self, deed: str, now_s: float) -> None:
        """Let a step of the lesson be taken; now_s: on the steady clock. Raises TooSoon."""
        pressed_s, self._pressed_s = self._pressed_s, now_s
        is_fresh = pressed_s is not None and 0 <= now_s - pressed_s < SETTLE_S
        if is_fresh and deed != self._deed:
            raise TooSoon
        self._deed = deed


def _meant(lesson: RunningLesson | None, running: str | None) -> Meant:
    sheet = lesson.sheet if lesson else None
    return Meant(
        lesson=lesson.lesson if lesson else "",
        running=lesson is not None and lesson.lesson == running,
        confirmed=sheet is not None and sheet.is_confirmed,
        list=sheet.version if sheet else "",
    )


def _compare(*pairs: tuple[object, object]) -> None:
    if any(meant is not None and meant != now for meant, now in pairs):
        raise Outdated
