"""This file is a bad line: a TCP proxy that delays, cuts and refuses, for tests of what holds."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from protocol.doors.closing import take_in_no_more
from protocol.loop import met

CHUNK_BYTES: Final = 64 * 1024


class FaultyLine:
    """A line to a server; clients connect to 127.0.0.1 at `port`.

    delay_s: how long each piece of data is held, in each direction; pieces that come meanwhile
    travel together after it, so a piece is late by at most twice as much. cut_after: after how many
    bytes towards the client each connection ends, what came before being delivered; None: never.
    """

    def __init__(
        self,
        target_host: str,
        target_port: int,
        *,
        delay_s: float = 0.0,
        cut_after: Callable[[], int | None] = lambda: None,
    ) -> None:
        self._target = (target_host, target_port)
        self._server: asyncio.Server | None = None
        self._lines: dict[asyncio.Task[None], tuple[asyncio.StreamWriter, ...]] = {}
        self._cut = False
        self.delay_s = delay_s
        self._cut_after = cut_after
        self.port = 0

    async def __aenter__(self) -> Self:
        """Begin to listen, on a free port that is then kept. Raises OSError."""
        self._server = await asyncio.start_server(met(self._serve), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            await take_in_no_more(self._server)
            self._server.close()
        self.drop()
        await asyncio.gather(*self._lines, return_exceptions=True)
        self._server = None

    @property
    def lines(self) -> int:
        """How many connections are open."""
        return len(self._lines)

    def drop(self) -> None:
        """Break every connection, as a switch that restarts; new ones are taken."""
        for task, writers in self._lines.items():
            for writer in writers:
                _reset(writer)
            task.cancel()

    def cut(self) -> None:
        """Break every connection and refuse new ones until `heal`."""
        self._cut = True
        self.drop()

    def heal(self) -> None:
        """Take connections again."""
        self._cut = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if self._cut or task is None:
            _reset(writer)
            return
        self._lines[task] = (writer,)
        try:
            await self._carry(task, reader, writer)
        except (OSError, asyncio.CancelledError):
            _reset(writer)  # streams would report the end of a cancelled handler as an error
        finally:
            for each in self._lines.pop(task):
                each.close()

    async def _carry(
        self,
        task: asyncio.Task[None],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Both ways, until both ends have said their last byte. Raises OSError."""
        far_reader, far_writer = await asyncio.open_connection(*self._target)
        self._lines[task] = (writer, far_writer)
        back = self._pump(far_reader, writer, self._cut_after())
        await asyncio.gather(self._pump(reader, far_writer), back)

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        most_bytes: int | None = None,
    ) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await asyncio.sleep(self.delay_s)
            writer.write(data[:most_bytes])
            await writer.drain()
            if most_bytes is not None and (most_bytes := most_bytes - len(data)) <= 0:
                break
        with contextlib.suppress(OSError):  # the other end may be gone altogether
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """End the connection by RST, unsent data lost, as a cut line looks (RFC 9293, 3.5.3)."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None and not writer.is_closing():
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
