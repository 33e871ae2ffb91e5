"""This file plays fuzzed messages and requests at the real programs, and watches them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, quantiles
from typing import Any, Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from protocol.model import Place
from tests.flows.programs import Program, get
from tests.fuzz import cases
from tests.logins import as_controller, as_local
from tests.ports import free_port
from tests.waiting import calm_s, eventually, until

SCHOOL: Final = Place("14", "00140708")
DEPARTMENT: Final = Place("14", "so-14")
GOOD: Final = "tot"  # the agent whose messages are sound
AT_ONCE: Final = 16  # requests
BATCH: Final = 200  # messages between two looks
LEAD: Final = 1000  # by so many they are ahead of the requests
PATIENCE_S: Final = 60.0
HALF_S: Final = 4.0  # a door waits longer for the rest of a request
_STATUS: Final = re.compile(rb"HTTP/1\.1 (\d{3}) ")


class Estate:
    """A department, a school below it and one of its agents, each a real program."""

    def __init__(self, folder: Path) -> None:
        ports = [free_port() for _ in range(6)]
        self.http, self.http_above, self.mqtt, self.mqtt_above, self.window, self.tablets = ports
        self.folder = folder
        work = folder / "work" / "here" / "inside"  # a path that climbs stays in the folder
        work.mkdir(parents=True)
        above = ("--upstream", f"mqtt://127.0.0.1:{self.mqtt_above}")
        self.programs = {
            "department": self._controller(DEPARTMENT, self.http_above, self.mqtt_above),
            "school": self._controller(
                SCHOOL, self.http, self.mqtt, *above, "--upstream-department", DEPARTMENT.school
            ),
            "agent": Program(
                folder / "agent.log",
                *("lophoc-agent", "run", "--data", str(folder / "agent")),
                *("--broker", f"mqtt://127.0.0.1:{self.mqtt}", "--mdns", "false"),
                *("--school", SCHOOL.school, "--province", "14", "--room", "P203"),
                *("--agent-id", cases.AGENT, "--local-port", str(self.window)),
                *("--tablet-host", "127.0.0.1", "--tablet-port", str(self.tablets)),
            ),
        }
        self.hosts = {
            "school": f"127.0.0.1:{self.http}",
            "department": f"127.0.0.1:{self.http_above}",
            "window": f"127.0.0.1:{self.window}",
            "tablets": f"127.0.0.1:{self.tablets}",
        }

    def _controller(self, place: Place, http: int, broker: int, *more: str) -> Program:
        data = self.folder / place.school
        return Program(
            self.folder / f"{place.school}.log",
            *("lophoc-controller", "run", "--province", "14", "--school", place.school),
            *("--data", str(data), "--http-port", str(http), "--mqtt-port", str(broker)),
            *("--mdns", "false", *more),
        )

    @contextlib.contextmanager
    def running(self) -> Iterator[Estate]:
        """All of it, until left."""
        with contextlib.chdir(self.folder / "work" / "here" / "inside"):
            for program in self.programs.values():
                program.start()
        try:
            for host in (self.hosts["school"], self.hosts["department"]):
                until(lambda host=host: get(f"http://{host}/livez"), host)  # type: ignore[misc]
            until(lambda: get(f"http://{self.hosts['window']}/api/v1/status"), "the agent")
            yield self
        finally:
            for program in self.programs.values():
                with contextlib.suppress(Exception):
                    program.stop()
                program.close()

    def memory_mib(self) -> dict[str, float]:
        """The programs' own resident memory; brokers are others' programs."""
        return {name: _rss_mib(program.pid) for name, program in self.programs.items()}

    def ended(self) -> list[str]:
        """Which of them have ended."""
        return [name for name, program in self.programs.items() if program.ended()]

    def tracebacks(self) -> int:
        """How many times a log tells of an exception that nobody handled."""
        logs = [path.read_text(errors="replace") for path in self.folder.glob("*.log")]
        return sum(log.count("Traceback (most recent call last)") for log in logs)


def _rss_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024  # type: ignore[index]


@dataclass
class Findings:
    """What was seen; memory: samples as (share of the work that was done, MiB by program)."""

    messages: int = 0
    requests: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    acks_s: list[float] = field(default_factory=list)
    acks_calm_s: list[float] = field(default_factory=list)
    memory: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    tracebacks: int = 0

    def growth(self) -> dict[str, float]:
        """Memory in the last tenth of the work over that in the sixth: by then all is filled."""
        names = self.memory[-1][1] if self.memory else {}
        tenths = {
            tenth: [mib for share, mib in self.memory if int(share * 10) == tenth]
            for tenth in (5, 9)
        }
        if not all(tenths.values()):
            return {}
        mean = {
            tenth: {name: fmean(each[name] for each in samples) for name in names}
            for tenth, samples in tenths.items()
        }
        return {name: round(mean[9][name] / mean[5][name], 3) for name in names}

    def figures(self) -> dict[str, Any]:
        """All of it in short."""
        last = self.memory[-1][1] if self.memory else {}
        return {
            "messages": self.messages,
            "requests": self.requests,
            "answers": dict(sorted(self.answers.items())),
            "broken": self.broken[:50],
            "acks": len(self.acks_s),
            "ack_s": _spread(self.acks_s),
            "ack_calm_s": _spread(self.acks_calm_s),
            "memory_growth": self.growth(),
            "memory_mib": {name: round(mib, 1) for name, mib in last.items()},
            "ended": self.ended,
            "tracebacks": self.tracebacks,
        }


def _spread(values: Sequence[float]) -> dict[str, float]:
    if len(values) < 2:
        return {}
    cuts = quantiles(values, n=100)
    return {
        "p50": round(cuts[49], 3),
        "p99": round(cuts[98], 3),
        "max": round(max(values), 3),
        "over_1_s": sum(value > 1 for value in values),
    }


class Speaker:
    """A client of a broker that says anything, and is let in again when it is thrown out."""

    def __init__(self, port: int, data: Path) -> None:
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, f"fuzz-{uuid.uuid4().hex}")
        as_controller(self.client, data).connect("127.0.0.1", port)
        self.client.loop_start()

    def say(self, said: cases.Said) -> mqtt.MQTTMessageInfo | None:
        """Publish; None where the client itself sees that no topic is so."""
        try:
            return self.client.publish(said.topic, said.payload, qos=1, retain=said.retain)
        except ValueError:
            return None

    def close(self) -> None:
        """Leave."""
        self.client.disconnect()
        self.client.loop_stop()


class GoodAgent:
    """An agent whose events are sound: it measures how long each acknowledgement takes."""

    def __init__(self, port: int) -> None:
        self._boot = uuid.uuid4().hex[:8]
        self._said: dict[int, tuple[float, float]] = {}
        self._listens = threading.Event()
        self.acks_s: list[float] = []
        self.acks_calm_s: list[float] = []
        self._root = f"lophoc/v1/14/{SCHOOL.school}/{GOOD}"
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, f"good-{uuid.uuid4().hex}")
        self.client.on_connect = lambda client, *_: client.subscribe(f"{self._root}/command/#", 1)
        self.client.on_subscribe = lambda *_: self._listens.set()
        self.client.on_message = self._heard
        as_local(self.client, port).connect("127.0.0.1", port)
        self.client.loop_start()

    async def listening(self) -> None:
        """Wait until its broker passes acknowledgements on to it: earlier ones reach nobody."""
        await eventually(self._listens.is_set, "the good agent's subscription")

    async def say_each_second(self) -> None:
        """Say an event each second until cancelled."""
        for seq in itertools.count(1):
            body = {
                "kind": "lesson_started",
                "v": 1,
                "boot": self._boot,
                "at_ms": time.time_ns() // 1_000_000,
                "id": f"{self._boot}-{seq}",
                "seq": seq,
                "room": "P101",
                "lesson": f"l{seq}",
            }
            self._said[seq] = time.monotonic(), calm_s()
            self.client.publish(f"{self._root}/event", json.dumps(body), qos=1)
            await asyncio.sleep(1)

    def unanswered(self) -> int:
        """How many events wait for their acknowledgement."""
        return len(self._said)

    def _heard(self, _client: object, _data: object, message: mqtt.MQTTMessage) -> None:
        ack = json.loads(message.payload)
        if ack.get("kind") != "ack" or ack.get("of") != self._boot:
            return
        for first, last in ack["seqs"]:
            for seq in range(first, last + 1):
                if said := self._said.pop(seq, None):
                    self.acks_s.append(time.monotonic() - said[0])
                    self.acks_calm_s.append(calm_s() - said[1])

    def close(self) -> None:
        """Leave."""
        self.client.disconnect()
        self.client.loop_stop()


async def play(estate: Estate, seed: int, messages: range, requests: range) -> Findings:
    """Say and ask all of it; both at the same time."""
    findings = Findings()
    good = GoodAgent(estate.mqtt)
    await good.listening()
    chatting = asyncio.create_task(good.say_each_second())
    watching = asyncio.create_task(_watch(estate, findings, len(messages) + len(requests)))
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_say_all(estate, seed, messages, findings, len(requests)))
            numbers = iter(requests)
            for _ in range(AT_ONCE):
                tasks.create_task(_ask_all(estate, seed, numbers, findings))
        chatting.cancel()
        await eventually(lambda: not good.unanswered(), "acks", limit_s=PATIENCE_S)
    except AssertionError:
        findings.broken.append(f"{good.unanswered()} good messages without an acknowledgement")
    finally:
        chatting.cancel()
        watching.cancel()
        good.close()
        findings.acks_s, findings.acks_calm_s = good.acks_s, good.acks_calm_s
        findings.ended, findings.tracebacks = estate.ended(), estate.tracebacks()
    return findings


async def _watch(estate: Estate, findings: Findings, whole: int) -> None:
    while not estate.ended():
        done = findings.messages + findings.requests
        findings.memory.append((min(done / max(whole, 1), 0.999), estate.memory_mib()))
        await asyncio.sleep(0.5)


async def _say_all(
    estate: Estate, seed: int, numbers: range, findings: Findings, requests: int
) -> None:
    """Say them all, at the pace of so many requests."""
    speakers = {
        False: Speaker(estate.mqtt, estate.folder / SCHOOL.school),
        True: Speaker(estate.mqtt_above, estate.folder / DEPARTMENT.school),
    }
    for first in range(numbers.start, numbers.stop, BATCH):
        while findings.messages * requests > findings.requests * len(numbers) + LEAD * requests:
            await asyncio.sleep(0.05)
        batch = range(first, min(first + BATCH, numbers.stop))
        made = [cases.message(seed, number, SCHOOL, DEPARTMENT) for number in batch]
        infos = [info for said in made if (info := speakers[said.above].say(said))]
        until_s = time.monotonic() + PATIENCE_S
        while not all(info.is_published() for info in infos) and time.monotonic() < until_s:
            await asyncio.sleep(0.01)
        findings.messages += len(batch)
    for speaker in speakers.values():
        speaker.close()


async def _ask_all(estate: Estate, seed: int, numbers: Iterator[int], findings: Findings) -> None:
    doors = tuple(estate.hosts)
    for number in numbers:
        door = doors[number % len(doors)]
        asked = cases.request(seed, number, door, estate.hosts[door])
        status = await _answer(asked, int(estate.hosts[door].rsplit(":", 1)[1]))
        findings.answers[f"{door} {status}"] += 1
        if status.startswith("5"):
            findings.broken.append(f"request {number} at {door}: {status} {asked.text[:90]!r}")
        findings.requests += 1


async def _answer(asked: cases.Asked, port: int) -> str:
    """The status; "none" where the line is ended, "half" where the door waits for more."""
    try:
        async with asyncio.timeout(PATIENCE_S), _line(asked.peer, port) as (reader, writer):
            writer.write(asked.text)
            head = b""
            while not (found := _STATUS.search(head)):
                more = await asyncio.wait_for(reader.read(65_536), HALF_S)
                if not more:
                    return "none"
                head += more
            return found[1].decode() if found[1] != b"100" else "half"
    except ConnectionError:
        return "none"
    except TimeoutError:
        return "half"


@contextlib.asynccontextmanager
async def _line(
    peer: str, port: int
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(peer, 0))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
