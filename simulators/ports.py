"""This file finds a free TCP port on this computer, and asks a program whether it is well."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import Final

from protocol.words import N_
from simulators.errors import SimError

TRIED: Final = 100
ANSWER_S: Final = 2.0
MAX_ANSWER: Final = 1 << 20


def free_port(preferred: int, avoid: Iterable[int] = ()) -> int:
    """The wanted port, or the next one that is free. Raises SimError if a hundred are taken."""
    avoided = set(avoid)
    for port in range(preferred, min(preferred + TRIED, 65_536)):
        if port not in avoided and _is_free(port):
            return port
    raise SimError(
        "no_free_port",
        N_("The ports from {port} on are all taken."),
        N_("Choose another with --http-port, --mqtt-port or --local-port."),
        port=preferred,
    )


async def answers(port: int, path: str) -> bool:
    """Whether the program on this port answers 200 to a GET."""
    return await fetch(port, path) is not None


async def fetch(port: int, path: str) -> bytes | None:
    """What the program on this port answers to a GET (RFC 9112); None unless it answers 200."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
                writer.write(head.encode())
                answer = await reader.read(MAX_ANSWER)
                while not reader.at_eof():
                    answer += await reader.read(MAX_ANSWER)
            finally:
                writer.close()
    except (OSError, ValueError, TimeoutError):
        return None
    status, _, body = answer.partition(b"\r\n\r\n")
    return body if status.startswith((b"HTTP/1.1 200 ", b"HTTP/1.0 200 ")) else None


def _is_free(port: int) -> bool:
    """Free on every address: a listener on loopback alone is in the way too."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", port))
        except OSError:
            return False
    return True
