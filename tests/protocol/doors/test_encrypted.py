"""A door that takes both kinds of lines: the same bounds hold before, in and after a handshake."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from controller.broker.authority import Authority
from controller.web.certificate import server_context
from protocol.doors.entrance import Encryption
from protocol.doors.limits import DoorLimits
from protocol.doors.server import DoorServer
from protocol.pin import pinned
from tests.ports import free_port
from tests.protocol.doors.test_doors import APP, LIMITS, LONG, WHOLE
from tests.waiting import LIMIT_S, eventually, until

ENDING = WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
QUICK = replace(LIMITS, head_s=0.3, pace_s=0.3)
PATIENT = replace(LIMITS, head_s=60.0, pace_s=60.0)  # a busy computer cuts nobody
GOODBYES = 20


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A school's own."""
    return Authority(tmp_path_factory.mktemp("school"))


class Doorway:
    """An open door, and the context that it encrypts with at this moment."""

    def __init__(self, limits: DoorLimits, context: ssl.SSLContext | None) -> None:
        self.context = context
        self.port = free_port()
        self.server = DoorServer(
            APP, limits, tls=lambda: self.context, ws_max_size=1024, lifespan="off"
        )

    async def say(self, text: bytes, client: ssl.SSLContext | None) -> bytes:
        """All that is answered until the door ends it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=client)
        answer = bytearray()  # bytes would be copied anew with each part
        with contextlib.suppress(ConnectionError):
            writer.write(text)
            while more := await reader.read(1 << 16):
                answer += more
        writer.close()
        return bytes(answer)


@contextlib.asynccontextmanager
async def door(
    context: ssl.SSLContext | None, limits: DoorLimits = PATIENT
) -> AsyncIterator[Doorway]:
    """A door; when it closes nobody is in."""
    opened = Doorway(limits, context)
    with socket.create_server(("127.0.0.1", opened.port)) as listener:
        serving = asyncio.create_task(opened.server.serve(sockets=[listener]))
        await eventually(lambda: opened.server.started)
        yield opened
        await eventually(lambda: len(opened.server.visits), holds=lambda count: count == 0)
        opened.server.should_exit = opened.server.force_exit = True
        await serving


def shown(authority: Authority) -> ssl.SSLContext:
    """What this school's machine shows."""
    return server_context(authority.machine())


def test_one_port_takes_both(authority: Authority) -> None:
    """The answer is the same; what was encrypted says so to the application."""

    async def play() -> None:
        async with door(shown(authority)) as opened:
            for client in (None, pinned(authority.file)):
                answer = await opened.say(ENDING, client)
                assert answer.endswith(b"xin ch\xc3\xa0o")
            long = await opened.say(ENDING.replace(b"/ ", b"/long "), pinned(authority.file))
            assert long.endswith(LONG)

    asyncio.run(play())


def test_a_socket_goes_on_encrypted(authority: Authority) -> None:
    """A page's live line, both ways, and it counts as one."""

    async def play() -> None:
        async with door(shown(authority)) as opened:
            url, client = f"wss://127.0.0.1:{opened.port}/echo", pinned(authority.file)
            async with connect(url, ssl=client, max_size=None) as page:
                await page.send("xin")
                assert await page.recv() == b"xin"
                await page.send("long")
                assert await page.recv() == LONG
                assert opened.server.visits.sockets == 1
            await eventually(lambda: opened.server.visits.sockets, holds=lambda count: count == 0)

    asyncio.run(play())


@pytest.mark.parametrize(
    "text",
    [b"", b"\x16", b"\x16\x03\x01\x02\x00\x01\x00", b"\x16GET / HTTP/1.1"],
    ids=["silent", "one byte", "half a hello", "no hello"],
)
def test_who_never_ends_a_handshake_is_cut(text: bytes, authority: Authority) -> None:
    """Silent, in the middle of the first word, or no TLS at all."""

    async def play() -> None:
        async with door(shown(authority), QUICK) as opened:
            await asyncio.wait_for(opened.say(text, None), LIMIT_S)

    asyncio.run(play())


def test_who_fills_the_door_with_handshakes_keeps_nobody_out(authority: Authority) -> None:
    """Lines that never end theirs give way, as those do that never end a request."""

    async def play() -> None:
        async with door(shown(authority)) as opened:
            lines = [
                await asyncio.open_connection("127.0.0.1", opened.port)
                for _ in range(PATIENT.of_this_machine + 3)
            ]
            for _, writer in lines:
                writer.write(b"\x16\x03\x01")
            answer = await opened.say(ENDING, pinned(authority.file))
            assert answer.endswith(b"xin ch\xc3\xa0o")
            assert opened.server.visits.given_way >= 3
            for _, writer in lines:
                writer.transport.abort()

    asyncio.run(play())


