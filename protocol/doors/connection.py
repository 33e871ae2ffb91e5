"""This file is one connection at a door: uvicorn's, which ends when it takes too long or too much.

uvicorn itself waits for ever for the rest of a request, and for whoever reads no answer (CWE-400).
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Any, Final, cast

import h11

from protocol.doors.lean_uvicorn import H11Protocol
from protocol.doors.pace import Pace, PacedWriting
from protocol.doors.places import note_cut
from protocol.doors.visits import Visits

_GONE: Final = "socket.send() raised exception."
LOGGER: Final = logging.getLogger("protocol.doors.requests")
LOGGER.setLevel(logging.ERROR)  # what breaks here; no line for each bad request of a stranger
# asyncio's line for a peer who is gone while it is answered: no trouble, and his to make.
logging.getLogger("asyncio").addFilter(lambda record: record.msg != _GONE)
BUSY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\n"
    b"Connection: close\r\n\r\n"
)


class BoundedConnection(PacedWriting, H11Protocol):
    """A connection that has come in by the rules of `visits`, and goes at its pace.

    line: by which it came in; what is encrypted goes on by another.
    """

    def __init__(
        self,
        visits: Visits[asyncio.BaseTransport],
        line: asyncio.BaseTransport,
        **uvicorns: Any,
    ) -> None:
        super().__init__(**uvicorns)
        self.logger = LOGGER
        self._visits = visits
        self._line = line
        self._limits = visits.limits
        self._received = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._is_upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        """Begin: from now on it owes a request."""
        super().connection_made(transport)
        self._visits.rename(self._line, transport)
        self.watch_writing(transport, self._limits)
        self._reading = Pace(transport, self._limits, lambda: self._received)
        if self._limits.life_s:
            self._end_in("life", self._limits.life_s)
        self._end_in("head", self._limits.head_s)

    def data_received(self, data: bytes) -> None:
        """Read on, unless it was turned away."""
        if not self.transport.is_closing():
            self._received += len(data)
            super().data_received(data)

    def handle_events(self) -> None:
        """Take what has arrived, and see what is owed now."""
        before = self.cycle
        super().handle_events()
        if self.cycle is not before:  # it is worked on from the loop's next turn on
            cut = partial(self.loop.call_soon_threadsafe, self.transport.abort)
            note_cut(cast("Any", self.cycle.scope), cut)
        if not self._is_upgraded:
            self._look()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Hand the line over to its WebSocket, where there may be one more."""
        if not self._visits.upgrade(self.transport):
            self.transport.write(BUSY)
            self.transport.close()
            return
        self._is_upgraded = True
        self._let_go()
        super().handle_websocket_upgrade(event)

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP; a request that it was part of is over too, answered or not."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:  # it is answered already, at least in part
            self.transport.abort()

    def on_response_complete(self) -> None:
        """It is answered; who goes on with a body that nobody wants is ended like the silent."""
        self._visits.rest(self.transport)
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of it."""
        super().connection_lost(exc)
        self._visits.leave(self.transport)
        self._let_go()

    def _look(self) -> None:
        """See what the peer owes: headers, a body, or nothing while it is answered."""
        if self.cycle is None or self.cycle.response_complete:
            self._reading.rest()
            self._end_in("head", self._limits.head_s)
            return
        self._visits.work(self.transport)
        if head := self._timers.pop("head", None):
            head.cancel()
        if self.cycle.more_body:
            self._reading.watch()
        else:
            self._reading.rest()

    def _end_in(self, why: str, time_s: float) -> None:
        if why not in self._timers and not self.transport.is_closing():
            self._timers[why] = self.loop.call_later(time_s, self.transport.abort)

    def _let_go(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._reading.rest()
        self._writing.rest()
