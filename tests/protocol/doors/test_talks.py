"""A door for talks: lines count from their first byte, and the silent give way to who comes."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from controller.broker.authority import Authority
from controller.enrolment.door import LIMITS as OF_ENROLMENT
from controller.updates.door import LIMITS as OF_UPDATES
from controller.web.certificate import server_context
from protocol.doors.limits import DoorLimits
from protocol.doors.talks import Caller, talking
from protocol.doors.visits import Visits
from protocol.pin import pinned
from tests.ports import free_port
from tests.waiting import eventually

LIMITS = DoorLimits(
    at_once=12, of_one_peer=4, of_this_machine=4, turns=0, turns_of_this_machine=0, head_s=60.0
)
FLOODS = ("silent", "half", "trickle", "no-tls", "shaken")  # what a line says and then no more


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A school's own."""
    return Authority(tmp_path_factory.mktemp("school"))


async def repeat(caller: Caller) -> None:
    """Say a line again; who says "stay" is not sent away for another."""
    with contextlib.suppress(OSError, EOFError):
        while line := await caller.reader.readuntil(b"\n"):
            if line == b"stay\n":
                caller.stay()
            caller.writer.write(line)
            await caller.writer.drain()


class Doorway:
    """An open door on this machine, and how one comes to it."""

    def __init__(
        self, authority: Authority, port: int, visits: Visits[asyncio.BaseTransport]
    ) -> None:
        self.authority, self.port, self.visits = authority, port, visits
        self.lines: list[asyncio.StreamWriter] = []

    async def come(
        self, kind: str, peer: str = "127.0.0.1"
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A line of this kind, which says nothing more."""
        is_shaken = kind == "shaken"
        reader, writer = await asyncio.open_connection(
            "127.0.0.1",
            self.port,
            local_addr=(peer, 0),
            ssl=pinned(self.authority.file) if is_shaken else None,
        )
        writer.write({"half": b"\x16\x03\x01\x02\x00", "trickle": b"\x16"}.get(kind, b""))
        if kind == "no-tls":
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
        self.lines.append(writer)
        return reader, writer

    async def is_answered(self, word: bytes = b"xin\n", peer: str = "127.0.0.9") -> bool:
        """Whether somebody who comes now is met."""
        reader, writer = await self.come("shaken", peer)
        writer.write(word)
        return await reader.readuntil(b"\n") == word


@contextlib.asynccontextmanager
async def door(authority: Authority, limits: DoorLimits = LIMITS) -> AsyncIterator[Doorway]:
    """A door; in the end all its lines are let go, and it counts nobody."""
    port = free_port()
    context = server_context(authority.machine())
    async with talking(("127.0.0.1", port), context, limits, repeat) as visits:
        opened = Doorway(authority, port, visits)
        yield opened
        for line in opened.lines:
            line.transport.abort()
        await eventually(lambda: len(visits), holds=lambda count: count == 0)


@pytest.mark.parametrize("seed", range(6))
def test_whoever_floods_it_by_whatever_lines_who_comes_is_met(
    authority: Authority, seed: int
) -> None:
    """From few addresses, in any order; never more are in than may be, and who stays is not cut."""

    async def play() -> None:
        any_ = random.Random(f"talks {seed}")
        async with door(authority) as opened:
            staying, said = await opened.come("shaken", "127.0.0.2")
            said.write(b"stay\n")
            assert await staying.readuntil(b"\n") == b"stay\n"
            for number in range(5 * LIMITS.at_once):
                peer = f"127.0.0.{any_.choice((2, 3, 4, 5))}"
                with contextlib.suppress(OSError, EOFError):  # it was turned away, or gave way
                    await opened.come(any_.choice(FLOODS), peer)
                assert len(opened.visits) <= LIMITS.at_once
                if number % 10 == 9:
                    assert await opened.is_answered()
            said.write(b"still\n")
            assert await staying.readuntil(b"\n") == b"still\n"

    asyncio.run(play())


def test_a_door_full_of_those_who_stay_turns_others_away(authority: Authority) -> None:
    """Bounded all the same; once one has left another comes in."""

    async def play() -> None:
        async with door(authority) as opened:
            for number in range(LIMITS.at_once):
                assert await opened.is_answered(b"stay\n", f"127.0.1.{number}")
            with pytest.raises((OSError, EOFError)):
                await opened.is_answered(peer="127.0.2.1")
            opened.lines[0].transport.abort()
            await eventually(lambda: len(opened.visits), holds=lambda it: it < LIMITS.at_once)
            assert await opened.is_answered(peer="127.0.2.1")

    asyncio.run(play())


def test_a_program_that_ends_in_the_middle_of_a_talk_logs_no_traceback(
    authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    """As the loop's last tasks are cancelled."""

    async def play() -> None:
        context, port = server_context(authority.machine()), free_port()
        async with talking(("127.0.0.1", port), context, LIMITS, repeat) as visits:
            opened = Doorway(authority, port, visits)
            assert await opened.is_answered()
        (line,) = opened.lines
        line.close()

    asyncio.run(play())
    assert caplog.records == []


def test_a_handshake_that_never_ends_is_cut(authority: Authority) -> None:
    """In its time, and it counts no more."""

    async def play() -> None:
        async with door(authority, replace(LIMITS, head_s=0.2)) as opened:
            reader, _ = await opened.come("half")
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""

    asyncio.run(play())


@pytest.mark.parametrize("limits", [OF_ENROLMENT, OF_UPDATES], ids=["enrolment", "updates"])
def test_the_products_doors_leave_files_for_everything_else(limits: DoorLimits) -> None:
    """A program has 1,024; one address never has all of a door."""
    assert limits.at_once <= 64
    assert limits.of_one_peer < limits.at_once
    assert limits.of_this_machine < limits.at_once
    assert 0 < limits.head_s <= 20


def test_no_door_of_the_product_is_opened_without_a_count() -> None:
    """The own server of asyncio with TLS counts nobody before the handshake is over."""
    root = Path(__file__).parents[3]
    files = [
        file for name in ("agent", "controller", "protocol") for file in (root / name).rglob("*.py")
    ]
    assert len(files) > 400
    assert [file.name for file in files if "start_server(" in file.read_text("utf-8")] == []
