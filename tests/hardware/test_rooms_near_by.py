"""Rooms: a fixed agent says where it is, and a laptop that walks by hears it."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf import ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from hardware.mdns.rooms import SERVICE, RoomHeard, announce, hear, room_of
from tests.waiting import LIMIT_S

pytestmark = pytest.mark.usefixtures("own_loopback")

TXT = {b"id": b"agent-1", b"room": b"P203", b"school": b"00140708", b"v": b"1"}


# Everything on this computer hears one another, also what another test plays at this moment.
SCHOOL = f"school-{os.getpid()}"


class Heard:
    """What was heard of this test's own announcers, and of what names no school, in order."""

    def __init__(self) -> None:
        self._rooms: asyncio.Queue[RoomHeard] = asyncio.Queue()

    def __call__(self, room: RoomHeard) -> None:
        if room.school in {"", SCHOOL}:
            self._rooms.put_nowait(room)

    async def next(self) -> RoomHeard:
        async with asyncio.timeout(LIMIT_S):
            return await self._rooms.get()


@asynccontextmanager
async def running(coroutine: object) -> AsyncIterator[asyncio.Task[None]]:
    """Run something that never returns as long as the block."""
    task = asyncio.ensure_future(coroutine)
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def loopback() -> AsyncIterator[AsyncZeroconf]:
    """Open a zeroconf on loopback, or skip where it cannot be."""
    try:
        zeroconf = AsyncZeroconf(interfaces=["127.0.0.1"])
    except OSError as error:
        pytest.skip(f"no multicast on loopback: {error}")
    async with zeroconf:
        yield zeroconf


def test_a_room_is_heard_and_heard_to_stop() -> None:
    """With its codes as they are written here."""

    async def run() -> tuple[RoomHeard, RoomHeard]:
        heard = Heard()
        async with loopback() as fixed, loopback() as roaming, running(hear(roaming, heard)):
            saying = announce(fixed, agent="agent-1", room="Phòng 2.03", school=SCHOOL, port=1)
            async with running(saying):
                there = await heard.next()
            return there, await heard.next()

    there, gone = asyncio.run(run())
    assert (there.agent, there.room, there.school) == ("agent-1", "Phòng 2.03", SCHOOL)
    assert there.present
    assert there.address
    assert (gone.agent, gone.present) == ("agent-1", False)


def test_nonsense_is_passed_over_and_an_honest_room_is_heard() -> None:
    """Anybody may announce our type."""

    async def run() -> RoomHeard:
        heard = Heard()
        async with loopback() as fixed, loopback() as roaming, running(hear(roaming, heard)):
            for count, txt in enumerate(
                (b"\xff\xfe", {b"v": b"2", b"id": b"a", b"room": b"b"}, {})
            ):
                info = ServiceInfo(
                    SERVICE,
                    f"bad {count}.{SERVICE}",
                    port=1,
                    properties=txt,
                    addresses=[socket.inet_aton("127.0.0.1")],
                )
                registered = fixed.async_register_service(info, cooperating_responders=True)
                await (await registered)
            async with running(announce(fixed, agent="a", room="P1", school=SCHOOL, port=1)):
                return await heard.next()

    assert asyncio.run(run()).room == "P1"


def test_after_a_move_the_room_is_said_anew() -> None:
    """And the end is said once, also when it moved meanwhile."""

    async def run() -> None:
        moved = asyncio.Event()
        heard = Heard()
        async with loopback() as fixed, loopback() as roaming, running(hear(roaming, heard)):
            saying = announce(fixed, agent="a", room="P1", school=SCHOOL, port=1, moved=moved)
            async with running(saying) as task:
                await heard.next()
                moved.set()
                while moved.is_set():
                    await asyncio.sleep(0)
                assert not task.done()
            assert not (await heard.next()).present

    asyncio.run(run())


@pytest.mark.parametrize("lost", [b"id", b"room", b"v"], ids=["id", "room", "v"])
def test_an_announcement_that_lacks_what_matters_is_none(lost: bytes) -> None:
    """Without a room there is nothing to learn."""
    assert room_of({key: value for key, value in TXT.items() if key != lost}, []) is None


@given(st.dictionaries(st.sampled_from(list(TXT)), st.one_of(st.none(), st.binary(max_size=300))))
def test_whatever_an_announcement_says_is_clean_and_bounded(
    txt: dict[bytes, bytes | None],
) -> None:
    """Texts come from anybody."""
    room = room_of({**TXT, **txt}, ["10.0.0.9", "x"])
    if room is not None:
        for text in (room.agent, room.room, room.school):
            assert len(text) <= 64
            assert not text or text.isprintable()
