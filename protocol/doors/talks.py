"""This file is a door for talks that are no HTTP: TLS alone, and lines counted from the first byte.

asyncio's own server tells of an encrypted line once its handshake is over: strangers who never end
one would take all the files that a program may open, and nobody would have counted them.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from asyncio import StreamReader, StreamReaderProtocol, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable

from protocol.doors.closing import take_in_no_more
from protocol.doors.entrance import Encryption
from protocol.doors.limits import DoorLimits
from protocol.doors.server import BACKLOG
from protocol.doors.visits import Visits


class Caller:
    """Who has come in and ended the handshake. reader, writer: the talk; peer: the address."""

    def __init__(
        self,
        visits: Visits[asyncio.BaseTransport],
        line: asyncio.BaseTransport,
        reader: StreamReader,
        writer: StreamWriter,
    ) -> None:
        self._visits, self._line = visits, line
        self.reader, self.writer = reader, writer
        self.peer = str((line.get_extra_info("peername") or ("",))[0])

    def stay(self) -> None:
        """It has said what it came for: it gives way to nobody any more."""
        self._visits.work(self._line)


Meet = Callable[[Caller], Awaitable[None]]


@contextlib.asynccontextmanager
async def talking(
    where: tuple[str, int], context: ssl.SSLContext, limits: DoorLimits, meet: Meet
) -> AsyncIterator[Visits[asyncio.BaseTransport]]:
    """Have everybody who comes to this address met, within the limits; who is in, while it is open.

    meet: ends the talk; its line is closed after it, and nobody is cut off where the door closes.
    limits: a line is at most `head_bytes`. Raises OSError where the address is taken.
    """
    visits: Visits[asyncio.BaseTransport] = Visits(limits)
    talks = set[asyncio.Task[None]]()
    server = await asyncio.get_running_loop().create_server(
        lambda: _Arrival(visits, context, meet, talks), *where, backlog=BACKLOG
    )
    async with server:
        try:
            yield visits
        finally:
            await take_in_no_more(server)
            visits.shut()


class _Arrival(asyncio.Protocol):
    """A line of which nothing is known but where it comes from."""

    def __init__(
        self,
        visits: Visits[asyncio.BaseTransport],
        context: ssl.SSLContext,
        meet: Meet,
        talks: set[asyncio.Task[None]],
    ) -> None:
        self._visits, self._context, self._meet, self._talks = visits, context, meet, talks

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # a line's
        """Let it in, or turn it away; the oldest that is idle gives way."""
        self._line = transport
        peer = transport.get_extra_info("peername")
        entry = self._visits.enter(transport, peer[0] if peer else "")
        if not entry.is_in:
            transport.abort()
            return
        if isinstance(entry.leaves, asyncio.Transport):
            entry.leaves.abort()
        reader = StreamReader(self._visits.limits.head_bytes)
        talk = StreamReaderProtocol(reader, self._begin)
        encryption = Encryption(self._visits, talk, self._context)
        transport.set_protocol(encryption)
        encryption.connection_made(transport)

    def _begin(self, reader: StreamReader, writer: StreamWriter) -> None:
        # A task of asyncio's own, cancelled as the program ends, is a traceback in its log.
        talk = asyncio.ensure_future(self._talk(reader, writer))
        self._talks.add(talk)
        talk.add_done_callback(self._talks.discard)

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await self._meet(Caller(self._visits, self._line, reader, writer))
        finally:
            writer.close()
