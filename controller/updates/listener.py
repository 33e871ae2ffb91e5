"""This file offers a version to the rooms whose turn it is, until each has said how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from controller.feature import Command, Listener, Program
from controller.fleet.sessions import NewSessions
from controller.updates.rollout import Rollout, RolloutState, RoomUpdate
from controller.updates.store import packages_of, rollout_of, rooms_of
from protocol.messages import SignedManifest, UpdateOffered, UpdateStep
from protocol.model import Place

MAX_OFFERED = 8


class UpdateListener(Listener[Any]):
    """Says each word at once, and again in each session of who has not answered."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._sessions = NewSessions()
        self._said: dict[Place, tuple[str, RolloutState]] = {}
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
        rollout = rollout_of(db, self._program.school)
        if rollout is None:
            return ()
        owed = [room for room in rooms_of(db, rollout.place).values() if is_owed(rollout, room)]
        said = rollout.offer, rollout.state
        due = [one for one in owed if one.place in fresh or self._said.get(one.place) != said]
        self._said = {one.place: said for one in owed}
        if due:
            word = self._word(db, rollout, now_ms)
            self._due += [Command(one.place.agent, "update", word, qos=1) for one in due]
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Say what is due."""
        self._sessions.see(changes)
        due, self._due = self._due, []
        return due

    def _word(self, db: Connection, rollout: Rollout, now_ms: int) -> UpdateOffered:
        packages: tuple[SignedManifest, ...] = ()
        if rollout.state is RolloutState.RUNNING:
            held = packages_of(db, rollout.place)
            packages = tuple(
                SignedManifest(manifest=one.manifest, signature=one.signature)
                for one in held
                if one.version == rollout.version
            )[:MAX_OFFERED]
        return UpdateOffered(
            boot=self._program.boot, at_ms=now_ms, offer=rollout.offer, version=rollout.version,
            port=self._program.config.updates_port, packages=packages,
            is_back=rollout.state is RolloutState.BACK,
        )  # fmt: skip


def is_owed(rollout: Rollout, room: RoomUpdate) -> bool:
    """Whether a room is still to be told the present word."""
    if rollout.state is RolloutState.BACK:
        return room.step != UpdateStep.BACK
    return not room.is_over