def test_who_reads_nothing_of_what_is_encrypted_is_cut(authority: Authority) -> None:
    """Also while the last bytes wait: they lie below the encryption."""

    async def play() -> None:
        async with door(shown(authority), QUICK) as opened:
            ask = WHOLE.replace(b"/ ", b"/long ")
            with await asyncio.to_thread(deaf, opened.port, authority) as told:
                await asyncio.to_thread(told.sendall, ask)
                await eventually(lambda: len(opened.server.visits), holds=lambda count: count == 0)

    asyncio.run(play())


class Looks:
    """How often a door has looked whether its goodbye is over."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        look = Encryption._check_shutdown_timeout

        def counted(line: Encryption) -> None:
            self.count += 1
            look(line)

        monkeypatch.setattr(Encryption, "_check_shutdown_timeout", counted)


def slowly(opened: Doorway, authority: Authority, looks: Looks) -> int:
    """How many bytes of a long last answer a slow reader gets: a few between each two looks."""

    def next_look(seen: int) -> bool:
        return looks.count > seen or not len(opened.server.visits)

    taken = 0
    with deaf(opened.port, authority) as line, contextlib.suppress(ConnectionError):
        line.sendall(ENDING.replace(b"/ ", b"/long "))
        while part := line.recv(1 << 16):
            taken += len(part)
            if looks.count < GOODBYES:
                until(partial(next_look, looks.count))
    return taken


def test_who_reads_slowly_is_told_the_last_answer_whole(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One piece of many MB, after which the line ends: as long as some of it waits, and moves."""

    async def play() -> None:
        looks = Looks(monkeypatch)
        async with door(shown(authority), replace(PATIENT, goodbye_s=0.05)) as opened:
            taken = await asyncio.to_thread(slowly, opened, authority, looks)
            assert taken > len(LONG)
            assert looks.count >= GOODBYES

    asyncio.run(play())


@pytest.mark.parametrize(
    "limits",
    [
        replace(PATIENT, pace_s=0.3, goodbye_s=0.05),
        replace(PATIENT, goodbye_s=0.05, goodbye_in_all_s=0.3),
    ],
    ids=["at his pace", "in all"],
)
def test_who_takes_no_more_of_the_last_answer_is_cut(
    limits: DoorLimits, authority: Authority
) -> None:
    """Waiting for the slow has two ends."""

    async def play() -> None:
        async with door(shown(authority), limits) as opened:
            ask = ENDING.replace(b"/ ", b"/long ")
            with await asyncio.to_thread(deaf, opened.port, authority) as told:
                await asyncio.to_thread(told.sendall, ask)
                await eventually(lambda: len(opened.server.visits), holds=lambda count: count == 0)

    asyncio.run(play())


def deaf(port: int, authority: Authority) -> ssl.SSLSocket:
    """A line with a small window, that reads nothing more."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.connect(("127.0.0.1", port))
    return pinned(authority.file).wrap_socket(line)


def test_without_a_certificate_an_encrypted_line_is_ended_and_a_plain_one_goes_on() -> None:
    """Nothing waits for what will not come."""

    async def play() -> None:
        async with door(None) as opened:
            assert await opened.say(b"\x16\x03\x01\x02\x00", None) == b""
            assert b"200" in await opened.say(ENDING, None)

    asyncio.run(play())


def test_the_next_line_sees_another_certificate(authority: Authority, tmp_path: Path) -> None:
    """Reloaded in place: who is in stays in."""
    other = Authority(tmp_path)

    async def play() -> None:
        async with door(shown(authority)) as opened:
            url = f"wss://127.0.0.1:{opened.port}/echo"
            async with connect(url, ssl=pinned(authority.file)) as page:
                opened.context = shown(other)
                assert b"200" in await opened.say(ENDING, pinned(other.file))
                with pytest.raises(ssl.SSLCertVerificationError):
                    await opened.say(ENDING, pinned(authority.file))
                await page.send("xin")
                assert await page.recv() == b"xin"

    asyncio.run(play())


def test_no_old_tls(authority: Authority) -> None:
    """A caller who offers 1.1 at most is refused; with 1.2 the same one comes in."""

    async def play() -> None:
        async with door(shown(authority)) as opened:
            old = pinned(authority.file)
            old.set_ciphers("ALL:@SECLEVEL=0")
            with pytest.warns(DeprecationWarning, match="TLSv1"):
                old.minimum_version = ssl.TLSVersion.TLSv1
            with pytest.warns(DeprecationWarning, match="TLSv1"):
                old.maximum_version = ssl.TLSVersion.TLSv1_1
            with pytest.raises(OSError):  # noqa: PT011 - an alert or a cut, as OpenSSL has it
                await opened.say(ENDING, old)
            old.maximum_version = ssl.TLSVersion.TLSv1_2
            assert b"200" in await opened.say(ENDING, old)

    asyncio.run(play())
