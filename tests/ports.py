"""This file gives ports that nobody takes before the test does.

A port of the kernel's choice may be given to another program's outgoing line in the moment between
its asking and its use. These lie below the kernel's (Linux: 32768 and up), and each process walks
from a place of its own.
"""

from __future__ import annotations

import os
import socket
from itertools import count
from typing import Final

FIRST, LAST = 10_240, 32_767
_STEPS: Final = count(os.getpid() * 257)


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port of loopback that nobody listens on now, another one each time."""
    while True:
        port = FIRST + next(_STEPS) % (LAST - FIRST)
        with socket.socket(type=kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
