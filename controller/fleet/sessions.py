"""This file notices agents' new sessions: whom something is to be said once in each. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from controller.database.changes import of_kind
from controller.fleet.records import AgentRecord
from protocol.model import Place

ROUND_S: Final = 600.0


class NewSessions:
    """The agents whose present session has not been served yet."""

    def __init__(self) -> None:
        self._served: dict[Place, tuple[str, int]] = {}
        self._due: dict[Place, AgentRecord] = {}

    def see(self, changes: Sequence[object]) -> None:
        """Look at what was stored."""
        for agent in of_kind(changes, AgentRecord):
            if agent.online and agent.boot and self._served.get(agent.place) != _session(agent):
                self._due[agent.place] = agent

    def take(self) -> list[AgentRecord]:
        """Those to serve now; they count as served."""
        due, self._due = self._due, {}
        self._served |= {place: _session(agent) for place, agent in due.items()}
        return list(due.values())

    def forget(self) -> None:
        """What was said may be lost: serve everyone again."""
        self._served.clear()


class ClockRounds:
    """When agents are told the time: first in each session, then at every round."""

    def __init__(self) -> None:
        self._sessions = NewSessions()
        self._round_s = float("-inf")

    def see(self, changes: Sequence[object]) -> None:
        """Look at what was stored."""
        self._sessions.see(changes)

    def due(self, agents: Iterable[AgentRecord], now_s: float) -> list[AgentRecord]:
        """Those to tell it now; they count as told."""
        fresh = self._sessions.take()
        if now_s - self._round_s < ROUND_S:
            return fresh
        self._round_s = now_s
        return [agent for agent in agents if agent.online]


def _session(agent: AgentRecord) -> tuple[str, int]:
    return agent.boot, agent.session
