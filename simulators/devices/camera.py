"""This file is a simulated network camera: discovery, ONVIF calls, snapshots, MJPEG and RTSP."""

from __future__ import annotations

import asyncio
import itertools
import re
import secrets
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing, suppress
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from simulators.addresses import open_udp
from simulators.devices.camera_words import (
    ENTITY_BOMB,
    GARBAGE,
    REALM,
    CameraMake,
    Urls,
    answer,
    is_login,
    may,
    not_authorized,
    probe_match,
)
from simulators.devices.rtp import CLOCK_HZ, interleave, packets, scan_of

__all__ = ["CameraFault", "CameraMake", "OnvifCamera"]

FPS: Final = 10.0
SLOW_FPS: Final = 1.0
STALL_AFTER: Final = 5  # pictures
_HEAD_LIMIT: Final = 64 * 1024
_PICTURES: Final = 8  # so many are taken and shown in turn: each has noise of its own
_BOUNDARY: Final = "lophoc-frame"
_LENGTH: Final = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_CSEQ: Final = re.compile(rb"CSeq:\s*(\d+)", re.IGNORECASE)
_MESSAGE_ID: Final = re.compile(rb"MessageID[^>]*>([^<]{1,200})<")

Picture = Callable[[int, str, tuple[int, int], int], bytes]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


class CameraFault(StrEnum):
    """What can be wrong with the camera; each may be switched while it runs."""

    SILENT = "silent"
    STALL = "stall"
    BLACK = "black"
    OVEREXPOSED = "overexposed"
    COVERED = "covered"
    COLOUR_CAST = "colour_cast"
    PARTLY_COVERED = "partly_covered"
    BLURRED = "blurred"
    FREEZE = "freeze"
    SLOW = "slow"
    CORRUPT = "corrupt"
    WRONG_CLOCK = "wrong_clock"
    PASSWORD = "password"  # noqa: S105 - a fault, not a password
    GARBAGE = "garbage"
    ENTITIES = "entities"
    OFF = "off"


_LOOKS: Final = (
    CameraFault.BLACK,
    CameraFault.OVEREXPOSED,
    CameraFault.COVERED,
    CameraFault.COLOUR_CAST,
    CameraFault.PARTLY_COVERED,
    CameraFault.BLURRED,
)


