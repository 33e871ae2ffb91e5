"""This file counts who is in at a door, and says who comes in, who waits outside, who gives way.

Pure: lines are whatever the door calls its connections by. A line is idle until it has said a
whole request, and again when that is answered; only an idle line gives way, and the oldest first.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, NamedTuple, TypeVar

from protocol.doors.allowance import Allowance
from protocol.doors.limits import DoorLimits

Line = TypeVar("Line", bound=Hashable)

REMEMBERED: Final = 1024  # peers that were answered lately
OF_RESERVE: Final = 8  # lines of one peer: a browser has six


class Entry(NamedTuple, Generic[Line]):
    """Whether a line comes in, and which one gives way to it."""

    is_in: bool
    leaves: Line | None = None


@dataclass(slots=True)
class _Peer(Generic[Line]):
    """One address's lines. idle: in the order in which they became so."""

    lines: set[Line] = field(default_factory=set)
    idle: OrderedDict[Line, None] = field(default_factory=OrderedDict)
    sockets: set[Line] = field(default_factory=set)


class Visits(Generic[Line]):
    """Who is in. turned_away: lines and WebSockets; given_way: lines ended for another's sake."""

    def __init__(self, limits: DoorLimits, now_s: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._now_s = now_s
        self._openings: OrderedDict[str, Allowance] = OrderedDict()
        self.turned_away = 0
        self.given_way = 0
        self._peers: dict[str, _Peer[Line]] = {}
        self._peer_of: dict[Line, str] = {}
        self._answered: OrderedDict[str, None] = OrderedDict()
        self._sockets = 0
        self._is_shut = False

    def __len__(self) -> int:
        """How many lines are in."""
        return len(self._peer_of)

    def lines(self) -> list[Line]:
        """Those that are in."""
        return [*self._peer_of]

    @property
    def sockets(self) -> int:
        """How many of them are WebSockets."""
        return self._sockets

    def figures(self) -> dict[str, float]:
        """What supervision is told, by name."""
        return {
            "door_connections": len(self),
            "door_websockets": self._sockets,
            "door_turned_away_total": self.turned_away,
            "door_given_way_total": self.given_way,
        }

    def shut(self) -> None:
        """Nobody comes in any more: who was on the threshold would be let go by nobody."""
        self._is_shut = True

    def enter(self, line: Line, peer: str) -> Entry[Line]:
        """A line comes; one that is idle may have to leave for it."""
        if self._is_shut:
            return Entry(is_in=False)
        crowd = self._crowd_before(peer)
        if crowd is not None and not crowd.idle:
            self.turned_away += 1
            return Entry(is_in=False)
        leaves = next(iter(crowd.idle)) if crowd else None
        if leaves is not None:
            self.leave(leaves)
            self.given_way += 1
        own = self._peers.setdefault(peer, _Peer())
        own.lines.add(line)
        own.idle[line] = None
        self._peer_of[line] = peer
        return Entry(is_in=True, leaves=leaves)

    def rename(self, line: Line, onward: Line) -> None:
        """It goes on as another one: what is encrypted has a transport of its own."""
        name = self._peer_of.pop(line, None)
        if name is None:
            return
        peer = self._peers[name]
        self._peer_of[onward] = name
        peer.lines.remove(line)
        peer.lines.add(onward)
        peer.idle.pop(line)
        peer.idle[onward] = None

    def work(self, line: Line) -> None:
        """It has said a whole request."""
        if peer := self._peers.get(self._peer_of.get(line, "")):
            peer.idle.pop(line, None)

    def rest(self, line: Line) -> None:
        """It is answered: it owes nothing, and its peer is one that belongs here."""
        name = self._peer_of.get(line)
        if name is None:
            return
        self._peers[name].idle[line] = None
        self._answered[name] = None
        self._answered.move_to_end(name)
        if len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)

    def upgrade(self, line: Line) -> bool:
        """Whether it may become a WebSocket; it is never idle then."""
        name = self._peer_of.get(line)
        if name is None:
            return False
        peer = self._peers[name]
        is_full = self._sockets >= self.limits.sockets
        has_share = len(peer.sockets) >= self.limits.sockets_of(name)
        if is_full or has_share or not self._may_open(name):
            self.turned_away += 1
            return False
        peer.sockets.add(line)
        peer.idle.pop(line, None)
        self._sockets += 1
        return True

    def _may_open(self, peer: str) -> bool:
        """Whether it has not opened too many lately, whatever became of them."""
        now_s = self._now_s()
        if peer not in self._openings:
            burst = 2 * self.limits.sockets_of(peer)
            fresh = Allowance(burst, self.limits.sockets_per_s_of(peer), now_s)
            self._openings[peer] = fresh
        self._openings.move_to_end(peer)
        if len(self._openings) > REMEMBERED:
            self._openings.popitem(last=False)
        return self._openings[peer].takes(1, now_s)

    def leave(self, line: Line) -> None:
        """It is gone, or was never in."""
        name = self._peer_of.pop(line, None)
        if name is None:
            return
        peer = self._peers[name]
        peer.lines.remove(line)
        peer.idle.pop(line, None)
        if line in peer.sockets:
            peer.sockets.remove(line)
            self._sockets -= 1
        if not peer.lines:
            del self._peers[name]

    def _crowd_before(self, peer: str) -> _Peer[Line] | None:
        """The peer of whose lines one must leave before another of this peer's comes in."""
        own = self._peers.get(peer)
        count = len(own.lines) if own else 0
        if own is not None and count >= self.limits.connections_of(peer):
            return own
        belongs = peer in self._answered and count < OF_RESERVE
        if len(self) < self.limits.at_once - (0 if belongs else self.limits.reserve):
            return None
        return max(self._peers.values(), key=_idle_lines, default=_Peer())


def _idle_lines(peer: _Peer[Line]) -> int:
    return len(peer.idle)
