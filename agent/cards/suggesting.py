"""This file suggests to the teacher what a card shows, and asks whose it is where it may be two."""

from __future__ import annotations

import logging

from agent.cards.matching import CardMark
from agent.lessons.doubts import Doubt
from agent.lessons.sheet import NotOnRoll
from agent.lessons.teaching import NoLesson, Teaching, TeachingStep
from agent.room import Moment
from agent.store import ClassroomStore
from protocol.outbox import OutboxError

_LOGGER = logging.getLogger(__name__)


async def suggest_mark(store: ClassroomStore, mark: CardMark) -> None:
    """Suggest that a pupil is here; where that is too late, only the log hears of it."""
    try:
        await store.suggest(mark.student, mark.method, flags=mark.flags)
    except (NoLesson, NotOnRoll, OutboxError) as error:
        _LOGGER.info("a card is not taken: %s", type(error).__name__)


async def suggest_doubt(store: ClassroomStore, number: int, *, repeated: bool) -> None:
    """Ask whose a card is that several pupils of the lesson may hold; too late as above."""
    lesson = store.classroom.lesson.code or ""  # as it is seen: the disk may keep it waiting

    def doubt(teaching: Teaching, moment: Moment) -> TeachingStep:
        seen = Doubt(number=number, at_ms=moment.at_ms, repeated=repeated)
        return teaching.doubt(seen, lesson)

    try:
        await store.teach(doubt)
    except (NoLesson, OutboxError) as error:
        _LOGGER.info("a card is not taken: %s", type(error).__name__)
