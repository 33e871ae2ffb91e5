"""This file is one school with its agents, its department above it, and the lines between them."""

from __future__ import annotations

import asyncio
import csv
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import msgspec

from protocol.clock import wall_ms
from protocol.model import Place
from protocol.process import kill
from simulators.children import answers, command_path, fetch, free_port
from simulators.config import LedgerConfig
from simulators.ledger.agent import OUTBOX, Order
from simulators.ledger.clocks import Clock, clock_library
from simulators.ledger.deeds import ListedDeed, deeds_of, has_ended, lines_of
from simulators.ledger.disk import SmallDisk
from simulators.ledger.late import LateWords
from simulators.ledger.line import BadLine
from simulators.ledger.stations import ControllerStation, Station
from simulators.ledger.stored import DATABASE, heard_in, waiting_in
from simulators.ledger.verdict import Excuse

PROVINCE: Final = "14"
SCHOOL: Final = "ledger-1"
DEPARTMENT: Final = "so-14"
WAY_UP: Final = Place(PROVINCE, DEPARTMENT, SCHOOL)  # what a school says at its department
LOOK_S: Final = 0.2
READY_S: Final = 180.0
LEFT_MB: Final = 8  # of an agent that has left: what its outbox holds back for a full disk
_FORK: Final = "fork"
SILENCE_S: Final = 660
NOT_KEPT: Final = shutil.ignore_patterns("fill")
_HEAD: Final = ("STT", "Mã tài sản", "Loại", "Số sê-ri", "Phòng", "Năm sử dụng")
_ITEM: Final = ("asset_tag", "type", "room", "year", "serial", "condition", "state", "line")


class PlayedBook(NamedTuple):
    """An equipment book: which one it is, and how many lines it has."""

    number: int = 0
    lines: int = 0

    def rows(self) -> list[tuple[str, ...]]:
        """Its lines as a school writes them."""
        return [
            (str(n), f"TB-{n:04}", "Bảng tương tác", f"SN{n:05}", f"B{self.number}{n % 7}", "2022")
            for n in range(1, self.lines + 1)
        ]


class Copy(NamedTuple):
    """A copy of a folder, and the book that was in it."""

    folder: Path
    book: PlayedBook | None


