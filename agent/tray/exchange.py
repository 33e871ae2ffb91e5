"""This file is one request to this computer's agent and its answer, beside Qt's loop.

HTTP/1.0 (RFC 1945) on a socket that never blocks: Qt's own network library would take 4 MB.
"""

from __future__ import annotations

import socket
from typing import Final, NamedTuple

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

_MAX_BYTES: Final = 4_000_000
_CHUNK: Final = 65_536


class HttpAnswer(NamedTuple):
    """HTTP's status and the body; status 0 where nobody answered."""

    status: int
    body: bytes


class HttpExchange(QObject):
    """Sends the request, collects the answer to its end, and is then gone. done: an HttpAnswer."""

    done = Signal(object)

    def __init__(self, request: bytes, parent: QObject) -> None:
        super().__init__(parent)
        self._left, self._got = request, b""
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        number, kind = self._socket.fileno(), QSocketNotifier.Type
        self._write = QSocketNotifier(number, kind.Write, self)
        self._read = QSocketNotifier(number, kind.Read, self)
        self._write.activated.connect(self._send)
        self._read.activated.connect(self._receive)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self._end(b""))

    def begin(self, host: str, port: int, timeout_ms: int) -> None:
        """Connect; a refusal is told by the loop, as every answer is."""
        self._timer.start(timeout_ms)
        self._socket.connect_ex((host, port))

    def _send(self) -> None:
        try:
            sent = self._socket.send(self._left)
        except BlockingIOError:
            return
        except OSError:
            self._end(b"")
            return
        self._left = self._left[sent:]
        self._write.setEnabled(bool(self._left))

    def _receive(self) -> None:
        try:
            chunk = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk, self._got = b"", b""
        self._got += chunk
        if not chunk or len(self._got) > _MAX_BYTES:
            self._end(self._got)

    def _end(self, got: bytes) -> None:
        if self._socket.fileno() < 0:
            return
        self._timer.stop()
        self._write.setEnabled(False)
        self._read.setEnabled(False)
        self._socket.close()
        self.done.emit(answer_from(got))
        self.deleteLater()


def answer_from(got: bytes) -> HttpAnswer:
    """The answer in what was received; one that is cut short or no HTTP has status 0."""
    head, _, body = got.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    words = first.split()
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():  # noqa: PLR2004
        return HttpAnswer(0, b"")
    lengths = [f.partition(b":")[2] for f in fields if f.lower().startswith(b"content-length:")]
    whole = not lengths or lengths[0].strip() == str(len(body)).encode()
    return HttpAnswer(int(words[1][:3]), body) if whole else HttpAnswer(0, b"")
