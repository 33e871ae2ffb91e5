"""A program that ends while others talk to it ends without a traceback."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from protocol.loop import met


def test_a_talk_that_the_programs_end_cancels_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """What it opened is closed all the same."""
    ended = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(await reader.readexactly(1))
            await reader.read()
        finally:
            writer.close()
            ended.append(writer)

    async def play() -> None:
        server = await asyncio.start_server(met(talk), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"x")
        assert await reader.readexactly(1) == b"x"
        server.close()
        writer.close()

    asyncio.run(play())
    assert len(ended) == 1
    assert caplog.records == []


def test_every_server_of_ours_begins_its_talks_so() -> None:
    """In all packages."""
    root = Path(__file__).parents[2]
    packages = ("agent", "controller", "hardware", "protocol", "simulators")
    texts = [path.read_text("utf-8") for name in packages for path in (root / name).rglob("*.py")]
    begun = [call for text in texts for call in re.findall(r"start_server\(\s*(\w+\()?", text)]
    assert set(begun) == {"met("}
    reading = [call for text in texts for call in re.findall(r"ReaderProtocol\(\w+, (\w+\()", text)]
    assert reading == ["met("]
