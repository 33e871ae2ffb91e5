"""This file has agents erase pupils: at once and at each session, until they prove it."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from controller.feature import Command
from controller.fleet.owed import OwedWords
from controller.students.store import open_erasures
from protocol.erasure import PupilDigest
from protocol.messages import EraseCommand
from protocol.model import Place

_Erasing = tuple[str, PupilDigest]


class ErasureListener(OwedWords[_Erasing]):
    """Says each open erasure to the agents that owe it, once in a session of theirs."""

    def owed(self, db: Connection, now_ms: int) -> Iterator[tuple[Place, _Erasing]]:
        """What is to be erased by whom."""
        school = self._program.school
        for one in open_erasures(db, school):
            for agent in one.agents:
                yield school.of_agent(agent), (one.erasure, one.pupil)

    def command(self, db: Connection, to: Place, word: _Erasing, now_ms: int) -> Command:
        """One erasure."""
        erasure, pupil = word
        message = EraseCommand(
            boot=self._program.boot, at_ms=now_ms, erasure=erasure, **pupil._asdict()
        )
        return Command(to.agent, "erase", message, qos=1)
