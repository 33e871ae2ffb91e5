"""This file is one WebSocket at a door: uvicorn's, cut when it says too much or reads too little.

Only doors with WebSockets import it: it needs the websockets package.
"""

from __future__ import annotations

from asyncio.transports import BaseTransport
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from protocol.doors.allowance import Allowance
from protocol.doors.connection import LOGGER
from protocol.doors.pace import PacedWriting
from protocol.doors.visits import Visits

BURST_BYTES: Final = 8 * 1024
RATE_BYTES_S: Final = 512  # a browser's pongs and a word now and then are a tenth of it
_INVALID_TEXT: Final = 1007  # RFC 6455, 7.4.1


class BoundedWebSocket(PacedWriting, WebSocketsSansIOProtocol):
    """A WebSocket among `visits`. Pings, too, count as what it says."""

    def __init__(self, visits: Visits[BaseTransport], **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self.logger = LOGGER
        self._visits = visits
        self._words = Allowance(BURST_BYTES, RATE_BYTES_S, self.loop.time())

    def connection_made(self, transport: BaseTransport) -> None:
        """Take over the line, whose writing is watched."""
        super().connection_made(transport)
        self.watch_writing(self.transport, self._visits.limits)

    def data_received(self, data: bytes) -> None:
        """Hear it, as long as it is not too much; the first is the request, whose size is known."""
        if self.handshake_initiated and not self._words.takes(len(data), self.loop.time()):
            self.transport.abort()
        else:
            super().data_received(data)

    def send_receive_event_to_app(self) -> None:
        """Pass a message on; uvicorn would log a traceback for each that is no UTF-8."""
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.conn.fail(_INVALID_TEXT)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        super().connection_lost(exc)
        self._visits.leave(self.transport)
        self._writing.rest()


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
