"""The doors on real sockets: half requests, trickles, the deaf and floods end; others get in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from protocol.doors.connection import BUSY
from protocol.doors.limits import DoorLimits
from protocol.doors.server import DoorServer
from protocol.doors.websocket import BURST_BYTES
from tests.ports import free_port
from tests.waiting import LIMIT_S, eventually

LONG = os.urandom(1 << 20) * 24  # more than the kernel takes for a reader who is deaf
HERE, THERE = "127.0.0.1", "127.0.0.2"
LIMITS = DoorLimits(
    at_once=20,
    of_one_peer=8,
    of_this_machine=8,
    turns=4,
    turns_of_this_machine=4,
    sockets=3,
    sockets_of_one_peer=2,
    head_s=60.0,  # a busy computer cuts nobody
    pace_s=60.0,
)
QUICK = replace(LIMITS, head_s=0.6, pace_s=0.3)  # where nobody but the door ends it
HALF = b"GET / HTTP/1.1\r\nHost: a"
WHOLE = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _hello(_request: Request) -> Response:
    return PlainTextResponse("xin chào")


async def _long(_request: Request) -> Response:
    return Response(LONG)


async def _take(request: Request) -> Response:
    return PlainTextResponse(str(len(await request.body())))


async def _broken(_request: Request) -> Response:
    raise ZeroDivisionError


async def _echo(page: WebSocket) -> None:
    await page.accept()
    with contextlib.suppress(WebSocketDisconnect):
        while True:
            message = await page.receive_text()
            await page.send_bytes(LONG if message == "long" else message.encode())


APP = Starlette(
    routes=[
        Route("/", _hello),
        Route("/long", _long),
        Route("/take", _take, methods=["POST"]),
        Route("/broken", _broken),
        WebSocketRoute("/echo", _echo),
    ]
)


@contextlib.asynccontextmanager
async def opened(limits: DoorLimits = LIMITS) -> AsyncIterator[tuple[DoorServer, int]]:
    """A door on this machine; its server and port."""
    port = free_port()
    with socket.create_server(("", port)) as listener:  # for peers of several addresses
        server = DoorServer(APP, limits, ws_max_size=limits.message_bytes, lifespan="off")
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await eventually(lambda: server.started)
        yield server, port
        server.should_exit = True
        server.force_exit = True
        await serving


def played(
    story: Callable[[DoorServer, int], Awaitable[None]], limits: DoorLimits = LIMITS
) -> None:
    """Play a story at an open door; afterwards nobody is in."""

    async def play() -> None:
        async with opened(limits) as (server, port):
            await story(server, port)
            await eventually(lambda: len(server.visits), holds=lambda count: count == 0)
            assert server.visits.sockets == 0

    asyncio.run(play())


async def line(port: int, text: bytes = b"", peer: str = THERE) -> Line:
    """A connection from an address, on which this has been said."""
    reader, writer = await asyncio.open_connection(HERE, port, local_addr=(peer, 0))
    writer.write(text)
    with contextlib.suppress(ConnectionError):
        await writer.drain()
    return reader, writer


async def heard(opened_line: Line) -> bytes:
    """All that is answered until the door ends it."""
    reader, writer = opened_line
    text = b""
    with contextlib.suppress(ConnectionError):
        while more := await reader.read(1 << 16):
            text += more
    writer.close()
    return text


async def answered(port: int, peer: str = THERE) -> bool:
    """Whether a good request is answered."""
    ending = WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    return b"xin ch" in await heard(await line(port, ending, peer))


async def _repeat(say: Callable[[], Awaitable[object]]) -> None:
    for _ in range(2 * BURST_BYTES):
        await say()
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        HALF,
        b"POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf",
        WHOLE + HALF,
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\nnobody wants it",
    ],
    ids=["nothing", "half a head", "half a body", "a second half", "unwanted"],
)
def test_half_a_request_ends(text: bytes) -> None:
    """Uvicorn waits for ever."""

    async def story(_server: DoorServer, port: int) -> None:
        await heard(await line(port, text))

    played(story, QUICK)


@pytest.mark.parametrize(
    "head",
    [HALF, b"POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n"],
    ids=["head", "body"],
)
def test_a_trickle_ends_like_silence(head: bytes) -> None:
    """A byte now and then (slowloris)."""

    async def story(_server: DoorServer, port: int) -> None:
        reader, writer = await line(port, head)
        with contextlib.suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"a")
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()

    played(story, QUICK)


def test_a_body_that_moves_arrives_however_long_it_takes() -> None:
    """A slow line is no attack: twice the pace's time, at a little more than its bytes."""
    limits = replace(LIMITS, pace_s=1.5, pace_bytes=64)

    async def story(_server: DoorServer, port: int) -> None:
        head = b"POST /take HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        reader, writer = await line(port, head % (40 * 64))
        for _ in range(40):
            writer.write(b"a" * 64)
            await asyncio.sleep(0.08)
        assert (await heard((reader, writer))).endswith(b"2560")

    played(story, limits)


def test_who_reads_nothing_is_cut() -> None:
    """An answer is not kept for ever, over HTTP or a WebSocket."""

    async def story(server: DoorServer, port: int) -> None:
        deaf = await line(port, WHOLE.replace(b"/ ", b"/long "))
        await eventually(lambda: len(server.visits), holds=lambda count: count == 1)
        await eventually(lambda: len(server.visits), holds=lambda count: count == 0)
        deaf[1].close()
        async with connect(f"ws://{HERE}:{port}/echo", compression=None) as deaf_socket:
            deaf_socket.transport.pause_reading()
            await deaf_socket.send("long")
            await eventually(lambda: server.visits.sockets, holds=lambda count: count == 0)
            deaf_socket.transport.resume_reading()

    played(story, replace(LIMITS, pace_s=0.3))


