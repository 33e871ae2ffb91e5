"""This file gives ports that nobody takes before the test does, nor while its program is away.

A port of the kernel's choice may be given to another program's outgoing line in the moment between
its asking and its use. These lie below the kernel's (Linux: 32768 and up), and each process has
blocks of them to itself, whichever tests run beside it on this computer.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import sys
from collections.abc import Iterator
from itertools import count
from typing import Final

FIRST, LAST = 10_240, 28_672  # the ledger's own begin there
BLOCK: Final = 64
COUNT: Final = (LAST - FIRST) // BLOCK
HELD: Final = 8  # blocks: by then a program that was given a port is started, and ended
_OURS: Final[list[socket.socket]] = []  # the names that say which blocks are this process's


@atexit.register
def _give_back() -> None:
    """Before Python ends and calls them forgotten."""
    while _OURS:
        _OURS.pop().close()


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of loopback that nobody listens on now, another one each time."""
    return next(port for port in _ports if _is_free(port, kind))


def free_row(size: int) -> list[int]:
    """The same, each one above the one before: for who looks further where one is taken."""
    row: list[int] = []
    while len(row) < size:
        port = free_port()
        row = [*row, port] if row and port == row[-1] + 1 else [port]
    return row


def _walk() -> Iterator[int]:
    """Every port of the blocks that the process takes, one after the other."""
    for step in count(os.getpid() * 257):
        block = step % COUNT
        if _take(block):
            yield from range(FIRST + block * BLOCK, FIRST + (block + 1) * BLOCK)


_ports: Final = _walk()


def _take(block: int) -> bool:
    """Whether nobody has it: a name in Linux's abstract space is one process's, until it ends."""
    if sys.platform != "linux":
        return True
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0lophoc-tests-ports-{block}")
    except OSError:
        claim.close()
        return False
    _OURS.append(claim)
    if len(_OURS) > HELD:
        _OURS.pop(0).close()
    return True


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with contextlib.suppress(OSError), socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", port))
        return True
    return False
