"""This file shows LopHoc on one computer: controller, a real agent, and a simulated school."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from hardware.readings import Kind
from protocol.formats import phrase
from protocol.health import ReasonCode
from protocol.messages import HostMeasures
from protocol.words import LANGUAGES, N_, Translate, translator
from simulators.book import book_of, write_areas, write_book, write_rooms
from simulators.children import Child, command_path, end, first_to_end, last_lines, start
from simulators.config import DemoConfig, SimConfig
from simulators.equipment import device_id_of, rooms_from
from simulators.people import write_lists
from simulators.ports import answers, fetch, free_port
from simulators.school import responders, school_of

PROVINCE: Final = "14"
SCHOOL: Final = "DEMO01"
NAME: Final = "Trường THCS Minh Hoạ"
AGENT_ROOM: Final = "P001"
DEPARTMENT: Final = "so-14"
DEPARTMENT_NAME: Final = "Sở GD&ĐT Minh Hoạ"
SCHOOLS: Final = 12
READY_S: Final = 30.0
MEASURED_S: Final = 5.0
ASK_EVERY_S: Final = 0.2
LOOK_EVERY_S: Final = 2.0
ASKED_SOURCES: Final = frozenset({"onvif", "pjlink"})
# One after the other they end within five seconds; the controller has a broker to close.
END_S: Final = {
    "lophoc-controller": 2.2,
    "lophoc-department": 2.2,
    "lophoc-agent": 1.1,
    "lophoc-sim": 1.3,
}

STARTING: Final = N_("LopHoc is starting; this takes a few seconds.")
PORT_TAKEN: Final = N_("Port {wanted} is taken, so port {found} serves instead.")
RUNNING: Final = (
    N_("LopHoc is running: {rooms} simulated rooms, and this computer as room {own}."),
    N_("Dashboard: {dashboard}"),
    N_("The teacher's page of room {own}: {local}"),
    N_("What to look at:"),
    N_("- Rooms turn yellow or red when something breaks, and green when it is mended."),
    N_("- In a room, tablets fall asleep and wake, lessons start and the roll is called."),
    N_("- On the teacher's page: start a lesson, tap who is away, confirm, end."),
    N_("- Room {own} is real: plug a USB device into this computer, and it appears there."),
    N_("The programs' logs, for as long as this runs: {folder}"),
    N_("To stop everything, press Ctrl-C."),
)
LACKS: Final = {
    "usb": N_("This computer cannot watch USB, so plugged devices do not appear; the rest runs."),
    "mdns": N_("This computer has no network to search for devices; the rest runs."),
    "temperature_c": N_("This computer shows no temperature; the rest runs."),
    "battery_percent": N_("This computer has no battery; the rest runs."),
}
DEVICE_FOUND: Final = {
    Kind.CAMERA: N_(
        "Room {own} has found the simulated {name} by ONVIF, and looks at its picture."
    ),
    Kind.PROJECTOR: N_("Room {own} has found the simulated {name} by PJLink, and asks how it is."),
}
BOOK: Final = N_("The invented equipment book, {lines} lines, has been brought in: {book}")
ABOVE: Final = N_("The department above {schools} schools: {above}")
NO_PROVINCE: Final = N_("The department's played schools could not be told of; the rest runs.")
NO_LISTS: Final = N_("The invented class lists could not be given; the rest runs.")
STOPPED: Final = N_("Everything has ended; nothing is left running.")
DIED: Final = N_("{name} ended by itself. Its last words:")
SILENT: Final = N_("{name} did not answer within {seconds} seconds. Its last words:")


class Ports(NamedTuple):
    """Where the three doors are."""

    http: int
    mqtt: int
    local: int
    above_http: int = 0
    above_mqtt: int = 0


class _Reason(msgspec.Struct, frozen=True):
    """A reason in the agent's status."""

    code: str
    value: float | str | None = None


class _Status(msgspec.Struct, frozen=True):
    """What the demonstration asks of the agent's status."""

    measures: HostMeasures = HostMeasures()
    reasons: tuple[_Reason, ...] = ()

    def lacks(self) -> list[str]:
        """The sentences for what is not there."""
        blind = [
            str(reason.value) for reason in self.reasons if reason.code == ReasonCode.SENSE_MISSING
        ]
        absent = [name for name in LACKS if getattr(self.measures, name, 0) is None]
        return [LACKS[name] for name in (*blind, *absent) if name in LACKS]


