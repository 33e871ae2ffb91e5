"""The bad line itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulators.serving import serving
from tests.faulty_line import FaultyLine


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def line_to_echo() -> AsyncIterator[FaultyLine]:
    """A faulty line to a server that says everything back."""
    async with serving(_echo) as port, FaultyLine("127.0.0.1", port) as line:
        yield line


async def said_back(line: FaultyLine, data: bytes) -> bytes:
    """Say it over a new connection, and return what comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    try:
        writer.write(data)
        writer.write_eof()
        return await reader.read()
    finally:
        writer.close()


def test_a_whole_line_carries_everything() -> None:
    """A megabyte there and back, and the end of it."""

    async def scene() -> None:
        async with line_to_echo() as line:
            data = bytes(range(256)) * 4096
            assert await said_back(line, data) == data

    asyncio.run(scene())


def test_a_slow_line_holds_what_it_carries() -> None:
    """Once in each direction."""

    async def scene() -> None:
        async with line_to_echo() as line:
            line.delay_s = 0.1
            began_s = time.monotonic()
            assert await said_back(line, b"hello") == b"hello"
            assert time.monotonic() - began_s >= 0.2

    asyncio.run(scene())


def test_a_dropped_line_breaks_and_the_next_one_holds() -> None:
    """As after a switch that restarts."""

    async def scene() -> None:
        async with line_to_echo() as line:
            reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
            writer.write(b"a")
            assert await reader.read(1) == b"a"
            line.drop()
            with pytest.raises(ConnectionResetError):
                await reader.read(1)
            writer.close()
            assert await said_back(line, b"b") == b"b"

    asyncio.run(scene())


def test_a_cut_line_takes_nobody_until_it_is_healed() -> None:
    """The port stays the same."""

    async def scene() -> None:
        async with line_to_echo() as line:
            line.cut()
            with pytest.raises(ConnectionError):
                await said_back(line, b"a")
            line.heal()
            assert await said_back(line, b"b") == b"b"

    asyncio.run(scene())


def test_a_line_to_nobody_breaks() -> None:
    """The far end refuses: so does the line."""

    async def scene() -> None:
        async with line_to_echo() as far:
            line = FaultyLine("127.0.0.1", far.port)
        async with line:
            with pytest.raises(ConnectionError):
                await said_back(line, b"a")

    asyncio.run(scene())
