"""The broker's log stays small whatever strangers do, and still tells who knocks."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from pathlib import Path

import pytest

from controller.broker import log
from controller.broker.embedded import CONTROLLER_USER, EmbeddedBroker
from controller.broker.knocks import knocks_in
from protocol.model import Place
from tests.ports import free_port
from tests.waiting import eventually, until

ERROR = (
    '[7] 2026/11/28 23:06:38.581301 [ERR] {}:{} - mid:{} - "c" - authentication error - User "{}"'
)


def knock(port: int, name: bytes) -> None:
    """Try a password that is wrong (MQTT 3.1.1, 3.1)."""
    fields = b"".join(len(text).to_bytes(2) + text for text in (b"stranger", name, b"wrong"))
    body = b"\x00\x04MQTT\x04\xc2\x00\x3c" + fields
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(b"\x10" + bytes([len(body)]) + body)
        line.recv(4)


def test_wrong_passwords_do_not_fill_the_disk(tmp_path: Path) -> None:
    """Of three hundred tries some lines are written; the room that knocks is named."""
    port = free_port()
    users = {CONTROLLER_USER: "c", "p1": "right"}
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", port, Place("14", "1"), users)

    async def play() -> None:
        broker.prepare()
        running = asyncio.create_task(broker.run())
        await broker.ready()
        for number in range(300):
            await asyncio.to_thread(knock, port, b"p%d" % (number % 7))
        await eventually(lambda: len(knocks_in(tmp_path / "nats.log")) == 7)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(play())
    lines = (tmp_path / "nats.log").read_text().splitlines()
    assert sum("authentication error - User" in line for line in lines) == log.LINES


def test_files_are_bounded_and_an_old_one_without_bounds_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three of them, each so long; from many addresses, each of which says another thing."""
    monkeypatch.setattr(log, "FILE_BYTES", 5000)
    path = tmp_path / "nats.log"
    path.write_bytes(bytes(20_000))
    with log.open_log(path) as lines:
        for number in range(3000):
            text = ERROR.format(f"10.0.{number % 250}.{number // 250}", number, number, "p1")
            lines.write(text.encode() + b"\n")
    until(lambda: "broker-log" not in {thread.name for thread in threading.enumerate()})
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "nats.log",
        "nats.log.1",
        "nats.log.2",
    ]
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 16_000


@pytest.mark.parametrize("disk", ["never taken", "full meanwhile"])
def test_a_disk_that_takes_nothing_holds_up_no_broker(disk: str, tmp_path: Path) -> None:
    """Its lines are lost, it never waits for anybody to read them, and its end is no traceback."""
    if disk == "never taken":
        (tmp_path / "nats.log").mkdir()
    else:
        (tmp_path / "nats.log").symlink_to("/dev/full")
    with log.open_log(tmp_path / "nats.log") as lines:
        for number in range(20_000):
            lines.write(b"[7] 2026/11/28 23:06:38 [WRN] something new: %d\n" % number)
    until(lambda: "broker-log" not in {thread.name for thread in threading.enumerate()})


@pytest.mark.parametrize("address", ["10.0.0.7", "[fe80::1]"])
def test_like_lines_of_one_address_are_one_kind(address: str) -> None:
    """Whatever it calls itself, from whatever port; another address is another kind."""
    first, second = (
        log.kind_of(ERROR.format(address, port, port, name))
        for port, name in ((1, "a"), (65000, 'x\\"y'))
    )
    assert first == second
    assert first != log.kind_of(ERROR.format("10.0.0.8", 1, 1, "a"))
