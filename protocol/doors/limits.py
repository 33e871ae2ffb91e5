"""This file says what a door gives to its peers: connections, turns, bytes and time."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.this_machine import is_this_machine


@dataclass(frozen=True, kw_only=True, slots=True)
class DoorLimits:
    """What a door gives in all and to one peer, which is one address.

    at_once: connections in all; reserve: the last of them, for peers that were answered before.
    of_one_peer, of_this_machine: connections of one address; loopback has a larger share, for a
    reverse proxy on this machine brings everybody by one address. sockets, sockets_of_one_peer:
    WebSockets among them; sockets_per_s, sockets_per_s_of_this_machine: how fast one peer opens new
    ones, after twice its share at once, for each is told the whole present as it comes. turns,
    turns_of_this_machine: requests of one peer that are worked on at the same time; the others wait
    for their turn. head_bytes: a request's line and headers.
    message_bytes: what a WebSocket may say at once; of a page it is one word.
    head_s: from the first byte of a request, or from the connection, to the end of its headers.
    pace_s, pace_bytes: whoever sends a body or reads an answer moves so much in so long. goodbye_s:
    for a peer who has all, and owes his own goodbye; goodbye_in_all_s: for one who still reads when
    the connection is to end. life_s: of a connection, whatever it does; 0 for no limit.
    """

    at_once: int
    of_one_peer: int
    of_this_machine: int
    turns: int
    turns_of_this_machine: int
    reserve: int = 0
    sockets: int = 0
    sockets_of_one_peer: int = 0
    sockets_per_s: float = 1.0
    sockets_per_s_of_this_machine: float = 10.0
    head_bytes: int = 16 * 1024
    message_bytes: int = 1024
    head_s: float = 10.0
    pace_s: float = 10.0
    pace_bytes: int = 16 * 1024
    goodbye_s: float = 2.0
    goodbye_in_all_s: float = 1800.0
    life_s: float = 0.0

    def connections_of(self, peer: str) -> int:
        """How many connections a peer may have."""
        return self.of_this_machine if is_this_machine(peer) else self.of_one_peer

    def sockets_of(self, peer: str) -> int:
        """How many WebSockets a peer may have."""
        return self.sockets if is_this_machine(peer) else self.sockets_of_one_peer

    def sockets_per_s_of(self, peer: str) -> float:
        """How many more a second it may open, once it has opened many."""
        here = is_this_machine(peer)
        return self.sockets_per_s_of_this_machine if here else self.sockets_per_s

    def turns_of(self, peer: str) -> int:
        """How many requests of a peer are worked on at the same time."""
        return self.turns_of_this_machine if is_this_machine(peer) else self.turns
