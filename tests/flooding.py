"""This file plays an agent that sends all at once, whatever is acknowledged, and another beside it.

python -m tests.flooding PORT USER PASSWORD EVENTS floods; it comes again when it is cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from controller.app import run
from controller.broker.credentials import Credentials
from controller.config import ControllerConfig
from protocol.link import Arrival, Broker, Letter, Link
from protocol.messages import Ack, AttendanceMarked, down_from, to_bytes
from protocol.model import AttendanceStatus, Method, Place
from protocol.topics import address_for, commands_to, topic_of
from tests.ports import free_port
from tests.waiting import eventually

SCHOOL: Final = Place("14", "00140708")
AT_ONCE: Final = 200
PAUSE_S: Final = 0.02


class Waits(NamedTuple):
    """How long one agent's acks took, in seconds: alone, and beside the flood that took so long."""

    alone: list[float]
    beside: list[float]
    flood_s: float


def mark(agent: str, number: int) -> AttendanceMarked:
    """An event of an agent."""
    return AttendanceMarked(
        boot=f"boot-{agent}",
        at_ms=time.time_ns() // 1_000_000,
        id=f"{agent}-{number}",
        seq=number,
        room=agent,
        student=f"hs-{number}",
        status=AttendanceStatus.PRESENT,
        method=Method.MANUAL,
    )


def letter(agent: str, number: int) -> Letter:
    """The same, as it is sent."""
    message = mark(agent, number)
    return Letter(topic_of(address_for(SCHOOL.of_agent(agent), message)), to_bytes(message))


class Beside:
    """An agent that sends an event now and then, and waits for its ack."""

    def __init__(self, port: int, password: str) -> None:
        self.number = 0
        self.sent: dict[int, float] = {}
        self.waits: list[float] = []
        self.link = Link(
            Broker("127.0.0.1", port, "good", password),
            "good",
            filters=[commands_to(SCHOOL.of_agent("good"))],
            will=lambda _: letter("good", 1),
            greeting=lambda _: [],
        )

    async def listen(self) -> None:
        """Note when each is acknowledged."""
        while True:
            arrivals = await self.link.batch(100)
            self.link.ack(arrivals)
            self._take(arrivals)

    async def reach(self) -> None:
        """Say the first event until it is acknowledged: one of both may not have subscribed yet."""
        self.number = 1
        self.sent[self.number] = time.monotonic()
        while self.sent:
            self.link.say(letter("good", self.number))
            await asyncio.sleep(PAUSE_S)

    async def send_until(self, other: asyncio.Task[Any]) -> list[float]:
        """Send until another is done and all is acknowledged; returns how long each waited."""
        self.waits = []
        while not other.done():
            self.number += 1
            self.sent[self.number] = time.monotonic()
            self.link.say(letter("good", self.number))
            await asyncio.sleep(PAUSE_S)
        await eventually(lambda: not self.sent, "every ack")
        return self.waits

    def _take(self, arrivals: Iterable[Arrival]) -> None:
        for arrival in arrivals:
            match down_from(arrival.payload):
                case Ack() as ack:
                    for low, high in ack.seqs:
                        self._settle(range(low, high + 1))

    def _settle(self, numbers: Iterable[int]) -> None:
        now_s = time.monotonic()
        self.waits += [now_s - self.sent.pop(number) for number in numbers if number in self.sent]


async def waits_beside_a_flood(folder: Path, events: int) -> Waits:
    """Measure one agent's acks at a real controller while another floods it."""
    credentials, port = Credentials(folder / "agents.json"), free_port()
    good, flood = credentials.add("good"), credentials.add("flood")
    config = ControllerConfig(
        province=SCHOOL.province, school=SCHOOL.school, data=folder, mqtt_host="0.0.0.0",  # noqa: S104
        mqtt_port=port, http_port=free_port(), mdns=False,
    )  # fmt: skip
    beside = Beside(port, good)
    async with _running(config), _played(beside.link.run(), beside.listen()):
        await eventually(beside.link.connected.is_set)
        await beside.reach()
        alone = await beside.send_until(asyncio.create_task(asyncio.sleep(1)))
        began_s = time.monotonic()
        command = [sys.executable, "-m", "tests.flooding", str(port), "flood", flood, str(events)]
        child = await asyncio.create_subprocess_exec(*command)
        return Waits(
            alone,
            await beside.send_until(asyncio.create_task(child.wait())),
            time.monotonic() - began_s,
        )


@contextlib.asynccontextmanager
async def _running(config: ControllerConfig) -> AsyncIterator[None]:
    stop = asyncio.Event()
    controller = asyncio.create_task(run(config, stop, {}))
    try:
        yield
    finally:
        stop.set()
        await controller


@contextlib.asynccontextmanager
async def _played(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def flood(
    port: int,
    user: str,
    password: str,
    events: int,
    host: str = "127.0.0.1",
    *,
    enough: Callable[[], bool] = lambda: False,
) -> None:
    """Say all of so many events as fast as the line takes them; come again where it is cut.

    enough: whether to end before: where nobody listens any more it would come again for ever.
    """
    letters = [letter(user, number) for number in range(1, events + 1)]
    packets = [_publish(number % 65535 + 1, each) for number, each in enumerate(letters)]
    place = 0
    while place < events and not enough():
        with contextlib.suppress(OSError), socket.create_connection((host, port)) as line:
            line.sendall(connect_packet(user, password))
            while place < events:
                line.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    if not line.recv(1 << 16):
                        break
                line.setblocking(True)
                line.sendall(b"".join(packets[place : place + AT_ONCE]))
                place += AT_ONCE
            line.shutdown(socket.SHUT_WR)  # a line that is closed at once takes back what it holds
            while line.recv(1 << 16):
                pass


def connect_packet(user: str, password: str) -> bytes:
    """A CONNECT with a name and a password (MQTT 3.1.1, 3.1)."""
    return _packet(
        0x10,
        _text("MQTT") + bytes([4, 0xC2, 0, 60]) + _text("f") + _text(user) + _text(password),
    )


def _publish(mid: int, each: Letter) -> bytes:
    """A PUBLISH with QoS 1 (3.3)."""
    return _packet(0x32, _text(each.topic) + struct.pack(">H", mid) + each.payload)


def _packet(head: int, body: bytes) -> bytes:
    size, length = len(body), b""
    while not length or size:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
    return bytes([head]) + length + body


def _text(text: str) -> bytes:
    return struct.pack(">H", len(text.encode())) + text.encode()


def measured(events: int) -> Waits:
    """The same in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(waits_beside_a_flood(Path(folder), events))


if __name__ == "__main__":
    flood(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
