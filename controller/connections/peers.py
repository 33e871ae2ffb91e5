"""This file puts together who speaks here: each agent, or school below, and what it has sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from controller.broker.traffic import OTHERS, PeerTraffic
from controller.fleet.records import AgentRecord

MAX_SHOWN: Final = 300
NONE_YET: Final = PeerTraffic()


class Fault(StrEnum):
    """What was wrong with some of what a peer sent; by the names of PeerTraffic's counters."""

    REFUSED = "refused"
    QUARANTINED = "quarantined"
    DROPPED = "dropped"
    CUT = "cut"
    CLEARED = "cleared"
    SURPLUS = "surplus"


class Peer(NamedTuple):
    """Who speaks here. name: empty for all those beyond the first few thousand names.

    agent: what is stored of it, where it is one. queued: its messages that have come and wait to be
    stored; owed: those that wait with it.
    """

    name: str
    agent: AgentRecord | None
    traffic: PeerTraffic
    queued: int

    @property
    def owed(self) -> int:
        """How many messages wait with it."""
        return self.agent.outbox.pending if self.agent else 0

    @property
    def faults(self) -> Mapping[Fault, int]:
        """What was wrong, and how often."""
        counts = {fault: int(getattr(self.traffic, fault)) for fault in Fault}
        return {fault: count for fault, count in counts.items() if count}


def peers_of(
    agents: Iterable[AgentRecord],
    traffic: Mapping[str, PeerTraffic],
    queued: Mapping[str, int],
    own: str,
) -> list[Peer]:
    """Who speaks here; whoever sent something wrong first, then by name. own: its own name."""
    known = {agent.place.agent: agent for agent in agents}
    names = (known.keys() | traffic.keys() | queued.keys()) - {own}
    peers = [
        Peer(name, known.get(name), traffic.get(name, NONE_YET), queued.get(name, 0))
        for name in names
    ]
    return sorted(peers, key=_order)


def _order(peer: Peer) -> tuple[bool, bool, str]:
    return not peer.faults, peer.name == OTHERS, peer.name
