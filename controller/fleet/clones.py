"""This file sees two computers of one identity, such as a cloned disk, by their births. Pure.

A restart never brings an old boot back. One that speaks after a newer one has is a return; a late
message may be one, two within ten minutes are another computer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from msgspec.structs import replace

from controller.fleet.records import AgentRecord
from protocol.health import ReasonCode
from protocol.messages import REASONS, Birth
from protocol.model import Reason, Status

MAX_BOOTS: Final = 8  # of an agent; a boot is as random as a name that anybody gives himself
MAX_AGENTS: Final = 4096
PROOF_S: Final = 600.0  # two returns within it are no chance
CALM_S: Final = 3600.0  # without a return, the second computer is gone


class _Boot(NamedTuple):
    """One start of an agent: its place among them, and the newest of its births."""

    no: int
    rev: int


@dataclass(slots=True)
class _Agent:
    """What was heard of one agent. boots: the one that spoke last stands last."""

    boots: dict[str, _Boot] = field(default_factory=dict)
    last_no: int = 0
    returned_s: float = float("-inf")
    proven_ms: int | None = None

    def is_return(self, boot: str, rev: int) -> bool:
        """Take a birth; whether an old boot speaks again after a newer one has spoken.

        What a broker brings twice is no new word, so its number must be higher.
        """
        before = self.boots.get(boot)
        if before is None:
            self.last_no += 1
            before = _Boot(self.last_no, -1)
        if rev <= before.rev:
            return False
        is_return = boot in self.boots and self._has_newer_since(boot)
        self.boots.pop(boot, None)
        self.boots[boot] = before._replace(rev=rev)
        if len(self.boots) > MAX_BOOTS:
            del self.boots[next(iter(self.boots))]
        return is_return

    def _has_newer_since(self, boot: str) -> bool:
        names = [*self.boots]
        later = names[names.index(boot) + 1 :]
        return any(self.boots[name].no > self.boots[boot].no for name in later)

    def note_return(self, now_s: float, now_ms: int) -> None:
        """Two returns, the second soon after the first, prove it."""
        if self.proven_ms is None and now_s - self.returned_s <= PROOF_S:
            self.proven_ms = now_ms
        self.returned_s = now_s

    def is_calm(self, now_s: float) -> bool:
        """Whether it is proven, and long ago."""
        return self.proven_ms is not None and now_s - self.returned_s >= CALM_S


class Clones:
    """The agents that are two computers. now_s: of a clock that is never set; now_ms: as told."""

    def __init__(self) -> None:
        self._agents: dict[str, _Agent] = {}
        self._ended: set[str] = set()

    def hear_birth(self, agent: str, birth: Birth, now_s: float, now_ms: int) -> None:
        """Take a birth as its agent said it now."""
        heard = self._agents.pop(agent, None) or _Agent()
        self._agents[agent] = heard
        if len(self._agents) > MAX_AGENTS:
            self.forget(next(iter(self._agents)))
        if heard.is_return(birth.boot, birth.rev):
            heard.note_return(now_s, now_ms)

    def since_ms(self, agent: str) -> int | None:
        """Since when an agent is two computers; None where it is one."""
        heard = self._agents.get(agent)
        return heard.proven_ms if heard else None

    def forget(self, agent: str) -> None:
        """Begin anew with an agent: one of the computers was enrolled anew."""
        heard = self._agents.pop(agent, None)
        if heard and heard.proven_ms is not None:
            self._ended.add(agent)

    def take_ended(self, now_s: float) -> frozenset[str]:
        """The agents that are one computer again, since the last call."""
        for name in [name for name, heard in self._agents.items() if heard.is_calm(now_s)]:
            self.forget(name)
        ended, self._ended = frozenset(self._ended), set()
        return ended


def as_cloned(agent: AgentRecord, since_ms: int) -> AgentRecord:
    """The agent with that reason first: what else is wrong with it may follow from it."""
    if any(reason.code == ReasonCode.CLONED for reason in agent.reasons):
        return agent
    reasons = (Reason(ReasonCode.CLONED), *agent.reasons)[:REASONS]
    if agent.status is not Status.OK:
        return replace(agent, reasons=reasons)
    return replace(agent, reasons=reasons, status=Status.WARNING, since_ms=since_ms)


def clones_of(_program: object) -> Clones:
    """The one that a program's parts share."""
    return Clones()
