"""This file reads a connection within bounds of time, however slow the other end is."""

from __future__ import annotations

import io
import math
import socket
import time


class Wire(io.RawIOBase):
    """A socket as a file: no word may take too long, nor all of them together.

    ends_at: steady seconds by which all must be read; infinite while a stream lasts. word_s: how
    long to wait for the next word. The socket stays its owner's.
    """

    def __init__(self, sock: socket.socket, ends_at: float, word_s: float = math.inf) -> None:
        super().__init__()
        self._sock = sock
        self._word_s = word_s
        self.ends_at = ends_at

    def readable(self) -> bool:
        """As a raw file's."""
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override] # no mmap
        """As a raw file's. Raises TimeoutError, OSError."""
        left_s = min(self._word_s, self.ends_at - time.monotonic())
        if left_s <= 0:
            raise TimeoutError
        self._sock.settimeout(left_s)
        return self._sock.recv_into(buffer)
