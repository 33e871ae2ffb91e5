"""This file holds cameras on loopback, well and unwell, for the tests that look at them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from functools import cache
from pathlib import Path

from simulators.devices.pictures import SMALL, jpeg_of
from simulators.serving import serving

Serve = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
FRAMES = 40
FOREVER_S = 3600.0


@cache
def pictures(fault: str = "ok") -> list[bytes]:
    """Frames of one simulated camera."""
    return [jpeg_of(5, fault, SMALL, number) for number in range(FRAMES)]


@asynccontextmanager
async def peer(serve: Serve, port: int = 0) -> AsyncIterator[int]:
    """A server on loopback that answers each request with serve(head, reader, writer)."""

    async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            await serve(head, reader, writer)
        writer.close()

    async with serving(met, port=port) as taken:
        yield taken


async def silent(_head: str, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Takes the request and says nothing for ever."""
    await asyncio.sleep(FOREVER_S)


def snapshot(shown: list[bytes]) -> Serve:
    """One picture a request, each the next."""
    turn = iter(range(1_000_000))

    async def serve(_h: str, _r: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = shown[next(turn) % len(shown)]
        head = f"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
        writer.write(head.encode() + data)
        await writer.drain()

    return serve


def mjpeg(
    shown: list[bytes], *, fps: float = 15, stalls_after: int = 0, lengths: bool = True
) -> Serve:
    """A stream of parts. stalls_after: so many frames it stays silent; 0 never."""

    async def serve(_h: str, _r: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kind = "multipart/x-mixed-replace; boundary=frame"
        writer.write(f"HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode())
        number = 0
        while not stalls_after or number < stalls_after:
            data = shown[number % len(shown)]
            told = f"Content-Length: {len(data)}\r\n" if lengths else ""
            writer.write(f"--frame\r\nContent-Type: image/jpeg\r\n{told}\r\n".encode())
            writer.write(data + b"\r\n")
            await writer.drain()
            await asyncio.sleep(1 / fps)
            number += 1
        await asyncio.sleep(FOREVER_S)

    return serve


def status(line: str, *headers: str) -> Serve:
    """Always the same short answer."""

    async def serve(_h: str, _r: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write("\r\n".join([line, *headers, "Content-Length: 0", "", ""]).encode())
        await writer.drain()

    return serve


def trickle() -> Serve:
    """A byte of a picture now and then, never a whole one."""

    async def serve(_h: str, _r: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 9999\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    return serve


def locked(serve: Serve, user: str, password: str, *, digest: bool) -> Serve:
    """Asks for a password first. digest: by Digest with MD5 and qop, else by Basic."""
    ask = 'Digest realm="cam", nonce="nonce-one", qop="auth"' if digest else 'Basic realm="cam"'
    refuse = status("HTTP/1.1 401 Unauthorized", f"WWW-Authenticate: {ask}")

    async def guarded(
        head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        right = _digest(head, user, password) if digest else _basic(user, password)
        await (serve if right in head else refuse)(head, reader, writer)

    return guarded


SDP = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=camera
t=0 0
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1
a=control:0
""".replace("\n", "\r\n")


def rtsp(ffmpeg: str, film: Path, user: str, password: str) -> Serve:
    """A locked RTSP camera that sends a film round and round, as H.264 within its connection."""

    async def serve(head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with AsyncExitStack() as stack:
            while True:
                method = head.partition(" ")[0]
                number = head.partition("CSeq: ")[2].partition("\r\n")[0]
                line, *more = _told(method, _basic(user, password) in head)
                body = SDP if method == "DESCRIBE" and "200" in line else ""
                lines = [line, f"CSeq: {number}", *more, f"Content-Length: {len(body)}", "", body]
                writer.write("\r\n".join(lines).encode())
                if method == "PLAY":
                    await stack.enter_async_context(_playing(ffmpeg, film, writer))
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")

    return serve


def _told(method: str, is_open: bool) -> list[str]:  # noqa: FBT001 - the one question here
    if method == "OPTIONS":
        return ["RTSP/1.0 200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY"]
    if not is_open:
        return ["RTSP/1.0 401 Unauthorized", 'WWW-Authenticate: Basic realm="cam"']
    if method == "DESCRIBE":
        return ["RTSP/1.0 200 OK", "Content-Type: application/sdp"]
    return ["RTSP/1.0 200 OK", "Transport: RTP/AVP/TCP;interleaved=0-1", "Session: 1"]


class _Relay(asyncio.DatagramProtocol):
    """Puts each RTP packet into the RTSP connection (RFC 2326 section 10.12)."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    def datagram_received(self, data: bytes, _address: object) -> None:
        self._writer.write(b"$\0" + len(data).to_bytes(2) + data)


@asynccontextmanager
async def _playing(ffmpeg: str, film: Path, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    relay, _ = await loop.create_datagram_endpoint(
        lambda: _Relay(writer), local_addr=("127.0.0.1", 0)
    )
    try:
        port = relay.get_extra_info("sockname")[1]
        coded = "-c:v libx264 -preset ultrafast -tune zerolatency -g 15 -pix_fmt yuv420p"
        arguments = (
            f"-loglevel quiet -re -stream_loop -1 -r 15 -i {film} {coded}"
            f" -x264-params repeat-headers=1 -f rtp rtp://127.0.0.1:{port}?pkt_size=1200"
        )
        with _running(ffmpeg, *arguments.split()):
            yield
    finally:
        relay.close()


@contextmanager
def _running(*command: str) -> Iterator[None]:
    """Nothing is awaited between its start and its end: who is cancelled there would leave it."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.kill()


def _basic(user: str, password: str) -> str:
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _digest(head: str, user: str, password: str) -> str:
    """The response that the right password gives, by what the request says of itself."""
    said = {
        name: value.strip('"')
        for name, _, value in (
            part.strip().partition("=")
            for line in head.split("\r\n")
            if line.startswith("Authorization: Digest ")
            for part in line.removeprefix("Authorization: Digest ").split(", ")
        )
    }
    if not said:
        return "no password"
    secret, asked = _md5(f"{user}:cam:{password}"), _md5(f"GET:{said['uri']}")
    between = f"nonce-one:{said['nc']}:{said['cnonce']}:auth"
    return f'response="{_md5(f"{secret}:{between}:{asked}")}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - what cameras ask for
