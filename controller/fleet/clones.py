"""This file sees two computers of one identity, such as a cloned disk, by their births. Pure.

A restart never brings an old boot back. One that speaks after a newer one has is a return; a late
message may be one, two within ten minutes are another computer. Where a start begins while another
is here, all of them are asked to speak, so that it is known within seconds. What the room is like
is then one computer's word, and the other's only when that one is gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from msgspec.structs import replace

from controller.fleet.records import AgentRecord
from protocol.health import ReasonCode
from protocol.messages import REASONS, Birth, Presence, SharingComputer, State
from protocol.model import DeviceKind, Reason, Status

MAX_BOOTS: Final = 8  # of an agent; a boot is as random as a name that anybody gives himself
MAX_AGENTS: Final = 4096
PROOF_S: Final = 600.0  # two returns within it are no chance
CALM_S: Final = 3600.0  # without a return, the second computer is gone
SILENT_S: Final = 180.0  # three beats: the other computer speaks for the room
ASKS: Final = 3  # a restart costs as many births, and two computers are proven
ASK_EVERY_S: Final = 3.0
TELL_EVERY_S: Final = 30.0


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
    computers: dict[str, SharingComputer] = field(default_factory=dict)  # that are here, by boot
    heard_s: dict[str, float] = field(default_factory=dict)
    asks: int = 0
    ask_s: float = 0.0
    tell_s: float = float("-inf")
    speaker: str = ""
    spoken_s: float = 0.0

    def come(self, boot: str, now_s: float) -> None:
        """A start is here; beside another one it may be a computer more."""
        self.heard_s[boot] = now_s
        if boot in self.computers:
            return
        if self.computers:
            self.asks, self.ask_s = ASKS, now_s
        self.computers[boot] = SharingComputer(boot=boot)
        if len(self.computers) > MAX_BOOTS:
            self.leave(next(iter(self.computers)))

    def leave(self, boot: str) -> None:
        """A start has ended."""
        self.computers.pop(boot, None)
        self.heard_s.pop(boot, None)
        if self.speaker == boot:
            self.speaker = ""

    def is_passed_over(self, boot: str, now_s: float) -> bool:
        """Whether another computer speaks for the room now."""
        self.come(boot, now_s)
        if self.speaker not in {"", boot} and now_s - self.spoken_s <= SILENT_S:
            self.returned_s = now_s
            return True
        self.speaker, self.spoken_s = boot, now_s
        return False

    def here(self, now_s: float) -> Sequence[SharingComputer]:
        """Those that were heard lately: a dead one may not have said goodbye."""
        lately = (boot for boot, at_s in self.heard_s.items() if now_s - at_s <= SILENT_S)
        return [self.computers[boot] for boot in lately]

    def take_ask(self, now_s: float) -> bool:
        """Whether those that are here shall speak, to be told apart."""
        if not self.asks or now_s < self.ask_s or self.proven_ms is not None:
            return False
        self.asks, self.ask_s = self.asks - 1, now_s + ASK_EVERY_S
        return True

    def take_telling(self, now_s: float) -> bool:
        """Whether they shall be told of each other."""
        if self.proven_ms is None or now_s - self.tell_s < TELL_EVERY_S:
            return False
        self.tell_s = now_s
        return True

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
        self._proven: set[str] = set()
        self._ended: set[str] = set()

    @property
    def are_some(self) -> bool:
        """Whether any agent is known to be two computers."""
        return bool(self._proven)

    def hear_birth(self, agent: str, birth: Birth, now_s: float, now_ms: int) -> None:
        """Take a birth as its agent said it now."""
        heard = self._heard(agent)
        heard.come(birth.boot, now_s)
        heard.computers[birth.boot] = _computer_of(birth)
        if heard.is_return(birth.boot, birth.rev):
            heard.note_return(now_s, now_ms)
            if heard.proven_ms is not None:
                self._proven.add(agent)

    def hear_presence(self, agent: str, presence: Presence, now_s: float) -> None:
        """Take it that a start is here, or has ended."""
        if presence.online:
            self._heard(agent).come(presence.boot, now_s)
        elif heard := self._agents.get(agent):
            heard.leave(presence.boot)

    def is_passed_over(self, agent: str, message: State | Presence, now_s: float) -> bool:
        """Whether it is the word of a computer that does not speak for the room."""
        heard = self._agents.get(agent) if agent in self._proven else None
        if heard is None:
            return False
        if isinstance(message, Presence) and not message.online:
            return False
        return heard.is_passed_over(message.boot, now_s)

    def take_asks(self, now_s: float) -> Mapping[str, Sequence[str]]:
        """Who shall speak now to be told apart: agents, and their starts that are here."""
        asked = [(name, heard) for name, heard in self._agents.items() if heard.take_ask(now_s)]
        return {name: [*heard.computers] for name, heard in asked}

    def take_tellings(self, now_s: float) -> Sequence[str]:
        """Who shall be told now that several computers go by its identity."""
        return [name for name, heard in self._agents.items() if heard.take_telling(now_s)]

    def computers(self, agent: str, now_s: float) -> Sequence[SharingComputer]:
        """The computers of an agent that are here."""
        heard = self._agents.get(agent)
        return heard.here(now_s) if heard else ()

    def _heard(self, agent: str) -> _Agent:
        """What was heard of an agent that speaks now."""
        heard = self._agents.pop(agent, None) or _Agent()
        self._agents[agent] = heard
        if len(self._agents) > MAX_AGENTS:
            self.forget(next(iter(self._agents)))
        return heard

    def since_ms(self, agent: str) -> int | None:
        """Since when an agent is two computers; None where it is one."""
        heard = self._agents.get(agent)
        return heard.proven_ms if heard else None

    def forget(self, agent: str) -> None:
        """Begin anew with an agent: one of the computers was enrolled anew."""
        heard = self._agents.pop(agent, None)
        if heard and heard.proven_ms is not None:
            self._proven.discard(agent)
            self._ended.add(agent)

    def take_ended(self, now_s: float) -> frozenset[str]:
        """The agents that are one computer again, since the last call."""
        for name in [name for name, heard in self._agents.items() if heard.is_calm(now_s)]:
            self.forget(name)
        ended, self._ended = frozenset(self._ended), set()
        return ended


def as_cloned(agent: AgentRecord, since_ms: int, names: str) -> AgentRecord:
    """The agent with that reason first: what else is wrong with it may follow from it."""
    others = [reason for reason in agent.reasons if reason.code != ReasonCode.CLONED]
    reasons = (Reason(ReasonCode.CLONED, names), *others)[:REASONS]
    if agent.status is not Status.OK:
        return replace(agent, reasons=reasons)
    return replace(agent, reasons=reasons, status=Status.WARNING, since_ms=since_ms)


def _computer_of(birth: Birth) -> SharingComputer:
    """What a birth says of the computer that says it."""
    hosts = (device for device in birth.devices if device.kind is DeviceKind.HOST)
    host = next((device for device in hosts if "host" in device.sources), None)
    if host is None:
        return SharingComputer(boot=birth.boot)
    return SharingComputer(boot=birth.boot, name=host.name, serial=host.serial)


def clones_of(_program: object) -> Clones:
    """The one that a program's parts share."""
    return Clones()
