"""This file is a bad line: a TCP proxy that stalls, refuses, and cuts at any byte."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
from pathlib import Path
from typing import Final

from protocol.door_key import key_file, own_folders
from protocol.doors.closing import take_in_no_more
from protocol.loop import met

CHUNK_BYTES: Final = 4096


class BadLine:
    """A line to a port of this computer; programs connect to `port`."""

    def __init__(self, target: int, port: int) -> None:
        self.port = port
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._left: int | None = None
        self._refuses = False

    async def start(self) -> None:
        """Begin to listen; who comes this way shows the key of where it leads. Raises OSError."""
        for way, key in self._keys():
            way.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            way.unlink(missing_ok=True)
            way.symlink_to(key)
        self._server = await asyncio.start_server(met(self._serve), "127.0.0.1", self.port)

    async def close(self) -> None:
        """Hang up and listen no more."""
        if self._server is not None:
            await take_in_no_more(self._server)
            self._server.close()
        for way, _ in self._keys():
            way.unlink(missing_ok=True)
        self.heal()
        self.drop()

    def _keys(self) -> list[tuple[Path, Path]]:
        """Where a key is looked for, and the one that opens the far door."""
        folders = own_folders(os.environ)
        return [(key_file(each, self.port), key_file(each, self._target)) for each in folders]

    def stall(self) -> None:
        """Carry nothing until it is healed; connections stay."""
        self._open.clear()

    def refuse(self) -> None:
        """Break every connection, and take no new one until it is healed."""
        self._refuses = True
        self.drop()

    def cut_after(self, size: int) -> None:
        """Break every connection after so many more bytes, wherever that is."""
        self._left = size

    def heal(self) -> None:
        """Carry again."""
        self._refuses, self._left = False, None
        self._open.set()

    def drop(self) -> None:
        """Break every connection by RST, unsent data lost (RFC 9293, 3.5.3)."""
        for writer in [*self._writers]:
            sock = writer.get_extra_info("socket")
            if sock is not None and not writer.is_closing():
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        far: asyncio.StreamWriter | None = None
        try:
            if self._refuses:
                return
            far_reader, far = await asyncio.open_connection("127.0.0.1", self._target)
            self._writers.add(far)
            ways = [
                asyncio.ensure_future(self._carry(reader, far)),
                asyncio.ensure_future(self._carry(far_reader, writer)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            return  # streams would report the end of a cancelled handler as an error
        finally:
            for each in (writer, far):
                if each is not None:
                    self._writers.discard(each)
                    each.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One way, until its end. Raises OSError."""
        while data := await reader.read(CHUNK_BYTES):
            await self._open.wait()
            if self._left is not None and len(data) > self._left:
                writer.write(data[: self._left])
                await writer.drain()
                self._left = None
                self.drop()
                return
            if self._left is not None:
                self._left -= len(data)
            writer.write(data)
            await writer.drain()
