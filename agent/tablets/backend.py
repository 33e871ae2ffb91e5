"""This file is what the tablets ask of the agent: its clerk's lesson, and the cart's file."""

from __future__ import annotations

import logging
from typing import Protocol

from agent.errors import DocumentError
from agent.lessons.sheet import NotOnRoll
from agent.lessons.teaching import NoLesson
from agent.store import Clerk
from agent.tablets.cart import Slot
from agent.tablets.lesson import Lesson, Pupil
from agent.tablets.service import Core, NotKept
from protocol.model import Method
from protocol.outbox import OutboxError

_LOGGER = logging.getLogger(__name__)


class Kept(Protocol):
    """Where the cart's numbers are kept."""

    def load(self) -> tuple[Slot, ...]:
        """The slots. Raises DocumentError."""

    def keep(self, slots: tuple[Slot, ...]) -> None:
        """Write them. Raises DocumentError."""


def core_of(clerk: Clerk, cart: Kept) -> Core:
    """The core of a running agent; a cart whose file is damaged is numbered anew."""

    async def suggest(student: str, tablet: str, flags: tuple[str, ...]) -> None:
        try:
            await clerk.suggest(student, Method.TABLET, tablet=tablet, flags=flags)
        except (NoLesson, NotOnRoll, OutboxError) as error:
            raise NotKept from error

    try:
        slots = cart.load()
    except DocumentError as error:
        _LOGGER.warning("tablets are numbered anew: %s", error)
        slots = ()
    return Core(lesson=lambda: lesson_of(clerk), suggest=suggest, slots=slots, keep=cart.keep)


def lesson_of(clerk: Clerk) -> Lesson | None:
    """The running lesson without its names; without pupils while its list is not here."""
    running = clerk.classroom.lesson.running
    if running is None:
        return None
    sheet = running.sheet
    if sheet is None:
        return Lesson(id=running.lesson, classes=running.classes)
    pupils = tuple(Pupil(each.class_code, each.number, each.student) for each in sheet.pupils)
    return Lesson(
        id=running.lesson,
        classes=tuple(dict.fromkeys(each.class_code for each in pupils)),
        pupils=pupils,
        seated={
            student: each.tablet
            for student, each in sheet.suggestions.items()
            if each.method is Method.TABLET
        },
    )