class _FoundDevice(msgspec.Struct, frozen=True):
    """A device in the agent's status."""

    device_id: str
    sources: tuple[str, ...] = ()
    present: bool = False


class _FoundDevices(msgspec.Struct, frozen=True):
    list: tuple[_FoundDevice, ...] = ()


class _Around(msgspec.Struct, frozen=True):
    devices: _FoundDevices = _FoundDevices()


class Fallen(NamedTuple):
    """A program that did not do its part, and the sentence that says so."""

    child: Child
    sentence: str


class DemoWords:
    """Says every text in the chosen language, or in both, Vietnamese first."""

    def __init__(self, language: str, write: Callable[[str], None]) -> None:
        self._languages = (language,) if language else LANGUAGES
        self._write = write

    def say(self, *msgids: str, **values: object) -> None:
        """Say these sentences, with the values in their places."""
        for language in self._languages:
            translate = translator(language)
            for msgid in msgids:
                self._write(phrase(msgid, translate, **values))
            if len(msgids) > 1:
                self._write("")

    def quote(self, lines: Sequence[str]) -> None:
        """Show another program's own words."""
        for line in lines:
            self._write(f"    {line}")


def show_line(line: str) -> None:
    """Write one line for people; a terminal that is gone is no reason to stop."""
    with contextlib.suppress(OSError):
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


async def run(
    config: DemoConfig,
    _say: Translate,
    stop: asyncio.Event,
    *,
    write: Callable[[str], None] = show_line,
) -> int:
    """Show it until `stop` is set; returns the exit code. Raises SimError."""
    words = DemoWords(config.lang, write)
    words.say(STARTING)
    ports = _free_ports(config, words)
    with tempfile.TemporaryDirectory(prefix="lophoc-demo-", ignore_cleanup_errors=True) as place:
        async with AsyncExitStack() as running:
            demo = Demo(config, ports, Path(place), words, running)
            fallen = await _until(stop, demo)
        if fallen is not None:
            values = {"name": fallen.child.name, "seconds": round(READY_S)}
            words.say(fallen.sentence, **values)
            words.quote(last_lines(fallen.child.log))
    words.say(STOPPED)
    return 0 if fallen is None else 1


