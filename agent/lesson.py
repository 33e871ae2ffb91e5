"""This file knows whether a lesson runs: it starts, and it ends. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID, uuid5

import msgspec

from agent.room import Room, Said
from protocol.messages import LessonEnded, LessonStarted
from protocol.model import Code, Millis

_IDS: Final = UUID("7d0a1b0e-5d0c-4a59-9f0b-3c1f6f2b8a11")


class Running(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A lesson that has started and not ended."""

    lesson: Code
    since_ms: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """The room's lesson: idle, or running."""

    room: Room
    running: Running | None = None

    @property
    def code(self) -> str | None:
        """The running lesson's id; None while idle."""
        return self.running.lesson if self.running else None

    def start(self, lesson: str, at_ms: int) -> tuple[Lesson, Said]:
        """Start the lesson; while one runs, nothing happens."""
        if self.running:
            return self, []
        after = replace(self, running=Running(lesson=lesson, since_ms=at_ms))
        started = LessonStarted(
            boot=self.room.boot,
            at_ms=at_ms,
            id=event_id(lesson, "started"),
            room=self.room.room,
            lesson=lesson,
        )
        return after, [started]

    def end(self, at_ms: int) -> tuple[Lesson, Said]:
        """End the running lesson; while idle, nothing happens."""
        if not self.running:
            return self, []
        ended = LessonEnded(
            boot=self.room.boot,
            at_ms=at_ms,
            id=event_id(self.running.lesson, "ended"),
            room=self.room.room,
            lesson=self.running.lesson,
        )
        return replace(self, running=None), [ended]


def event_id(lesson: str, what: str) -> str:
    """The id of a lesson's start or end: the same whenever it is said again."""
    return str(uuid5(_IDS, f"{lesson}/{what}"))
