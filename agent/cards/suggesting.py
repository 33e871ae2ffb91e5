"""This file suggests to the teacher what a card shows."""

from __future__ import annotations

import logging

from agent.cards.matching import CardMark
from agent.lessons.sheet import NotOnRoll
from agent.lessons.teaching import NoLesson
from agent.store import ClassroomStore
from protocol.outbox import OutboxError

_LOGGER = logging.getLogger(__name__)


async def suggest_mark(store: ClassroomStore, mark: CardMark) -> None:
    """Suggest that a pupil is here; where that is too late, only the log hears of it."""
    try:
        await store.suggest(mark.student, mark.method, flags=mark.flags)
    except (NoLesson, NotOnRoll, OutboxError) as error:
        _LOGGER.info("a card is not taken: %s", type(error).__name__)