class Demo:
    """The three programs; `running` ends them in the reverse order of their start."""

    def __init__(
        self,
        config: DemoConfig,
        ports: Ports,
        folder: Path,
        words: DemoWords,
        running: AsyncExitStack,
    ) -> None:
        self._config = config
        self._ports = ports
        self._folder = folder
        self._words = words
        self._running = running
        self._children: list[Child] = []
        self._lines = 0

    async def run(self) -> Fallen:
        """Start all, tell of it, and return only when one of them has fallen."""
        above = [self._department()] if self._config.department else []
        for command in (*above, self._controller()):
            if fallen := await self._begin(command):
                return fallen
        await self._give_lists()  # a command finds its controller's folder, and makes none
        for command in (self._school(), self._agent()):
            if fallen := await self._begin(command):
                return fallen
        self._words.say(
            *RUNNING,
            rooms=self._config.rooms,
            own=AGENT_ROOM,
            dashboard=f"http://127.0.0.1:{self._ports.http}/",
            local=f"http://127.0.0.1:{self._ports.local}/",
            folder=self._folder,
        )
        if self._lines:
            page = f"http://127.0.0.1:{self._ports.http}/register"
            self._words.say(BOOK, lines=self._lines, book=page)
        if above:
            page = f"http://127.0.0.1:{self._ports.above_http}/schools"
            self._words.say(ABOVE, schools=SCHOOLS + 1, above=page)
        for lack in await _lacks(self._ports.local):
            self._words.say(lack)
        async with asyncio.TaskGroup() as tasks:
            telling = [tasks.create_task(self._tell_found(), name="found")]
            if above:
                telling.append(tasks.create_task(self._play_province(), name="province"))
            ended = await first_to_end(self._children)
            for task in telling:
                task.cancel()
        return Fallen(ended, DIED)

    async def _begin(self, command: list[str]) -> Fallen | None:
        """Start a program, and wait for its door if it has one; answers how it fell, if it did."""
        doors = {
            "lophoc-department": self._ports.above_http,
            "lophoc-controller": self._ports.http,
            "lophoc-agent": self._ports.local,
        }
        child = await self._start(command)
        return await _ready(child, doors[child.name]) if child.name in doors else None

    async def _give_lists(self) -> None:
        """Give the school invented classes and a timetable, as its office would."""
        lists = self._folder / "lists"
        rooms = rooms_from(self._sim().first_room, self._config.rooms)
        await asyncio.to_thread(write_lists, lists, [AGENT_ROOM, *rooms], self._config.seed)
        furnished = school_of(replace(self._sim(), tablets=self._config.tablets))
        book = book_of(furnished, self._config.seed)
        await asyncio.to_thread(write_book, lists / "so-thiet-bi.csv", NAME, book)
        await asyncio.to_thread(write_rooms, lists / "phong.csv", [AGENT_ROOM, *rooms])
        await asyncio.to_thread(write_areas, lists, (SCHOOL, NAME), SCHOOLS)
        own, above = (SCHOOL, "controller"), (DEPARTMENT, "department")
        imports: list[tuple[tuple[str, str], str, Path, list[str]]] = [
            (own, "roster", lists / "hoc-sinh.csv", ["--names"]),
            (own, "schedule", lists / "lich", []),
            (own, "register", lists / "so-thiet-bi.csv", []),
            (own, "rooms", lists / "phong.csv", []),
        ]
        if self._config.department:
            imports.append((above, "areas", lists / "khu-vuc.csv", []))
            imports.append((above, "schools", lists / "truong.csv", []))
        for (code, folder), what, place, more in imports:
            arguments = [what, "import", str(place), "--json", *more]
            if not await _run_controller([*arguments, "--data", str(self._folder / folder)], code):
                self._words.say(NO_LISTS)
            elif what == "register":
                self._lines = len(book)

    async def _play_province(self) -> None:
        """Fill the department with a province of small schools."""
        command = [
            *("province", "--broker", f"mqtt://127.0.0.1:{self._ports.above_mqtt}"),
            *("--province", PROVINCE, "--department", DEPARTMENT, "--schools", str(SCHOOLS)),
            *("--rooms", "4", "--tablets", "10", "--seed", str(self._config.seed)),
        ]
        environment = _environment() | {"TMPDIR": str(self._folder)}
        path = command_path("lophoc-sim")
        child = await start("lophoc-province", [path, *command], self._folder, environment)
        try:
            if await child.process.wait():
                self._words.say(NO_PROVINCE)
        finally:
            await end(child, END_S["lophoc-sim"])

    def _sim(self) -> SimConfig:
        return SimConfig(
            rooms=self._config.rooms, tablets=0, seed=self._config.seed, mdns=self._config.mdns
        )

    async def _tell_found(self) -> None:
        """Say that this computer's agent has found a simulated device, once it has."""
        config = self._sim()
        rooms = school_of(config)
        awaited = {
            device_id_of(sighting): (kind, sighting.name)
            for kind in DEVICE_FOUND
            for sighting in responders(config, rooms, kind)
        }
        while awaited:
            for device_id in await _present(self._ports.local) & set(awaited):
                kind, name = awaited.pop(device_id)
                self._words.say(DEVICE_FOUND[kind], name=name, own=AGENT_ROOM)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _start(self, command: Sequence[str]) -> Child:
        name, *arguments = command
        program = "lophoc-controller" if name == "lophoc-department" else name
        path = command_path(program)
        child = await start(name, [path, *arguments], self._folder, _environment())
        self._running.push_async_callback(end, child, END_S[name])
        self._children.append(child)
        return child

    def _controller(self) -> list[str]:
        return [
            *("lophoc-controller", "run", "--data", str(self._folder / "controller")),
            *("--http-port", str(self._ports.http), "--mqtt-port", str(self._ports.mqtt)),
            *("--province", PROVINCE, "--school", SCHOOL, "--name", NAME),
            *self._upstream,
            *self._language,
        ]

    @property
    def _upstream(self) -> list[str]:
        if not self._config.department:
            return []
        above = f"mqtt://127.0.0.1:{self._ports.above_mqtt}"
        return ["--upstream", above, "--upstream-department", DEPARTMENT]

    def _department(self) -> list[str]:
        ports = self._ports
        return [
            *("lophoc-department", "run", "--data", str(self._folder / "department")),
            *("--http-port", str(ports.above_http), "--mqtt-port", str(ports.above_mqtt)),
            *("--province", PROVINCE, "--school", DEPARTMENT, "--name", DEPARTMENT_NAME),
            *("--mdns", "false", *self._language),
        ]

    def _agent(self) -> list[str]:
        return [
            *("lophoc-agent", "run", "--data", str(self._folder / "agent")),
            *("--broker", self._broker, "--province", PROVINCE, "--school", SCHOOL),
            *("--room", AGENT_ROOM, "--local-port", str(self._ports.local)),
            *("--internet", ""),
            *self._language,
        ]

    def _school(self) -> list[str]:
        config = self._config
        return [
            *("lophoc-sim", "school", "--data", str(self._folder / "school")),
            *("--broker", self._broker, "--province", PROVINCE, "--school", SCHOOL),
            *("--rooms", str(config.rooms), "--tablets", str(config.tablets)),
            *("--pace", str(config.pace), "--seed", str(config.seed)),
            *("--mdns", str(config.mdns).lower()),
        ]

    @property
    def _language(self) -> list[str]:
        return ["--lang", self._config.lang] if self._config.lang else []

    @property
    def _broker(self) -> str:
        return f"mqtt://127.0.0.1:{self._ports.mqtt}"


