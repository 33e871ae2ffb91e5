"""A program that ends while others talk to it ends without a traceback."""

from __future__ import annotations

import asyncio
import gc
import re
import socket
import warnings
from pathlib import Path

import pytest

from protocol.loop import met
from simulators.serving import serving


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


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("is_read", [True, False])
def test_no_line_outlives_its_server(turns: int, *, is_read: bool) -> None:
    """Whenever it closes: while somebody is let in, before the talk begins, in the middle of it."""

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        if is_read:
            await reader.readexactly(1)

    async def play() -> None:
        async with serving(talk) as port:
            call = socket.create_connection(("127.0.0.1", port))
            for _ in range(turns):
                await asyncio.sleep(0)
        call.close()

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(play())
        gc.collect()
    assert [str(one.message) for one in caught] == []
