"""This file decides when a computer is told which class lists it is not given. Pure.

Once in each of its sessions, and again when it is otherwise: what was said before may be lost.
"""

from __future__ import annotations

from typing import NamedTuple

from controller.fleet.records import AgentRecord
from protocol.model import Place


class Refusal(NamedTuple):
    """What is not given. classes: of the running lesson. is_room: the lists of its whole room."""

    classes: tuple[str, ...] = ()
    is_room: bool = False


_NOTHING = Refusal()


class RefusalsTold:
    """What each computer was told in its session."""

    def __init__(self) -> None:
        self._told: dict[Place, tuple[str, int, Refusal]] = {}

    def is_due(self, agent: AgentRecord, refusal: Refusal) -> bool:
        """Whether it is to be told now; what is answered so counts as told."""
        if not agent.online or not agent.rev:
            return False
        boot, session, before = self._told.get(agent.place, ("", 0, _NOTHING))
        if (boot, session) != (agent.boot, agent.session):
            before = _NOTHING  # a new session begins without any
        self._told[agent.place] = agent.boot, agent.session, refusal
        return refusal != before
