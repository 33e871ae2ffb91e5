"""This file knows two servers of one school apart: where each stands, and since when it serves.

Kept in memory alone: they are asked again as long as both speak.
"""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final, NamedTuple

from protocol.upward import SchoolServer

MAX_SERVERS: Final = 8  # of a school
_ANY_PORT: Final = 9  # a datagram socket that connects sends nothing


class KnownServer(NamedTuple):
    """One server: the start that speaks there, where its screens stand, since when it serves."""

    boot: str
    address: str
    began_ms: int


class Servers:
    """The servers that answered a question, by school and start; the newest word stands last."""

    def __init__(self) -> None:
        self._by_school: dict[str, dict[str, KnownServer]] = {}

    def note(self, school: str, told: SchoolServer) -> None:
        """A server says where it is."""
        known = self._by_school.setdefault(school, {})
        known.pop(told.boot, None)
        known[told.boot] = KnownServer(told.boot, told.address, told.began_ms)
        if len(known) > MAX_SERVERS:
            del known[next(iter(known))]

    def of(self, school: str, boot: str) -> KnownServer | None:
        """What is known of a start's server."""
        return self._by_school.get(school, {}).get(boot)


def servers_of(_program: object) -> Servers:
    """The one that a program's parts share."""
    return Servers()


def own_address(host: str) -> str:
    """By which address this computer reaches another; "" where that is not known."""
    with suppress(OSError):
        family, kind, _, _, where = socket.getaddrinfo(host, _ANY_PORT, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as way:
            way.connect(where)
            return str(way.getsockname()[0])
    return ""
