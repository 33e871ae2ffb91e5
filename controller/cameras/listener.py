"""This file tells computers that the school wants their cameras off, until each has answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from controller.cameras.standing import OffCommand
from controller.cameras.store import commands_of
from controller.feature import Command, Listener, Program
from controller.fleet.sessions import NewSessions
from protocol.messages import CameraOff


class CameraListener(Listener[Any]):
    """Says each word at once, and again in each session of who has not answered."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._sessions = NewSessions()
        self._said: set[str] = set()
        self._due: list[Command] = []

    def greet(self, now_ms: int) -> None:
        """What was said in the session before may be lost."""
        self._sessions.forget()
        self._said.clear()

    def load(self, db: Connection) -> None:
        """Say all that is owed anew."""
        self.greet(0)

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Look up what is to be said: what is new, and what a new session may not have heard."""
        fresh = {agent.place for agent in self._sessions.take()}
        owed = commands_of(db, self._program.school)
        due = [one for one in owed if one.place in fresh or one.command not in self._said]
        self._said = {one.command for one in owed}
        self._due += [self._command(one, now_ms) for one in due]
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Say what is due."""
        self._sessions.see(changes)
        due, self._due = self._due, []
        return due

    def _command(self, owed: OffCommand, now_ms: int) -> Command:
        message = CameraOff(
            boot=self._program.boot, at_ms=now_ms, command=owed.command, name=owed.actor
        )
        return Command(owed.place.agent, "camera", message, qos=1)
