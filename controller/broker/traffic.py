"""This file counts what each agent, or each school below, has sent since the program began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

MAX_PEERS: Final = 4096  # where anybody may give himself a name, names are no list to grow by
OTHERS: Final = ""  # under this name stand all those beyond


class PeerTraffic(NamedTuple):
    """What one peer has sent since the start.

    bytes: of payloads. refused: could not be read. quarantined: read, and could not be applied.
    dropped: not looked at, for it came faster than is fair; its sender sends it again. cut: fields
    and elements that were left out of messages whose rest was taken. cleared: left lying at the
    broker where nothing may lie. surplus: lines that it held beyond its share, and that were cut.
    """

    messages: int = 0
    bytes: int = 0
    refused: int = 0
    quarantined: int = 0
    dropped: int = 0
    cut: int = 0
    cleared: int = 0
    surplus: int = 0


class Traffic:
    """Counters by peer, for one task at a time."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}

    def add(self, peer: str, **counts: int) -> None:
        """Add to a peer's counters, by their names in PeerTraffic."""
        row = self._row(peer)
        for name, count in counts.items():
            row[_PLACE[name]] += count

    def add_messages(self, peer: str, count: int, size: int) -> None:
        """Add so many messages, of so many bytes together; said often, so it is quick."""
        row = self._counts.get(peer) or self._row(peer)
        row[0] += count
        row[1] += size

    def peers(self) -> Mapping[str, PeerTraffic]:
        """Every peer's counters as they are now."""
        return {peer: PeerTraffic(*row) for peer, row in self._counts.items()}

    def _row(self, peer: str) -> list[int]:
        if peer not in self._counts and len(self._counts) >= MAX_PEERS:
            peer = OTHERS
        return self._counts.setdefault(peer, [0] * len(PeerTraffic._fields))


_PLACE: Final = {name: place for place, name in enumerate(PeerTraffic._fields)}
