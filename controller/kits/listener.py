"""This file tells each room's computers what the room should have, in each session and anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.feature import Command, Listener, Program
from controller.fleet.records import AgentRecord
from controller.fleet.store import agents_of
from controller.kits.kits import Kits
from controller.kits.store import kits_in
from protocol.messages import KitGiven, KitLine
from protocol.model import Place

_Told = tuple[str, int, tuple[KitLine, ...] | None]


class KitListener(Listener[Any]):
    """Says a room's kit to who has not heard it in this session, if anybody ever chose one."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._kits = Kits()
        self._agents: dict[Place, AgentRecord] = {}
        self._told: dict[Place, _Told] = {}

    def load(self, db: Connection) -> None:
        """Read what is chosen, and which computers there are."""
        self._kits = kits_in(db, self._program.school)
        agents = agents_of(db, self._program.school, limit=None)
        self._agents = {agent.place: agent for agent in agents}

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Read what is chosen now."""
        self._kits = kits_in(db, self._program.school)
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Tell whoever should hear."""
        changed = {agent.place: agent for agent in of_kind(changes, AgentRecord)}
        self._agents |= changed
        yield from self._due(changed if changes else self._agents, now_ms)

    def _due(self, agents: Mapping[Place, AgentRecord], now_ms: int) -> Iterable[Command]:
        for place, agent in agents.items():
            if not agent.online or not agent.rev:
                continue
            lines = self._kits.lines_of(agent.room)
            boot, session, before = self._told.get(place, ("", 0, None))
            is_again = (boot, session) == (agent.boot, agent.session)
            if lines == before and (is_again or lines is None):
                continue
            self._told[place] = agent.boot, agent.session, lines
            message = KitGiven(
                boot=self._program.boot,
                at_ms=now_ms,
                is_chosen=lines is not None,
                lines=lines or (),
            )
            yield Command(place.agent, "kit", message, qos=1)
