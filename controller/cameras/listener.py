"""This file tells computers that the school wants their cameras off, until each has answered."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from controller.cameras.standing import OffCommand
from controller.cameras.store import commands_of
from controller.feature import Command
from controller.fleet.owed import OwedWords
from protocol.messages import CameraOff
from protocol.model import Place


class CameraListener(OwedWords[OffCommand]):
    """Says each word that waits for its answer."""

    def owed(self, db: Connection, now_ms: int) -> Iterator[tuple[Place, OffCommand]]:
        """The words that no computer has answered."""
        return ((one.place, one) for one in commands_of(db, self._program.school))

    def command(self, db: Connection, to: Place, word: OffCommand, now_ms: int) -> Command:
        """One of them."""
        message = CameraOff(
            boot=self._program.boot, at_ms=now_ms, command=word.command, name=word.actor
        )
        return Command(to.agent, "camera", message, qos=1)