async def _until(stop: asyncio.Event, demo: Demo) -> Fallen | None:
    """Run the demonstration until it is stopped, or one of its programs has fallen."""
    async with asyncio.TaskGroup() as tasks:
        showing = tasks.create_task(demo.run(), name="demo")
        stopping = tasks.create_task(stop.wait(), name="stop")
        await asyncio.wait({showing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        showing.cancel()
        stopping.cancel()
    return None if showing.cancelled() else showing.result()


async def _run_controller(arguments: Sequence[str], school: str) -> bool:
    """Whether a command of the controller's ended well, and in time."""
    process = await asyncio.create_subprocess_exec(
        command_path("lophoc-controller"),
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment()
        | {"LOPHOC_CONTROLLER_PROVINCE": PROVINCE, "LOPHOC_CONTROLLER_SCHOOL": school},
    )
    try:
        async with asyncio.timeout(READY_S):
            return not await process.wait()
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _lacks(port: int) -> list[str]:
    """What this computer cannot sense, once its agent has measured it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MEASURED_S):
            while True:
                answer = await fetch(port, "/api/v1/status")
                status = msgspec.json.decode(answer, type=_Status) if answer else _Status()
                if status.measures.memory_free_mb is not None:
                    return status.lacks()
                await asyncio.sleep(ASK_EVERY_S)
    return []


async def _present(port: int) -> set[str]:
    """The ids of the devices that the agent has found by asking them."""
    answer = await fetch(port, "/api/v1/status")
    around = msgspec.json.decode(answer, type=_Around) if answer else _Around()
    return {
        device.device_id
        for device in around.devices.list
        if device.present and not ASKED_SOURCES.isdisjoint(device.sources)
    }


async def _ready(child: Child, port: int) -> Fallen | None:
    """Wait until the program is well; or tell how it failed."""
    try:
        async with asyncio.timeout(READY_S):
            while child.process.returncode is None:
                if await answers(port, "/healthz"):
                    return None
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError:
        return Fallen(child, SILENT)
    return Fallen(child, DIED)


def _free_ports(config: DemoConfig, words: DemoWords) -> Ports:
    """The wanted ports, or the next free ones, said aloud. Raises SimError."""
    ports: list[int] = []
    above = (config.department_http_port, config.department_mqtt_port)
    own = (config.http_port, config.mqtt_port, config.local_port)
    for preferred in (*own, *(above if config.department else ())):
        port = free_port(preferred, avoid=ports)
        if port != preferred:
            words.say(PORT_TAKEN, wanted=str(preferred), found=str(port))
        ports.append(port)
    return Ports(*ports)


def _environment() -> dict[str, str]:
    """Ours without LopHoc's own settings: the demonstration touches no real database."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("LOPHOC_")
    }
    return {**environment, "PYTHONUNBUFFERED": "1"}
