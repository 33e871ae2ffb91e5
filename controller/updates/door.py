"""This file is the door at which rooms fetch packages: HTTPS with the machine's certificate.

It is open only while a version is on its way, gives files by their digest and nothing else, to
three at a time and one to each address; who is told 503 comes again, and goes on where he was cut
off when his turn was over and another waited. Packages are no secret.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import ssl
from asyncio import StreamWriter
from collections.abc import Callable
from typing import IO, Final, NamedTuple

from controller.broker.authority import Authority
from controller.updates.shelf import Shelf
from protocol.doors.limits import DoorLimits
from protocol.doors.places import TURN_S, Places
from protocol.doors.talks import Caller, talking
from protocol.errors import LopHocError
from protocol.package import DOOR_PATH

_LOGGER = logging.getLogger(__name__)

AT_ONCE: Final = 3
_HEAD_S: Final = 10.0
_MAX_HEAD: Final = 8192
# Who says nothing gives way to who comes.
LIMITS: Final = DoorLimits(
    at_once=64, of_one_peer=8, of_this_machine=8, turns=0, turns_of_this_machine=0,
    head_bytes=_MAX_HEAD, head_s=_HEAD_S,
)  # fmt: skip
LOOK_EVERY_S: Final = 1.0
_PACE_S: Final = 30.0  # for each piece
_PIECE: Final = 1 << 18
_ASKED: Final = re.compile(rb"GET %s([0-9a-f]{64}) HTTP/1\.[01]\r\n" % DOOR_PATH.encode(), re.ASCII)
_RANGE: Final = re.compile(rb"\r\nrange: *bytes=(\d{1,12})-\r\n", re.IGNORECASE)


class Asked(NamedTuple):
    """What somebody asks for: a file by its digest, from a byte on."""

    sha256: str
    start: int


def asked_in(head: bytes) -> Asked | None:
    """What a request asks for; None for anything that is not given here."""
    match = _ASKED.match(head)
    if match is None:
        return None
    start = _RANGE.search(head)
    return Asked(match[1].decode(), int(start[1]) if start else 0)


class PackageDoor:
    """The door of one server. is_open: whether a version is on its way; turn_s: as of places."""

    def __init__(
        self,
        authority: Authority,
        shelf: Shelf,
        is_open: Callable[[], bool],
        where: tuple[str, int],
        turn_s: float = TURN_S,
    ) -> None:
        self._authority, self._shelf = authority, shelf
        self._is_open, self._where = is_open, where
        self._places = Places(AT_ONCE, of_one_peer=1, turn_s=turn_s)
        self._trouble = ""

    async def run(self) -> None:
        """Open and close as versions go out; never returns."""
        while True:
            if await asyncio.to_thread(self._is_open):
                try:
                    await self._serve()
                except (LopHocError, OSError) as error:
                    self._note(str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def _serve(self) -> None:
        certificate = await asyncio.to_thread(self._authority.machine)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(certificate.chain, certificate.key)
        async with talking(self._where, context, LIMITS, self._meet):
            self._note("")
            while await asyncio.to_thread(self._is_open):  # noqa: ASYNC110 - the database is asked
                await asyncio.sleep(LOOK_EVERY_S)

    def _note(self, trouble: str) -> None:
        """Say why it is shut, once for each reason: a port may be taken for days."""
        if trouble and trouble != self._trouble:
            _LOGGER.warning("the door for packages is shut: %s", trouble)
        self._trouble = trouble

    async def _meet(self, caller: Caller) -> None:
        try:
            await self._answer(caller)
        except (OSError, EOFError, ValueError) as error:
            _LOGGER.debug("a caller for a package ended: %s", type(error).__name__)

    async def _answer(self, caller: Caller) -> None:
        writer = caller.writer
        async with asyncio.timeout(_HEAD_S):
            try:
                head = await caller.reader.readuntil(b"\r\n\r\n")
            except asyncio.LimitOverrunError:
                return
        asked = asked_in(head)
        file = self._shelf.file_of(asked.sha256) if asked else None
        if asked is None or file is None or not file.is_file():
            writer.write(_head(404, "Not Found"))
        elif (place := self._places.take(caller.peer, writer.transport.abort)) is None:
            writer.write(_head(503, "Service Unavailable", "Retry-After: 30\r\n"))
        else:
            caller.stay()
            try:
                await _give(file.open("rb"), asked.start, writer)
            finally:
                self._places.leave(place)
        async with asyncio.timeout(_HEAD_S):
            await writer.drain()


async def _give(file: IO[bytes], start: int, writer: StreamWriter) -> None:
    with file:
        size = os.fstat(file.fileno()).st_size
        if start >= size:
            writer.write(_head(416, "Range Not Satisfiable"))
            return
        file.seek(start)
        length = f"Content-Length: {size - start}\r\n"
        span = f"Content-Range: bytes {start}-{size - 1}/{size}\r\n"
        writer.write(
            _head(206, "Partial Content", length + span) if start else _head(200, "OK", length)
        )
        while piece := await asyncio.to_thread(file.read, _PIECE):
            writer.write(piece)
            async with asyncio.timeout(_PACE_S):
                await writer.drain()


def _head(status: int, word: str, more: str = "Content-Length: 0\r\n") -> bytes:
    length = more if "Content-Length" in more else f"{more}Content-Length: 0\r\n"
    return f"HTTP/1.1 {status} {word}\r\n{length}Connection: close\r\n\r\n".encode("ascii")
