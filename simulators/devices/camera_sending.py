"""This file sends what a simulated camera shows as some real ones do: packed, cut, or as they say.

Pure but for the packing's own state.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Collection

from simulators.devices.camera_faults import CameraFault

_TEXT = b"fps=10"


class Sending:
    """One answer's contents on their way."""

    def __init__(self, faults: Collection[CameraFault]) -> None:
        self._faults = faults
        self._packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)

    @property
    def head(self) -> str:
        """The lines of the head that tell how it is sent."""
        is_packed, says_cut = (
            fault in self._faults for fault in (CameraFault.GZIP, CameraFault.SAYS_CHUNKED)
        )
        packing = "Content-Encoding: gzip\r\n" if is_packed else ""
        return packing + ("Transfer-Encoding: chunked\r\n" if says_cut else "")

    def piece(self, data: bytes) -> bytes:
        """A piece of a stream."""
        if CameraFault.GZIP in self._faults:
            data = self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        return self._cut(data)

    def whole(self, data: bytes) -> tuple[str, bytes]:
        """All of an answer: the head's further lines, and the contents."""
        sent = gzip.compress(data) if CameraFault.GZIP in self._faults else data
        if CameraFault.UNSAID_CHUNKS in self._faults:
            return self.head, self._cut(sent) + b"0\r\n\r\n"
        length = len(sent) // 2 if CameraFault.SHORT_LENGTH in self._faults else len(sent)
        return f"{self.head}Content-Length: {length}\r\n", sent

    def head_of(self, status: str, lines: str) -> bytes:
        """The whole head of an answer. lines: its headers."""
        if CameraFault.HEADLESS in self._faults:
            return b""
        name = "ICY" if CameraFault.ICY in self._faults else "HTTP/1.1"
        more = "Tue, 12 Jun 2012 01:56:34 GMT\r\n" if CameraFault.NAMELESS in self._faults else ""
        if CameraFault.MANY_HEADERS in self._faults:
            more += "".join(f"X-{number}: a\r\n" for number in range(150))
        return f"{name} {status}\r\n{more}{lines}\r\n".encode()

    def before(self, boundary: str) -> bytes:
        """What stands before each picture of a stream, besides its own head."""
        if CameraFault.ASIDES not in self._faults:
            return b""
        return f"--{boundary}\r\nContent-Type: text/plain\r\n\r\n".encode() + _TEXT + b"\r\n"

    def preamble(self) -> bytes:
        """What stands before all parts (RFC 2046, section 5.1.1)."""
        has_one = CameraFault.PREAMBLE in self._faults
        return b"This is a multi-part message in MIME format.\r\n\r\n" if has_one else b""

    def _cut(self, data: bytes) -> bytes:
        if CameraFault.UNSAID_CHUNKS not in self._faults:
            return data
        return b"%x\r\n" % len(data) + data + b"\r\n"
