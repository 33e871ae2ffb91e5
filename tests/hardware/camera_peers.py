"""This file holds cameras on loopback, well and unwell, for the tests that look at them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from simulators.pictures import SMALL, jpeg_of

Serve = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
FRAMES = 40
FOREVER_S = 3600.0


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

    server = await asyncio.start_server(met, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


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
    ask = 'Digest realm="cam", nonce="n1", qop="auth"' if digest else 'Basic realm="cam"'
    refuse = status("HTTP/1.1 401 Unauthorized", f"WWW-Authenticate: {ask}")

    async def guarded(
        head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        right = _digest(head, user, password) if digest else _basic(user, password)
        await (serve if right in head else refuse)(head, reader, writer)

    return guarded


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
    between = f"n1:{said['nc']}:{said['cnonce']}:auth"
    return f'response="{_md5(f"{secret}:{between}:{asked}")}"'


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - what cameras ask for
