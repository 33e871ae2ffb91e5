"""This file is a simulated network camera: discovery, ONVIF calls, snapshots, MJPEG and RTSP."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import secrets
import struct
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing, suppress
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

from simulators.addresses import open_udp
from simulators.devices.camera_faults import BY_HTTP, HOSTILE, LOGINS, LOOKS, CameraFault
from simulators.devices.camera_login import challenge_of, is_login, is_token
from simulators.devices.camera_sending import Sending
from simulators.devices.camera_words import (
    ENTITY_BOMB,
    GARBAGE,
    CameraMake,
    Urls,
    answer,
    not_authorized,
    probe_match,
)
from simulators.devices.rtp import CLOCK_HZ, interleave, packets, scan_of
from simulators.serving import serving

if TYPE_CHECKING:
    from ssl import SSLContext

__all__ = ["CameraFault", "CameraMake", "OnvifCamera"]

FPS: Final = 10.0
SLOW_FPS: Final = 1.0
STALL_AFTER: Final = 5  # pictures
_HEAD_LIMIT: Final = 64 * 1024
_TURNS: Final = 8  # of the event loop: by then a connection that was taken has begun
_PICTURES: Final = 8  # so many are taken and shown in turn: each has noise of its own
_BOUNDARY: Final = "lophoc-frame"
_LENGTH: Final = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
_CSEQ: Final = re.compile(rb"CSeq:\s*(\d+)", re.IGNORECASE)
_INPUT: Final = re.compile(rb"profile=ch(\d+)")
_WITH_CAMERA: Final = 2  # of a recorder's inputs, where some are empty
_COOKIE: Final = "seen=yes"
_LOCAL: Final = timedelta(hours=7)  # of Vietnam
_DRIP_S: Final = 0.2
_MESSAGE_ID: Final = re.compile(rb"MessageID[^>]*>([^<]{1,200})<")

Picture = Callable[[int, str, tuple[int, int], int], bytes]
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@dataclass(eq=False)
class OnvifCamera:
    """One camera, for as long as it is entered; `faults` may be changed meanwhile.

    host: the own address it listens on; host_6: a link-local one beside it, with its link, where it
    answers, too. Ports of 0 are chosen; group: where discovery asks.
    picture: takes a picture (seed, what is wrong, size, number); a classroom's by default.
    probes: how often somebody looked for cameras. logins: what was said to it for a password.
    elsewhere: where a hostile one sends us.
    """

    make: CameraMake = CameraMake()  # noqa: RUF009 - frozen
    _: KW_ONLY
    host: str = "127.0.0.1"
    host_6: str = ""
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
    logins: list[bytes] = field(default_factory=list, repr=False)
    elsewhere: str = "http://192.0.2.1/"
    tls_port: int = 0
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
        if CameraFault.TLS in self.faults:
            return f"https://{self.host}:{self.tls_port}"
        return f"http://{self.host}:{self.http_port}"

    async def switch(self, fault: CameraFault, on: bool) -> None:  # noqa: FBT001 - a switch
        """Switch one fault."""
        if fault is CameraFault.TLS and on and not self.tls_port:
            self.tls_port = await self._open.enter_async_context(self._secure())
        self.faults = self.faults | {fault} if on else self.faults - {fault}

    async def __aenter__(self) -> Self:
        """Open its ports. Raises OSError where one is taken."""
        async with AsyncExitStack() as opening:
            enter = opening.enter_async_context
            self.http_port = await enter(self._serving(self._http, self.http_port))
            self.rtsp_port = await enter(self._serving(self._rtsp, self.rtsp_port))
            if CameraFault.TLS in self.faults:
                self.tls_port = await enter(self._secure())
            await enter(self._discoverable())
            self._open = opening.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._open.aclose()
        for _turn in range(_TURNS):  # who was let in already is noted by then
            await asyncio.sleep(0)
        for writer in list(self._connections):
            writer.transport.abort()

    @asynccontextmanager
    async def _secure(self) -> AsyncIterator[int]:
        """Its pages by TLS, with a certificate that it made for itself."""
        from simulators.devices.certificate import self_signed  # noqa: PLC0415 - heavy, and rare

        async with self._serving(self._http, 0, self_signed(self.host)) as port:
            yield port

    @asynccontextmanager
    async def _serving(
        self, handler: Handler, port: int, secure: SSLContext | None = None
    ) -> AsyncIterator[int]:
        async def guard(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._connections.add(writer)
            try:
                is_plain = handler == self._http and secure is None
                is_deaf = self._is_deaf(writer.get_extra_info("sockname")[0])
                if is_deaf or (is_plain and CameraFault.TLS in self.faults):
                    writer.transport.abort()
                    return
                with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    await handler(reader, writer)
            finally:
                self._connections.discard(writer)
                writer.close()

        async with AsyncExitStack() as servers:
            for host in filter(None, (self.host, self.host_6)):
                server = serving(guard, host, port, limit=_HEAD_LIMIT, ssl=secure)
                port = await servers.enter_async_context(server)
            yield port

    def _is_deaf(self, own: str) -> bool:
        """Whether it hears nothing that is said to this address of its own."""
        by = CameraFault.NO_IPV6 if ":" in own else CameraFault.NO_IPV4
        return CameraFault.OFF in self.faults or by in self.faults

    @asynccontextmanager
    async def _discoverable(self) -> AsyncIterator[None]:
        with ExitStack() as ears:
            await self._listen(ears, self.host, self.group)
            if self.host_6:
                await self._listen(ears, self.host_6, ("ff02::c", self.group[1]))
            yield

    async def _listen(self, ears: ExitStack, own: str, group: tuple[str, int]) -> None:
        """Answer what is asked there, from the camera's own address: others may be first."""

        def hear(data: bytes, sender: tuple[str | Any, ...]) -> None:
            if not self._is_deaf(own) and (reply := self._answer_probe(data)) is not None:
                mouth.sendto(reply, sender)

        mouth = ears.enter_context(closing(await open_udp((own, 0), lambda *_: None)))
        ears.enter_context(closing(await open_udp(group, hear, joined_from=own)))

    def _answer_probe(self, data: bytes) -> bytes | None:
        self.probes += b"ProbeMatch" not in data and b"Probe" in data
        if CameraFault.OFF in self.faults or b"Probe" not in data or b"ProbeMatch" in data:
            return None
        if CameraFault.DEVICE_TYPE in self.faults and b"NetworkVideoTransmitter" in data:
            return None
        match = _MESSAGE_ID.search(data)
        relates_to = match[1].decode() if match else ""
        return self._nonsense() or probe_match(self.make, self.urls, relates_to, self.faults)

    def _nonsense(self) -> bytes | None:
        """What it says to everything instead of ONVIF; None while it speaks sense."""
        if CameraFault.GARBAGE in self.faults:
            return GARBAGE
        return ENTITY_BOMB if CameraFault.ENTITIES in self.faults else None

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if CameraFault.SILENT in self.faults:
            await asyncio.Event().wait()
        length = _LENGTH.search(head)
        body = await reader.readexactly(min(int(length[1]) if length else 0, _HEAD_LIMIT))
        self._note(head, body)
        method, path = head.split(b" ", 2)[:2]
        if hostile := self.faults & HOSTILE:
            await self._be_hostile(writer, min(hostile))
        elif CameraFault.REDIRECTS in self.faults and _COOKIE.encode() not in head:
            more = f"Set-Cookie: {_COOKIE}; Path=/\r\nLocation: {path.decode()}"
            _reply(writer, f"307 Temporary Redirect\r\n{more}", b"text/plain", b"")
        elif method == b"POST":
            self._call(writer, head, body)
        else:
            await self._show(writer, head, path.partition(b"?")[0])
        await writer.drain()

    def _note(self, head: bytes, body: bytes) -> None:
        said = [line for line in head.split(b"\r\n") if line.lower().startswith(b"authorization")]
        self.logins += [*said, *([body] if b"UsernameToken" in body else [])]

    async def _show(self, writer: asyncio.StreamWriter, head: bytes, path: bytes) -> None:
        if not self._lets_in(head):
            # Behind whatever else stands in its heads.
            odd = self.faults & {CameraFault.NAMELESS, CameraFault.MANY_HEADERS, CameraFault.ICY}
            _reply(
                writer, "401 Unauthorized", b"text/plain", b"", odd, header=self._challenge(head)
            )
        elif path == b"/snapshot.jpg" and CameraFault.NO_SNAPSHOT not in self.faults:
            status = "206 Partial Content" if CameraFault.PARTIAL in self.faults else "200 OK"
            kind = self._kind("image/jpeg").encode()
            _reply(writer, status, kind, self._shot(), self.faults)
        elif path == b"/video.mjpg":
            await self._mjpeg(writer)
        else:
            _reply(writer, "404 Not Found", b"text/plain", b"")

    def _kind(self, usual: str) -> str:
        if CameraFault.ODD_TYPE in self.faults:
            return "text/plain"
        return "" if CameraFault.NO_TYPE in self.faults else usual

    async def _be_hostile(self, writer: asyncio.StreamWriter, fault: CameraFault) -> None:
        """Send us elsewhere, or more than anybody wants to read."""
        if fault is CameraFault.ELSEWHERE:
            _reply(writer, f"302 Found\r\nLocation: {self.elsewhere}", b"text/plain", b"")
            return
        head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
        writer.write(head if fault is CameraFault.FLOOD else head + b"\r\n\xff\xd8\xff\xe0\0\x04")
        piece = b"X-More: " + b"a" * 4000 + b"\r\n" if fault is CameraFault.FLOOD else b"a" * 4096
        while True:
            writer.write(piece[:1] if fault is CameraFault.DRIP else piece)
            await writer.drain()
            await asyncio.sleep(_DRIP_S if fault is CameraFault.DRIP else 0)

    def _lets_in(self, head: bytes) -> bool:
        if not self.faults & LOGINS:
            return True
        nonce = self._nonce_of(head)
        is_right = is_login(head, self.user, self.password, nonce, self.faults)
        if is_right and CameraFault.FRESH_NONCE in self.faults:
            self._nonce = secrets.token_hex(16)
        return is_right

    def _nonce_of(self, head: bytes) -> str:
        """The nonce by which it asks whoever wants this page (IOTechSystems/onvif issue 41)."""
        if CameraFault.PAGE_NONCE not in self.faults:
            return self._nonce
        page = head.split(b" ", 2)[1]
        return hashlib.sha256(self._nonce.encode() + page).hexdigest()[:32]

    def _challenge(self, head: bytes) -> str:
        return challenge_of(self.faults, self._nonce_of(head))

    def _call(self, writer: asyncio.StreamWriter, head: bytes, body: bytes) -> None:
        """Answer a call of ONVIF."""
        kind = b"application/soap+xml; charset=utf-8"
        names_action, wants_action = b"action=" in head, CameraFault.ACTION in self.faults
        is_odd = names_action if CameraFault.NO_ACTION in self.faults else not names_action
        if (nonsense := self._nonsense()) is not None:
            _reply(writer, "200 OK", kind, nonsense)
        elif is_odd and (wants_action or CameraFault.NO_ACTION in self.faults):
            _reply(writer, "400 Bad Request", kind, b"")
        elif not self._may_call(head, body):
            by_http = bool(self.faults & BY_HTTP)
            status = (
                f"401 Unauthorized\r\n{self._challenge(head)}" if by_http else "400 Bad Request"
            )
            _reply(writer, status, kind, b"" if by_http else not_authorized(self.faults))
        else:
            reply = answer(body, self.make, self.urls, self._told_clock, self.faults)
            status = "200 OK" if reply else "500 Internal Server Error"
            _reply(writer, status, kind, reply or b"", self.faults)

    @property
    def _clock(self) -> datetime:
        """The time that it goes by."""
        now = datetime.now(UTC)
        if CameraFault.LOCAL_CLOCK in self.faults:
            return now + _LOCAL
        return now - timedelta(days=3650 if CameraFault.WRONG_CLOCK in self.faults else 0)

    @property
    def _told_clock(self) -> datetime:
        is_false = CameraFault.FALSE_UTC in self.faults
        return self._clock + (_LOCAL if is_false else timedelta())

    def _may_call(self, head: bytes, body: bytes) -> bool:
        if not self.faults & LOGINS or b"GetSystemDateAndTime" in body:
            return True
        if self.faults & BY_HTTP:
            return self._lets_in(head)
        is_late = CameraFault.LATE in self.faults
        clock = self._clock + (timedelta(days=1) if is_late else timedelta())
        return is_token(body, self.user, self.password, clock)

    async def _mjpeg(self, writer: asyncio.StreamWriter) -> None:
        told = {
            CameraFault.NO_BOUNDARY: "multipart/x-mixed-replace",
            CameraFault.OTHER_BOUNDARY: "multipart/x-mixed-replace; boundary=another",
            CameraFault.BARE: "video/x-motion-jpeg",
        }
        kinds = (kind for fault, kind in told.items() if fault in self.faults)
        kind = self._kind(next(kinds, f"multipart/x-mixed-replace; boundary={_BOUNDARY}"))
        label = f"Content-Type: {kind}\r\n" if kind else ""
        sending = Sending(self.faults)
        writer.write(sending.head_of("200 OK", f"{sending.head}{label}"))
        preamble = sending.preamble()
        is_first = CameraFault.LATE_BOUNDARY in self.faults
        async for shot in self._stream():
            boundary = "" if is_first else f"--{_BOUNDARY}\r\n"
            head = f"{boundary}Content-Type: image/jpeg\r\nContent-Length: {len(shot)}\r\n\r\n"
            is_bare, is_first = CameraFault.BARE in self.faults, False
            aside = preamble + sending.before(_BOUNDARY)
            preamble = b""
            part = shot if is_bare else aside + head.encode() + shot + b"\r\n"
            writer.write(sending.piece(part))
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
                if method == "TEARDOWN" or (
                    status.startswith("401") and CameraFault.HANGS_UP in self.faults
                ):
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
            return "401 Unauthorized", f"{self._challenge(head)}\r\n", b""
        if method == "DESCRIBE" and self._is_empty_input(head):
            return "404 Not Found", "", b""
        if method == "DESCRIBE":
            sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 26\r\n"
            body = (sdp + "a=control:track1\r\n").encode()
            kind = f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
            return "200 OK", f"Content-Base: {self.stream_url}/\r\n{kind}", body
        if method == "SETUP":
            transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            return "200 OK", f"{transport}Session: 4c48\r\n", b""
        return "200 OK", "Session: 4c48\r\n", b""

    def _is_empty_input(self, head: bytes) -> bool:
        channel = _INPUT.search(head)
        is_beyond = channel is not None and int(channel[1]) > _WITH_CAMERA
        return is_beyond and CameraFault.EMPTY_INPUTS in self.faults

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
        look = next((str(fault) for fault in LOOKS if fault in self.faults), "ok")
        key = look, self._number % _PICTURES
        if key not in self._pictures:
            picture = self.picture or _classroom()
            self._pictures[key] = picture(self.seed, look, self.size, key[1])
        shot = self._pictures[key]
        return shot[: len(shot) // 3] if CameraFault.CORRUPT in self.faults else shot


def _reply(
    writer: asyncio.StreamWriter,
    status: str,
    kind: bytes,
    body: bytes,
    faults: Collection[CameraFault] = (),
    *,
    header: str = "",
) -> None:
    sending = Sending(faults)
    more, sent = sending.whole(body)
    label = f"Content-Type: {kind.decode()}\r\n" if kind else ""
    header = f"{header}\r\n" if header else ""
    writer.write(sending.head_of(status, f"{more}Connection: close\r\n{label}{header}") + sent)


def _classroom() -> Picture:
    from simulators.devices.pictures import jpeg_of  # noqa: PLC0415 - it loads OpenCV

    return jpeg_of
