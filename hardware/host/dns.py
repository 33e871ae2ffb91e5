"""This file asks DNS servers a question of our own, to see whether they answer."""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from hardware.host.lookup import is_address
from hardware.text import read_raw

Server = tuple[str, int]

_RESOLVERS = "etc/resolv.conf"
_CONFIG_LIMIT = 20_000
# resolv.conf(5): the system itself asks no more than three.
_SERVERS_MOST = 3
_PORT = 53
# RFC 1035 section 4.1.1. A name that does not exist is an answer; "server failure" is none: a
# resolver in the room says so while the line behind it is cut.
_IS_ANSWER, _RCODE = 0x8000, 0x000F
_ANSWERED = frozenset({0, 3})
_RECURSE, _TYPE_A, _CLASS_IN = 0x0100, 1, 1
_HEADER = struct.Struct("!6H")
_NUMBER_BYTES = 2
_LABEL_MOST, _NAME_MOST = 63, 253


def resolvers(root: Path = Path("/")) -> list[Server] | None:
    """Give the DNS servers of this machine; None where the system keeps no such list.

    root: where `etc` is found. Source: resolv.conf(5).
    """
    path = root / _RESOLVERS
    if not path.exists():
        return None
    lines = read_raw(path, _CONFIG_LIMIT).decode("ascii", "replace").splitlines()
    rows = (line.split() for line in lines)
    named = [row[1] for row in rows if len(row) > 1 and row[0] == "nameserver"]
    return [(address, _PORT) for address in named if is_address(address)][:_SERVERS_MOST]


async def any_answers(names: Iterable[str], servers: Sequence[Server], timeout_s: float) -> bool:
    """Say whether any server answers for any of the names, each having timeout_s.

    Our own packets rather than getaddrinfo, which cannot be cancelled, and which answers from
    /etc/hosts and its caches when no server does.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_answers(name, server, timeout_s), name=f"dns {server[0]}")
            for name in names
            for server in servers
        ]
    return any(task.result() for task in tasks)


def question(name: str, number: int) -> bytes:
    """Build the question for a name's IPv4 address. number: 0 to 65535.

    Raises ValueError for what is no name. Source: RFC 1035 section 4.1.
    """
    labels = name.rstrip(".").encode("idna").split(b".")
    if not all(0 < len(label) <= _LABEL_MOST for label in labels) or len(name) > _NAME_MOST:
        raise ValueError("not a name that DNS can hold")
    wire = b"".join(bytes([len(label)]) + label for label in labels)
    header = _HEADER.pack(number, _RECURSE, 1, 0, 0, 0)
    return header + wire + b"\0" + struct.pack("!2H", _TYPE_A, _CLASS_IN)


def is_answer(packet: bytes) -> bool:
    """Say whether a packet answers a question, if only by "there is no such name"."""
    if len(packet) < _HEADER.size:
        return False
    flags = _HEADER.unpack_from(packet)[1]
    return bool(flags & _IS_ANSWER) and flags & _RCODE in _ANSWERED


async def _answers(name: str, server: Server, timeout_s: float) -> bool:
    number = secrets.randbelow(1 << 16)
    # TimeoutError is an OSError; ValueError: the name is none.
    with suppress(OSError, ValueError):
        packet = question(name, number)
        async with asyncio.timeout(timeout_s):
            return await _ask(packet, server)
    return False


async def _ask(packet: bytes, server: Server) -> bool:
    loop = asyncio.get_running_loop()
    transport, pending = await loop.create_datagram_endpoint(
        lambda: _Question(packet), remote_addr=server
    )
    try:
        transport.sendto(packet)
        return await pending.answered
    finally:
        transport.close()


class _Question(asyncio.DatagramProtocol):
    """What comes back to a question. answered: whether that was an answer."""

    def __init__(self, packet: bytes) -> None:
        self._packet = packet
        self.answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Settle it, if this is about our question at all."""
        del addr
        if data[:_NUMBER_BYTES] == self._packet[:_NUMBER_BYTES]:
            self._settle(answered=is_answer(data))

    def error_received(self, exc: Exception) -> None:
        del exc
        self._settle(answered=False)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._settle(answered=False)

    def _settle(self, *, answered: bool) -> None:
        if not self.answered.done():
            self.answered.set_result(answered)
