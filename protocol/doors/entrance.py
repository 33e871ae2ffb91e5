"""This file is where a line comes in: counted from its first moment, then taken plain or encrypted.

Both kinds come to one port, so that an address that somebody typed or kept leads somewhere: the
first byte tells them apart (RFC 8446, 5.1). asyncio's own TLS would only tell of a line once its
handshake is over, and nobody would count who never ends one.
"""

from __future__ import annotations

import asyncio
import ssl
from asyncio.sslproto import SSLProtocol
from collections.abc import Callable
from typing import Any, Final

from protocol.doors.connection import BUSY, BoundedConnection
from protocol.doors.limits import DoorLimits
from protocol.doors.pace import PacedWriting
from protocol.doors.visits import Visits

Tls = Callable[[], ssl.SSLContext | None]
_HANDSHAKE: Final = 0x16


class Entrance(asyncio.Protocol):
    """A line that has said nothing yet. tls: with what to encrypt now, None where with nothing.

    uvicorns: what each connection of uvicorn's is made with.
    """

    def __init__(
        self, visits: Visits[asyncio.BaseTransport], tls: Tls | None, **uvicorns: Any
    ) -> None:
        self._visits = visits
        self._tls = tls
        self._uvicorns = uvicorns
        self._waiting = uvicorns["server_state"].connections
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # a line's
        """Let it in, or turn it away."""
        self._transport = transport
        peer = transport.get_extra_info("peername")
        entry = self._visits.enter(transport, peer[0] if peer else "")
        if not entry.is_in:
            transport.write(BUSY)
            transport.close()
            return
        if isinstance(entry.leaves, asyncio.Transport):
            entry.leaves.abort()
        if self._tls is None:
            self._go_on_plain()
            return
        self._waiting.add(self)
        head_s = self._visits.limits.head_s
        self._end = asyncio.get_running_loop().call_later(head_s, transport.abort)

    def data_received(self, data: bytes) -> None:
        """The first bytes say how it goes on."""
        if self._transport.is_closing():
            return
        self._let_go()
        if data[0] != _HANDSHAKE:
            self._go_on_plain().data_received(data)
        elif context := self._tls and self._tls():
            self._encrypt(context, data)
        else:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """It said nothing at all."""
        self._let_go()
        self._visits.leave(self._transport)

    def shutdown(self) -> None:
        """The server ends (as uvicorn asks of each connection)."""
        self._transport.abort()

    def _go_on_plain(self) -> BoundedConnection:
        connection = BoundedConnection(self._visits, self._transport, **self._uvicorns)
        self._transport.set_protocol(connection)
        connection.connection_made(self._transport)
        return connection

    def _encrypt(self, context: ssl.SSLContext, data: bytes) -> None:
        connection = BoundedConnection(self._visits, self._transport, **self._uvicorns)
        encryption = Encryption(self._visits, connection, context)
        self._transport.set_protocol(encryption)
        encryption.connection_made(self._transport)
        encryption.take(data)

    def _let_go(self) -> None:
        self._waiting.discard(self)
        if self._end is not None:
            self._end.cancel()


class Encryption(PacedWriting, SSLProtocol):
    """TLS around one connection, whose peer reads at the door's pace."""

    max_size = 32 * 1024  # asyncio's own 256 KiB for each line are much on a small server

    def __init__(
        self,
        visits: Visits[asyncio.BaseTransport],
        connection: asyncio.Protocol,
        context: ssl.SSLContext,
    ) -> None:
        self._visits = visits
        self._limits: DoorLimits = visits.limits
        self._waits = False  # bytes, at the last look of the goodbye
        self._goodbye_until_s: float | None = None
        super().__init__(
            asyncio.get_running_loop(),
            connection,
            context,
            waiter=None,  # type: ignore[arg-type]  # nobody waits: the connection is told
            server_side=True,
            ssl_handshake_timeout=self._limits.head_s,  # type: ignore[arg-type]  # a time as any
            ssl_shutdown_timeout=self._limits.goodbye_s,
        )

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # a line's
        """Begin the handshake."""
        self._line = transport
        self.watch_writing(transport, self._limits)
        super().connection_made(transport)

    def take(self, data: bytes) -> None:
        """Hear what has been read already."""
        while data:
            room = self.get_buffer(len(data))
            part = data[: len(room)]
            room[: len(part)] = part
            self.buffer_updated(len(part))
            data = data[len(part) :]

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go of it, also where the handshake never ended."""
        super().connection_lost(exc)
        self._visits.leave(self._line)
        self._writing.rest()

    def _check_shutdown_timeout(self) -> None:
        """Wait on while the peer takes what is left (asyncio ends all of it after one time).

        How much he has to take is his pace's; only who has all owes nothing but his goodbye.
        """
        loop = asyncio.get_running_loop()
        if self._goodbye_until_s is None:
            self._goodbye_until_s = loop.time() + self._limits.goodbye_in_all_s
        waited, self._waits = self._waits, self._line.get_write_buffer_size() > 0
        if (waited or self._waits) and loop.time() < self._goodbye_until_s:
            again = loop.call_later(self._limits.goodbye_s, self._check_shutdown_timeout)
            self._shutdown_timeout_handle = again
        else:
            super()._check_shutdown_timeout()  # type: ignore[misc]  # not of its public face
