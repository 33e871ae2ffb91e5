"""The door for packages: slow and silent readers keep no room from its version."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from controller.broker.authority import Authority
from controller.updates.door import AT_ONCE, PackageDoor
from protocol.package import DOOR_PATH
from protocol.pin import pinned
from tests.ports import free_port
from tests.waiting import eventually

DIGEST = "0" * 64
SIZE = 12 << 20  # more than the kernel takes for who reads nothing
SLOW = [f"127.0.0.{number}" for number in range(2, 2 + AT_ONCE)]


class OneFile:
    """A shelf that has one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.write_bytes(bytes(SIZE))

    def file_of(self, sha256: str) -> Path:
        """The file."""
        assert sha256 == DIGEST
        return self._path


class Doorway:
    """An open door, and who comes to it."""

    def __init__(self, port: int, authority: Authority) -> None:
        self._port, self._context = port, pinned(authority.pem())
        self._got: dict[str, int] = {}

    async def come(
        self, peer: str, start: int = 0
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
        """Who asks for the file from this address: his line, and how he is answered."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(peer, 0), ssl=self._context, server_hostname="x"
        )
        span = f"Range: bytes={start}-\r\n" if start else ""
        with contextlib.ExitStack() as unless_answered:
            unless_answered.callback(writer.close)
            writer.write(f"GET {DOOR_PATH}{DIGEST} HTTP/1.1\r\n{span}\r\n".encode())
            status = (await reader.readuntil(b"\r\n\r\n"))[9:12]
            unless_answered.pop_all()
        return reader, writer, status

    async def is_served(self, peer: str) -> bool:
        """Whether a room of this address has the whole file; it goes on where it was cut off."""
        got = self._got.get(peer, 0)
        with contextlib.suppress(OSError, EOFError):
            reader, writer, status = await self.come(peer, got)
            with contextlib.closing(writer):
                while status in {b"200", b"206"} and (part := await reader.read(1 << 18)):
                    got = self._got[peer] = got + len(part)
        return got == SIZE


@contextlib.asynccontextmanager
async def opened(folder: Path, turn_s: float) -> AsyncIterator[Doorway]:
    """The door of a school."""
    authority, port, shelf = Authority(folder), free_port(), OneFile(folder / "file")
    authority.machine()
    some: Any = shelf
    door = PackageDoor(authority, some, lambda: True, ("127.0.0.1", port), turn_s=turn_s)
    running = asyncio.create_task(door.run())
    doorway = Doorway(port, authority)

    async def is_open() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    await eventually(is_open)
    yield doorway
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("kind", ["silent", "trickle", "again and again"])
def test_slow_readers_keep_no_room_out(tmp_path: Path, kind: str) -> None:
    """As many as there are places, each from an address of its own."""

    async def slow(door: Doorway, peer: str, had: set[str]) -> None:
        while True:
            with contextlib.suppress(OSError, EOFError):
                reader, writer, status = await door.come(peer)
                had |= {peer} if status == b"200" else set()
                with contextlib.closing(writer):
                    while kind != "again and again" and (kind == "silent" or await reader.read(64)):
                        await asyncio.sleep(0.02)
            await asyncio.sleep(0.02)

    async def play() -> None:
        had: set[str] = set()
        async with opened(tmp_path, turn_s=0.3) as door, asyncio.TaskGroup() as group:
            crowd = [group.create_task(slow(door, peer, had)) for peer in SLOW]
            await eventually(lambda: had == {*SLOW})
            for room in ("127.0.0.50", "127.0.0.51"):
                await eventually(lambda room=room: door.is_served(room))
            for task in crowd:
                task.cancel()

    asyncio.run(play())


def test_a_turn_is_nobody_elses(tmp_path: Path) -> None:
    """Within it who comes later is asked to come again; the first are not cut off."""

    async def play() -> None:
        async with opened(tmp_path, turn_s=600) as door:
            lines = [await door.come(peer) for peer in SLOW]
            assert [status for _, _, status in lines] == [b"200"] * AT_ONCE
            assert (await door.come("127.0.0.50"))[2] == b"503"
            got = await lines[0][0].readexactly(SIZE)
            assert len(got) == SIZE
            for _, writer, _ in lines:
                writer.close()

    asyncio.run(play())