def test_a_peers_silent_lines_give_way_to_its_own_next() -> None:
    """Half-open requests hold nothing, not even against the peer that sent them."""

    async def story(server: DoorServer, port: int) -> None:
        silent = [await line(port, HALF) for _ in range(30)]
        assert await answered(port)
        assert server.visits.given_way >= 23
        for _, writer in silent:
            writer.close()

    played(story)


def test_busy_lines_are_bounded_and_told_so() -> None:
    """The ninth of a peer is turned away with a sentence of HTTP; another peer gets in."""
    body = b"POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"

    async def story(server: DoorServer, port: int) -> None:
        busy = [await line(port, body) for _ in range(8)]
        await eventually(lambda: not server.visits._peers[THERE].idle)
        refused = await heard(await line(port))
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert server.visits.turned_away == 1
        assert await answered(port, "127.0.0.3")
        for _, writer in busy:
            writer.close()

    played(story)


def test_websockets_are_counted() -> None:
    """So many of one peer; the next is refused before it is one."""

    async def story(_server: DoorServer, port: int) -> None:
        url = f"ws://{HERE}:{port}/echo"
        there = {"local_addr": (THERE, 0)}
        limits = LIMITS.sockets_of(THERE)
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(limits):
                await stack.enter_async_context(connect(url, **there))
            with pytest.raises(InvalidStatus, match="503"):
                await stack.enter_async_context(connect(url, **there))

    played(story)


def test_who_opens_websockets_again_and_again_is_turned_away_for_a_while() -> None:
    """Each is told the whole present at once: it costs us more than whoever comes."""

    async def story(_server: DoorServer, port: int) -> None:
        url, there = f"ws://{HERE}:{port}/echo", {"local_addr": (THERE, 0)}

        async def open_again() -> None:
            while True:
                async with connect(url, **there):
                    continue

        with pytest.raises(InvalidStatus, match="503"):
            await open_again()
        async with connect(url, local_addr=("127.0.0.3", 0)) as another:
            await another.send("a")
            assert await another.recv() == b"a"

    played(story, replace(LIMITS, sockets_per_s_of_this_machine=0.1))


@pytest.mark.parametrize("size", [1, 900], ids=["many", "long"])
def test_a_websocket_that_says_too_much_is_cut(size: int) -> None:
    """A page says one word; a flood of words or pings is none of ours."""

    async def story(_server: DoorServer, port: int) -> None:
        async with connect(f"ws://{HERE}:{port}/echo", compression=None) as flood:
            with pytest.raises(ConnectionClosed):
                await _repeat(lambda: flood.send("a" * size))

    played(story)


def test_pings_are_words_too(caplog: pytest.LogCaptureFixture) -> None:
    """Each is answered, and the answers would wait for a reader who is deaf."""

    async def story(_server: DoorServer, port: int) -> None:
        async with connect(f"ws://{HERE}:{port}/echo") as flood:
            with pytest.raises(ConnectionClosed):
                await _repeat(flood.ping)

    played(story)
    assert caplog.messages == []


def test_who_leaves_in_the_middle_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Half a body, or half an answer read: a stranger could fill the disk with tracebacks."""
    half = b"POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"

    async def story(server: DoorServer, port: int) -> None:
        for text in (half, WHOLE.replace(b"/ ", b"/long ")):
            _, writer = await line(port, text)
            await eventually(lambda: server.visits.figures()["door_connections"])
            writer.transport.abort()

    played(story)
    assert caplog.messages == []


def test_what_is_bad_is_not_logged_and_what_breaks_is(caplog: pytest.LogCaptureFixture) -> None:
    """A stranger's lines would fill the disk; a fault of ours must be seen."""
    bad_text = b"\x81\x82\x00\x00\x00\x00\xff\xfe"

    async def story(_server: DoorServer, port: int) -> None:
        assert b" 400 " in await heard(await line(port, b"\x00\x01 nonsense\r\n\r\n"))
        upgrade = WHOLE.replace(
            b"\r\n\r\n", b"\r\nConnection: upgrade, close\r\nUpgrade: x\r\n\r\n"
        )
        assert b" 200 " in await heard(await line(port, upgrade))
        async with connect(f"ws://{HERE}:{port}/echo") as page:
            page.transport.write(bad_text)
            with pytest.raises(ConnectionClosed):
                await page.recv()
            assert page.close_code == 1007
        assert caplog.messages == []
        assert b" 500 " in await heard(await line(port, WHOLE.replace(b"/ ", b"/broken ")))

    caplog.set_level(logging.WARNING)
    played(story)
    assert [record.exc_info is not None for record in caplog.records] == [True]


@pytest.mark.parametrize("turns", range(8))
def test_who_is_on_the_threshold_as_the_door_closes_is_let_go(turns: int) -> None:
    """A line that the kernel took in, at each step of the loop's own taking it in."""

    async def play() -> bytes:
        async with opened() as (server, port):
            with socket.create_connection(("127.0.0.1", port)) as caller:
                caller.setblocking(False)
                for _ in range(turns):
                    await asyncio.sleep(0)
                await server.shutdown([])
                said = b""
                with contextlib.suppress(ConnectionError):
                    async with asyncio.timeout(LIMIT_S):
                        said = await asyncio.get_running_loop().sock_recv(caller, 999)
                assert not server.visits.lines()
                return said

    assert asyncio.run(play()) in {b"", BUSY}