class World:
    """Everything that runs, for one seed after the other: each has agents of its own.

    excuses: what faults took by the rules, by the id of the deed. doubtful: what an agent may hold
    with noise in it. lost_items: what a damage took at the department. book: None if a damage may
    have taken lines. fork: a copy of the school that runs beside it for a while. late: what the
    school told upward, to be said again.
    """

    def __init__(self, folder: Path, config: LedgerConfig, *, has_clocks: bool) -> None:
        self.folder = folder
        self.seed = 0
        self.excuses: dict[str, Excuse] = {}
        self.doubtful: set[str] = set()
        self.lost_items: set[str] = set()
        self.book: PlayedBook | None = PlayedBook()
        self.copies: dict[str, Copy] = {}
        self.is_forked = False
        self.flaws: list[str] = []
        self.agents: list[Station] = []
        left = config.agents * (config.together - 1)
        self.disks = {name: SmallDisk(folder / name) for name in ("school", "department")}
        self.disks["agents"] = SmallDisk(folder / "agents", left * LEFT_MB)
        for name in ("logs", "lists", "copies"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        library = clock_library() if has_clocks else None
        self.clocks = {name: Clock(folder / f"{name}.clock", library) for name in self.disks}
        mqtt, above, self.school_http, self.department_http, *others = _ports(8)
        line, line_up, fork_http, fork_mqtt = others
        self._config = config
        self.mqtt = {"school": mqtt, "department": above, _FORK: fork_mqtt}
        self.lines = [BadLine(mqtt, line), BadLine(above, line_up)]
        up = ("--upstream", f"mqtt://127.0.0.1:{line_up}", "--upstream-department", DEPARTMENT)
        self.school = self._controller("school", SCHOOL, self.school_http, up)
        self.department = self._controller("department", DEPARTMENT, self.department_http, ())
        self.fork = self._controller(_FORK, SCHOOL, fork_http, up)
        self.late = LateWords(above, folder / "department", WAY_UP)
        self._listening: asyncio.Task[None] | None = None

    @property
    def stations(self) -> list[Station]:
        """Every program."""
        return [self.department, self.school, self.fork, *self.agents]

    @property
    def has_other_history(self) -> bool:
        """Whether the school may be told of by two histories, one of which ends."""
        return self.is_forked or "school" in self.copies

    @property
    def is_quick_to_believe(self) -> bool:
        """Whether the department need not wait out a silence before all is told."""
        return not self.has_other_history or bool(self.clocks["department"].environ)

    async def begin(self) -> None:
        """Start the controllers and the lines. Raises TimeoutError."""
        for disk in self.disks.values():
            disk.mount()
        for line in self.lines:
            await line.start()
        await asyncio.gather(self.school.up(), self.department.up())
        await self._answering()
        self._listening = asyncio.create_task(self.late.listen(), name="late words")

    async def enter(self, seed: int) -> None:
        """Go on with another seed: the agents of the one before leave."""
        await self.leave()
        self.seed = seed
        self.excuses, self.copies, self.doubtful, self.is_forked = {}, {}, set(), False
        names = [f"r{number + 1}" for number in range(self._config.agents)]
        self.agents = [self._agent(name) for name in names]
        await asyncio.gather(*(agent.up() for agent in self.agents))

    async def leave(self) -> None:
        """End the seed's agents."""
        await asyncio.gather(*(agent.down(signal.SIGTERM) for agent in self.agents))

    async def _answering(self) -> None:
        """Wait until both controllers answer. Raises TimeoutError."""
        async with asyncio.timeout(READY_S):
            for port in (self.school_http, self.department_http):
                while not await answers(port, "/livez"):  # noqa: ASYNC110 - another program's
                    await asyncio.sleep(LOOK_S)

    async def end(self) -> None:
        """Leave no process, no line and no disk behind."""
        await self.leave()
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        controllers = (self.fork, self.school, self.department)
        await asyncio.gather(*(each.all_down(signal.SIGKILL) for each in controllers))
        for line in self.lines:
            await line.close()

    def keep(self, folder: Path) -> None:
        """Copy all files, to be looked at."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True, ignore=NOT_KEPT)

    def close(self) -> None:
        """Take the disks away, with all that is on them."""
        for disk in self.disks.values():
            disk.unmount()
        shutil.rmtree(self.folder, ignore_errors=True)

    def heal(self) -> None:
        """End whatever lasts: lines carry, disks have room.

        A history of the school that goes on is believed when the other's silence has lasted; the
        department's clock makes that short. Raises sqlite3.Error.
        """
        for line in self.lines:
            line.heal()
        for disk in self.disks.values():
            disk.clear()
        for name in ("school", "agents"):
            self.clocks[name].set(0)  # a clock in doubt says to nobody what may be told again
        if self.has_other_history:
            heard_s = heard_in(self.database(self.department), SCHOOL) // 1000
            # By its own time, which a clock that nobody believes has not moved.
            self.clocks["department"].set(max(0, heard_s - wall_ms() // 1000) + SILENCE_S)

    def outbox(self, agent: Station) -> Path:
        """Where an agent's outbox lies."""
        return agent.folder / OUTBOX

    def database(self, controller: ControllerStation) -> Path:
        """Where a controller's database lies."""
        return controller.folder / DATABASE

    def waiting(self) -> set[str]:
        """The ids of all events that wait at agents."""
        return {name for agent in self.agents for name in waiting_in(self.outbox(agent))}

    def listed(self) -> list[ListedDeed]:
        """The whole list."""
        return [
            one
            for agent in self.agents
            for one in deeds_of(agent.name, lines_of(self._list(agent.name)))
        ]

    def have_said_all(self) -> bool:
        """Whether every agent has come to the end of its steps."""
        return all(has_ended(lines_of(self._list(agent.name))) for agent in self.agents)

    async def items(self, port: int) -> dict[str, Any] | None:
        """The school's items as a controller's feed tells them; None while it does not answer."""
        items: dict[str, Any] = {}
        since, more = "", True
        while more:
            body = await fetch(port, f"/api/v1/inventory?limit=1000{since}")
            if body is None:
                return None
            page = msgspec.json.decode(body)
            for item in page["items"]:
                if item["removed"] or item["school"] != SCHOOL:
                    continue
                if item["device_id"] in items:
                    self.flaws.append(f"item {item['device_id']} stands twice in the feed")
                items[item["device_id"]] = tuple(item[name] for name in _ITEM)
            since, more = f"&since={page['next']}", page["more"]
        return items

    async def bring_book(self, random: Random) -> bool:
        """Bring in another equipment book by command; False if it was refused."""
        number = self.book.number + 1 if self.book else random.randrange(100, 999)
        book = PlayedBook(number, random.randrange(5, 180))
        is_done = await self._import("school", book)
        self.book = book if is_done else None  # it may have been cut off after its commit
        return is_done

    async def bring_other_book(self, random: Random) -> None:
        """Bring a book of its own into the copy of the school that runs beside it."""
        await self._import(
            _FORK, PlayedBook(random.randrange(1000, 9999), random.randrange(5, 180))
        )

    async def _import(self, name: str, book: PlayedBook) -> bool:
        path = self.folder / "book.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter=";").writerows([_HEAD, *book.rows()])
        return not await self.command(name, SCHOOL, "register", "import", str(path), "--all")

    async def command(self, name: str, code: str, *arguments: str) -> int:
        """Run a command of a controller's beside it; returns its exit code."""
        own = {"LOPHOC_CONTROLLER_PROVINCE": PROVINCE, "LOPHOC_CONTROLLER_SCHOOL": code}
        with (self.folder / "logs" / "commands.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                command_path("lophoc-controller"),
                *arguments,
                "--data",
                str(self.folder / name),
                stdout=log,
                stderr=log,
                env=_environment() | own | self._clock(name).environ,
            )
            try:
                return await process.wait()
            finally:
                await kill(process)

    def _list(self, agent: str) -> Path:
        return self.folder / "lists" / f"{agent}.jsonl"

    def _controller(
        self, name: str, code: str, http: int, more: Sequence[str]
    ) -> ControllerStation:
        command = [
            *(command_path("lophoc-controller"), "run", "--data", str(self.folder / name)),
            *("--http-port", str(http), "--mqtt-port", str(self.mqtt[name])),
            *("--province", PROVINCE, "--school", code, "--mdns", "false", "--lang", "en", *more),
        ]
        environ = _environment() | self._clock(name).environ
        return ControllerStation(self.folder / name, command, environ, self.folder / "logs")

    def _clock(self, name: str) -> Clock:
        """The clock by which a controller goes; the copy of the school is on its computer."""
        return self.clocks["school" if name == _FORK else name]

    def _agent(self, name: str) -> Station:
        agent, config = f"{name}-s{self.seed}", self._config
        folder = self.folder / "agents" / agent
        order = Order(
            place=(PROVINCE, SCHOOL, agent),
            room=name.upper(),
            port=self.lines[0].port,
            folder=str(folder),
            list=str(self._list(agent)),
            seed=self.seed,
            steps=config.events // config.agents,
            pace_s=config.pace,
        )
        text = msgspec.json.encode(order).decode()
        command = [sys.executable, "-m", "simulators.ledger.agent", text]
        environ = _environment() | self.clocks["agents"].environ
        return Station(folder, command, environ, self.folder / "logs")


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LOPHOC_")}
    return own | {"PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"}


def _ports(count: int) -> list[int]:
    """Ports below those that the kernel gives to outgoing lines, and above those of the tests."""
    ports: list[int] = []
    while len(ports) < count:
        ports.append(free_port(28_672 + (os.getpid() * 257 + len(ports) * 37) % 4_000, avoid=ports))
    return ports