@dataclass(eq=False)
class OnvifCamera:
    """One camera, for as long as it is entered; `faults` may be changed meanwhile.

    host: the own address it listens on. Ports of 0 are chosen; group: where discovery asks.
    picture: takes a picture (seed, what is wrong, size, number); a classroom's by default.
    probes: how often somebody looked for cameras.
    """

    make: CameraMake = CameraMake()  # noqa: RUF009 - frozen
    _: KW_ONLY
    host: str = "127.0.0.1"
    http_port: int = 0
    rtsp_port: int = 0
    group: tuple[str, int] = ("239.255.255.250", 3702)
    seed: int = 1
    size: tuple[int, int] = (640, 360)
    user: str = "admin"
    password: str = "lop-hoc"  # noqa: S105 - a simulated camera's
    picture: Picture | None = None
    faults: set[CameraFault] = field(default_factory=set)
    probes: int = 0
    _pictures: dict[tuple[str, int], bytes] = field(default_factory=dict)
    _number: int = 0
    _nonce: str = field(default_factory=lambda: secrets.token_hex(16), repr=False)
    _open: AsyncExitStack = field(default_factory=AsyncExitStack)
    _connections: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def snapshot_url(self) -> str:
        """Where one picture is."""
        return f"{self._http_url}/snapshot.jpg"

    @property
    def mjpeg_url(self) -> str:
        """Where pictures follow each other by HTTP."""
        return f"{self._http_url}/video.mjpg"

    @property
    def stream_url(self) -> str:
        """Where pictures follow each other by RTSP."""
        return f"rtsp://{self.host}:{self.rtsp_port}/stream"

    @property
    def urls(self) -> Urls:
        """What the camera tells of itself."""
        return Urls(f"{self._http_url}/onvif/device_service", self.snapshot_url, self.stream_url)

    @property
    def _http_url(self) -> str:
        return f"http://{self.host}:{self.http_port}"

    async def switch(self, fault: CameraFault, on: bool) -> None:  # noqa: FBT001 - a switch
        """Switch one fault."""
        self.faults = self.faults | {fault} if on else self.faults - {fault}

    async def __aenter__(self) -> Self:
        """Open its ports. Raises OSError where one is taken."""
        async with AsyncExitStack() as opening:
            enter = opening.enter_async_context
            self.http_port = await enter(self._serving(self._http, self.http_port))
            self.rtsp_port = await enter(self._serving(self._rtsp, self.rtsp_port))
            await enter(self._discoverable())
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        for writer in list(self._connections):
            writer.transport.abort()
        await self._open.aclose()

    @asynccontextmanager
    async def _serving(self, handler: Handler, port: int) -> AsyncIterator[int]:
        async def guard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._connections.add(writer)
            try:
                if CameraFault.OFF in self.faults:
                    writer.transport.abort()
                    return
                with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    await handler(reader, writer)
            finally:
                self._connections.discard(writer)
                writer.close()

        server = await asyncio.start_server(guard, self.host, port, limit=_HEAD_LIMIT)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    @asynccontextmanager
    async def _discoverable(self) -> AsyncIterator[None]:
        def hear(data: bytes, sender: tuple[str | Any, int]) -> None:
            if (reply := self._answer_probe(data)) is not None:
                mouth.sendto(reply, sender)

        # Answered from the camera's own address, which may not be this computer's first.
        with (
            closing(await open_udp((self.host, 0), lambda *_: None)) as mouth,
            closing(await open_udp(self.group, hear, joined_from=self.host)),
        ):
            yield

    def _answer_probe(self, data: bytes) -> bytes | None:
        self.probes += b"ProbeMatch" not in data and b"Probe" in data
        if CameraFault.OFF in self.faults or b"Probe" not in data or b"ProbeMatch" in data:
            return None
        match = _MESSAGE_ID.search(data)
        relates_to = match[1].decode() if match else ""
        return self._nonsense() or probe_match(self.make, self.urls, relates_to)

    def _nonsense(self) -> bytes | None:
        """What it says to everything instead of ONVIF; None while it speaks sense."""
        if CameraFault.GARBAGE in self.faults:
            return GARBAGE
        return ENTITY_BOMB if CameraFault.ENTITIES in self.faults else None

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if CameraFault.SILENT in self.faults:
            await asyncio.Event().wait()
        match head.split(b" ", 2)[:2]:
            case [b"POST", _]:
                length = _LENGTH.search(head)
                body = await reader.readexactly(min(int(length[1]) if length else 0, _HEAD_LIMIT))
                self._call(writer, body)
            case [b"GET", path] if not self._lets_in(head):
                _reply(writer, f"401 Unauthorized\r\n{self._challenge}", b"text/plain", path[:0])
            case [b"GET", b"/snapshot.jpg"]:
                _reply(writer, "200 OK", b"image/jpeg", self._shot())
            case [b"GET", b"/video.mjpg"]:
                await self._mjpeg(writer)
            case _:
                _reply(writer, "404 Not Found", b"text/plain", b"")
        await writer.drain()

    def _lets_in(self, head: bytes) -> bool:
        if CameraFault.PASSWORD not in self.faults:
            return True
        return is_login(head, self.user, self.password, self._nonce)

    @property
    def _challenge(self) -> str:
        """Digest as RFC 2069 has it, which every player knows."""
        return f'WWW-Authenticate: Digest realm="{REALM}", nonce="{self._nonce}"'

    def _call(self, writer: asyncio.StreamWriter, body: bytes) -> None:
        """Answer a call of ONVIF."""
        kind = b"application/soap+xml; charset=utf-8"
        is_wrong = CameraFault.WRONG_CLOCK in self.faults
        clock = datetime.now(UTC) - timedelta(days=3650 if is_wrong else 0)
        if (nonsense := self._nonsense()) is not None:
            _reply(writer, "200 OK", kind, nonsense)
        elif not self._may_call(body, clock):
            _reply(writer, "400 Bad Request", kind, not_authorized())
        else:
            reply = answer(body, self.make, self.urls, clock)
            _reply(writer, "200 OK" if reply else "500 Internal Server Error", kind, reply or b"")

    def _may_call(self, body: bytes, clock: datetime) -> bool:
        if CameraFault.PASSWORD not in self.faults or b"GetSystemDateAndTime" in body:
            return True
        return may(body, self.user, self.password, clock)

    async def _mjpeg(self, writer: asyncio.StreamWriter) -> None:
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode())
        async for shot in self._stream():
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(shot)}\r\n"
            writer.write(head.encode() + b"\r\n" + shot + b"\r\n")
            await writer.drain()

    async def _rtsp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """RFC 2326, as far as players need it: the pictures travel on the same connection."""
        if CameraFault.SILENT in self.faults:
            await asyncio.Event().wait()
        async with asyncio.TaskGroup() as playing:
            while (head := await self._read_request(reader)) is not None:
                method = head.split()[0].decode("utf-8", "replace") if head.split() else ""
                cseq = _CSEQ.search(head)
                status, more, body = self._answer_rtsp(method, head)
                number = cseq[1].decode() if cseq else "0"
                writer.write(f"RTSP/1.0 {status}\r\nCSeq: {number}\r\n{more}\r\n".encode() + body)
                await writer.drain()
                if method == "PLAY":
                    playing.create_task(self._play(writer), name="play")
                if method == "TEARDOWN":
                    break
            writer.transport.abort()

    async def _read_request(self, reader: asyncio.StreamReader) -> bytes | None:
        """The next request; what a player reports of its reception is passed over."""
        while True:
            try:
                first = await reader.readexactly(1)
                if first == b"$":
                    _, length = struct.unpack(">BH", await reader.readexactly(3))
                    await reader.readexactly(length)
                    continue
                return first + await reader.readuntil(b"\r\n\r\n")
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                return None

    def _answer_rtsp(self, method: str, head: bytes) -> tuple[str, str, bytes]:
        if method == "OPTIONS":
            return "200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n", b""
        if not self._lets_in(head):
            return "401 Unauthorized", f"{self._challenge}\r\n", b""
        if method == "DESCRIBE":
            sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\n"
            body = (sdp + "a=control:track1\r\n").encode()
            kind = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
            return "200 OK", f"Content-Base: {self.stream_url}/\r\n{kind}", body
        if method == "SETUP":
            transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            return "200 OK", f"{transport}Session: 4c48\r\n", b""
        return "200 OK", "Session: 4c48\r\n", b""

    async def _play(self, writer: asyncio.StreamWriter) -> None:
        sequence, began = 0, asyncio.get_running_loop().time()
        with suppress(OSError, ValueError):
            async for shot in self._stream():
                timestamp = int((asyncio.get_running_loop().time() - began) * CLOCK_HZ)
                sent = list(map(interleave, packets(scan_of(shot), sequence, timestamp)))
                sequence += len(sent)
                writer.writelines(sent)
                await writer.drain()

    async def _stream(self) -> AsyncIterator[bytes]:
        for count in itertools.count():
            if CameraFault.STALL in self.faults and count >= STALL_AFTER:
                await asyncio.Event().wait()
            yield self._shot()
            slow = CameraFault.SLOW in self.faults
            await asyncio.sleep(1 / (SLOW_FPS if slow else FPS))

    def _shot(self) -> bytes:
        """The picture as it is now."""
        if CameraFault.FREEZE not in self.faults:
            self._number += 1
        look = next((str(fault) for fault in _LOOKS if fault in self.faults), "ok")
        key = look, self._number % _PICTURES
        if key not in self._pictures:
            picture = self.picture or _classroom()
            self._pictures[key] = picture(self.seed, look, self.size, key[1])
        shot = self._pictures[key]
        return shot[: len(shot) // 3] if CameraFault.CORRUPT in self.faults else shot


def _reply(writer: asyncio.StreamWriter, status: str, kind: bytes, body: bytes) -> None:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    writer.write(head.encode() + b"Content-Type: " + kind + b"\r\n\r\n" + body)


def _classroom() -> Picture:
    from simulators.devices.pictures import jpeg_of  # noqa: PLC0415 - it loads OpenCV

    return jpeg_of
