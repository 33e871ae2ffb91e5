"""Free ports, and whether a program answers."""

from __future__ import annotations

import asyncio
import socket

import pytest

from simulators.children import answers, free_port
from simulators.errors import SimError
from simulators.serving import serving
from tests.ports import free_port as unused_port


def test_a_free_port_is_taken_as_it_is() -> None:
    """No surprise where there is no need."""
    port = unused_port()
    assert free_port(port) == port


@pytest.mark.parametrize("address", ["127.0.0.1", ""])
def test_a_taken_port_is_passed_over(address: str) -> None:
    """Whether somebody listens on loopback alone or on every address."""
    with socket.create_server((address, 0)) as taken:
        wanted = taken.getsockname()[1]
        assert wanted < free_port(wanted) <= wanted + 100


def test_ports_found_before_are_avoided() -> None:
    """Two programs never get the same one."""
    port = unused_port()
    assert free_port(port, avoid=[port]) > port


def test_the_end_of_the_ports_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do."""
    monkeypatch.setattr("simulators.children._is_free", lambda _port: False)
    with pytest.raises(SimError, match="65500") as raised:
        free_port(65_500)
    assert raised.value.code == "no_free_port"
    assert "--http-port" in raised.value.hint


@pytest.mark.parametrize(
    ("reply", "well"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\n\r\n", True),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", False),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", False),
        (b"SSH-2.0-x\r\n", False),
        (b"x" * 100_000, False),
        (b"", False),
    ],
    ids=["1.1 200", "1.0 200", "503", "404", "ssh", "endless", "empty"],
)
def test_only_an_http_200_is_well(reply: bytes, *, well: bool) -> None:
    """Nothing that another program on the port may say is taken for it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        writer.close()

    async def scene() -> bool:
        async with serving(serve) as port:
            return await answers(port, "/healthz")

    assert asyncio.run(scene()) is well


def test_nobody_there_is_not_well() -> None:
    """And it is no error either."""
    port = unused_port()
    assert asyncio.run(answers(port, "/")) is False
