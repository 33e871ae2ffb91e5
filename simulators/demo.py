"""This file shows LopHoc on one computer: controller, a real agent, and a simulated school."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from hardware.readings import Kind
from protocol.formats import phrase
from protocol.health import ReasonCode
from protocol.messages import HostMeasures
from protocol.process import kill
from protocol.shapes import from_json
from protocol.words import LANGUAGES, N_, Translate, translator
from simulators.book import PlayedLine, book_of, write_areas, write_book, write_rooms
from simulators.children import (
    Child,
    answers,
    command_path,
    end,
    fetch,
    first_to_end,
    free_port,
    last_lines,
    start,
)
from simulators.config import DemoConfig, SimConfig
from simulators.equipment import device_id_of, rooms_from
from simulators.estate import school_code
from simulators.past_days import write_past_days
from simulators.people import write_lists
from simulators.running import Show, show_line, until_stopped
from simulators.school import responders, school_of

PROVINCE: Final = "14"
SCHOOL: Final = "DEMO01"
NAME: Final = "Trường THCS Minh Hoạ"
ACCOUNT: Final = "van-phong"
AGENT_ROOM: Final = "P001"
DEPARTMENT: Final = "so-14"
DEPARTMENT_NAME: Final = "Sở GD&ĐT Minh Hoạ"
SCHOOLS: Final = 12
UNHEARD: Final = 2  # in the department's list, and never heard
MERGED: Final = (11, 3)  # of the played schools one is part of another since the summer
MERGED_SINCE: Final = "2026-08-01"
PAST_WEEKS: Final = 2
SUM_UP_TRIES: Final = 30
SLOW_S: Final = 15.0
READY_S: Final = 120.0  # an old laptop that does other work, too
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
SLOW: Final = N_("This computer is slow or busy: {name} needs a while yet.")
PORT_TAKEN: Final = N_("Port {wanted} is taken, so port {found} serves instead.")
RUNNING: Final = (
    N_("LopHoc is running: {rooms} simulated {rooms:room|rooms}, and this computer as room {own}."),
    N_("Dashboard: {dashboard}"),
    N_("The teacher's page of room {own}: {local}"),
    N_(
        "That link opens the page once, within {within_s} {within_s:second|seconds}. Another one:"
        " {command}"
    ),
    N_("To see names and change things, log in as {account} with the password {password}"),
    N_("What to look at:"),
    N_("- Rooms turn yellow or red when something breaks, and green when it is mended."),
    N_("- In a room, tablets fall asleep and wake, lessons start and the roll is called."),
    N_("- On the teacher's page: start a lesson, tap who is away, confirm, end."),
    N_("- Room {own} is real: plug a USB device into this computer, and it appears there."),
    N_("The programs' logs, for as long as this runs: {folder}"),
    N_("To stop everything, press Ctrl-C."),
)
LACKS: Final = {
    "usb": N_("USB"),
    "mdns": N_("network to search"),
    "temperature_c": N_("thermometer"),
    "battery_percent": N_("battery"),
}
DOES_WITHOUT: Final = N_("This computer has no {lacks}: nothing is wrong, and the rest runs.")
DEVICE_FOUND: Final = {
    Kind.CAMERA: N_(
        "Room {own} has found the simulated {name} by ONVIF, and looks at its picture."
    ),
    Kind.PROJECTOR: N_("Room {own} has found the simulated {name} by PJLink, and asks how it is."),
}
USED: Final = N_("Two weeks of lessons lie behind the school; how its boards were used: {use}")
CAMERA_FOUND: Final = N_("Room {own} has found the simulated {name} by ONVIF.")
NO_PICTURES: Final = N_(
    "To stay small, this demonstration looks at no camera's picture and reads no card; the rest"
    " runs. With them: make setup"
)
BOOK: Final = N_(
    "The invented equipment book, {lines} {lines:line|lines}, has been brought in: {book}"
)
ABOVE: Final = N_("The department above {schools} {schools:school|schools}: {above}")
PAST: Final = N_("Two weeks of figures lie behind the department: {past}")
NO_PROVINCE: Final = N_("The department's played schools could not be told of; the rest runs.")
NO_LISTS: Final = N_("The invented class lists could not be given; the rest runs.")
STOPPED: Final = N_("Everything has ended; nothing is left running.")
DIED: Final = N_("{name} ended by itself. Its last words:")
SILENT: Final = N_(
    "{name} did not answer within {seconds} {seconds:second|seconds}. Its last words:"
)


class Ports(NamedTuple):
    """Where the three doors are."""

    http: int
    mqtt: int
    local: int
    above_http: int = 0
    above_mqtt: int = 0


class _Code(msgspec.Struct, frozen=True):
    """What lets a browser in at the agent's page."""

    code: str = ""
    within_s: float = 0.0


class _Reason(msgspec.Struct, frozen=True):
    code: str
    value: float | str | None = None


class _FoundDevice(msgspec.Struct, frozen=True):
    device_id: str
    sources: tuple[str, ...] = ()
    present: bool = False


class _FoundDevices(msgspec.Struct, frozen=True):
    list: tuple[_FoundDevice, ...] = ()


class _Status(msgspec.Struct, frozen=True):
    """What the demonstration asks of the agent's status."""

    measures: HostMeasures = HostMeasures()
    reasons: tuple[_Reason, ...] = ()
    devices: _FoundDevices = _FoundDevices()

    def lacks(self) -> list[str]:
        """The words for what is not there."""
        blind = [
            str(reason.value) for reason in self.reasons if reason.code == ReasonCode.SENSE_MISSING
        ]
        absent = [name for name in LACKS if getattr(self.measures, name, 0) is None]
        return [LACKS[name] for name in (*blind, *absent) if name in LACKS]

    def present(self) -> set[str]:
        """The ids of the devices that the agent has found by asking them."""
        return {
            device.device_id
            for device in self.devices.list
            if device.present and not ASKED_SOURCES.isdisjoint(device.sources)
        }


class _BoardUse(msgspec.Struct, frozen=True):
    used_week_min: float | None = None


class _Use(msgspec.Struct, frozen=True):
    """What the demonstration asks of how boards are used."""

    boards: tuple[_BoardUse, ...] = ()


class Fallen(NamedTuple):
    """A program that did not do its part, and the sentence that says so."""

    child: Child
    sentence: str


class DemoWords:
    """Says every text in the chosen language, or in both, Vietnamese first."""

    def __init__(self, language: str, write: Show) -> None:
        self._languages = (language,) if language else LANGUAGES
        self._write = write

    def say(self, *msgids: str, **values: object) -> None:
        """Say these sentences, with the values in their places; those in lists are texts, too."""
        for language in self._languages:
            translate = translator(language)
            told = {
                name: ", ".join(map(translate, value)) if isinstance(value, list) else value
                for name, value in values.items()
            }
            for msgid in msgids:
                self._write(phrase(msgid, translate, **told))
            if len(msgids) > 1:
                self._write("")

    def quote(self, lines: Sequence[str]) -> None:
        """Show another program's own words."""
        for line in lines:
            self._write(f"    {line}")


async def play_demo(
    config: DemoConfig,
    _say: Translate,
    stop: asyncio.Event,
    *,
    write: Show = show_line,
) -> int:
    """Show it until `stop` is set; returns the exit code. Raises SimError."""
    words = DemoWords(config.lang, write)
    words.say(STARTING)
    if not sees_pictures():
        words.say(NO_PICTURES)
    ports = _free_ports(config, words)
    with tempfile.TemporaryDirectory(prefix="lophoc-demo-", ignore_cleanup_errors=True) as place:
        async with AsyncExitStack() as running:
            demo = Demo(config, ports, Path(place), words, running)
            fallen = await until_stopped(stop, demo.run())
        if fallen is not None:
            words.say(fallen.sentence, name=fallen.child.name, seconds=round(READY_S))
            words.quote(last_lines(fallen.child.log))
    words.say(STOPPED)
    return 0 if fallen is None else 1


@dataclass(slots=True)
class Demo:
    """The three programs; `running` ends them in the reverse order of their start."""

    config: DemoConfig
    ports: Ports
    folder: Path
    words: DemoWords
    running: AsyncExitStack
    children: list[Child] = field(default_factory=list)
    lines: int = 0
    password: str = field(default_factory=lambda: secrets.token_urlsafe(9))

    async def run(self) -> Fallen:
        """Start all, tell of it, and return only when one of them has fallen."""
        above = [self._department()] if self.config.department else []
        if fallen := await self._begin(*above, self._controller()):
            return fallen
        await self._give_password()
        await self._give_lists()  # a command finds its controller's folder, and makes none
        if fallen := await self._begin(self._school(), self._agent()):
            return fallen
        await self._say_where()
        async with asyncio.TaskGroup() as tasks:
            telling = [tasks.create_task(self._tell_found(), name="found")]
            telling.append(tasks.create_task(self._sum_up(), name="use"))
            if above:
                telling.append(tasks.create_task(self._play_province(), name="province"))
            ended = await first_to_end(self.children)
            for task in telling:
                task.cancel()
        return Fallen(ended, DIED)

    async def _say_where(self) -> None:
        """Say where to look, and what this computer lacks."""
        home, ports = "http://127.0.0.1", self.ports
        code = await _code(ports.local)
        self.words.say(
            *RUNNING,
            rooms=self.config.rooms,
            own=AGENT_ROOM,
            dashboard=f"{home}:{ports.http}/",
            local=f"{home}:{ports.local}/#t={code.code}",
            within_s=f"{code.within_s:.0f}",
            command=f"lophoc-agent page --local-port {ports.local}",
            folder=self.folder,
            account=ACCOUNT,
            password=self.password,
        )
        if self.lines:
            self.words.say(BOOK, lines=self.lines, book=f"{home}:{ports.http}/register")
        if self.config.department:
            page = f"{home}:{ports.above_http}/schools"
            self.words.say(ABOVE, schools=SCHOOLS + 1, above=page)
        if lacks := await _lacks(ports.local):
            self.words.say(DOES_WITHOUT, lacks=lacks)

    async def _begin(self, *commands: list[str]) -> Fallen | None:
        """Start programs, and wait for each one's door if it has one; how one fell, if one did."""
        doors = {
            "lophoc-department": self.ports.above_http,
            "lophoc-controller": self.ports.http,
            "lophoc-agent": self.ports.local,
        }
        for name, *arguments in commands:
            child = await self._start(name, arguments)
            if name in doors and (fallen := await self._ready(child, doors[name])):
                return fallen
        return None

    async def _ready(self, child: Child, port: int) -> Fallen | None:
        """Wait until the program is well, and say so where that takes long; or how it fell."""
        loop = asyncio.get_running_loop()
        slow = loop.call_later(SLOW_S, partial(self.words.say, SLOW, name=child.name))
        try:
            return await _well(child, port)
        finally:
            slow.cancel()

    async def _give_password(self) -> None:
        """Let the visitor log in, at the school and above it."""
        for code, folder in ((SCHOOL, "controller"), (DEPARTMENT, "department")):
            if (place := self.folder / folder).exists():
                command = ["password", "set", "--data", str(place)]
                await _run_controller(command, code, self.password)

    async def _give_lists(self) -> None:
        """Give the school invented classes and a timetable, as its office would."""
        lists = self.folder / "lists"
        book = await asyncio.to_thread(self._write_lists, lists)
        imports: list[tuple[str, ...]] = [
            (SCHOOL, "controller", "roster", "hoc-sinh.csv", "--names"),
            (SCHOOL, "controller", "schedule", "lich"),
            (SCHOOL, "controller", "register", "so-thiet-bi.csv"),
            (SCHOOL, "controller", "rooms", "phong.csv"),
        ]
        if self.config.department:
            imports.append((DEPARTMENT, "department", "areas", "khu-vuc.csv"))
            imports.append((DEPARTMENT, "department", "schools", "truong.csv"))
        for code, folder, what, file, *more in imports:
            data = ["--json", *more, "--data", str(self.folder / folder)]
            if not await _run_controller([what, "import", str(lists / file), *data], code):
                self.words.say(NO_LISTS)
            elif what == "register":
                self.lines = len(book)
        if self.config.department:
            old, new = map(school_code, MERGED)
            merge = ["schools", "merge", old, new, "--since", MERGED_SINCE]
            await _run_controller([*merge, "--data", str(self.folder / "department")], DEPARTMENT)

    def _write_lists(self, folder: Path) -> list[PlayedLine]:
        """Write every list of the school and its department; gives the lines of the book."""
        seed = self.config.seed
        rooms = [AGENT_ROOM, *rooms_from(self._sim().first_room, self.config.rooms)]
        write_lists(folder, rooms, seed)
        book = book_of(school_of(replace(self._sim(), tablets=self.config.tablets)), seed)
        write_book(folder / "so-thiet-bi.csv", NAME, book)
        write_rooms(folder / "phong.csv", rooms)
        write_areas(folder, (SCHOOL, NAME), SCHOOLS + UNHEARD)
        return book

    async def _play_province(self) -> None:
        """Fill the department with a province of small schools."""
        command = [
            *("province", "--broker", _broker(self.ports.above_mqtt)),
            *("--province", PROVINCE, "--department", DEPARTMENT, "--schools", str(SCHOOLS)),
            *("--rooms", "4", "--tablets", "10", "--changes", "6"),
            *("--seed", str(self.config.seed)),
        ]
        environment = _environment() | {"TMPDIR": str(self.folder)}
        path = command_path("lophoc-sim")
        child = await start("lophoc-province", [path, *command], self.folder, environment)
        try:
            if await child.process.wait():
                self.words.say(NO_PROVINCE)
                return
        finally:
            await end(child, END_S["lophoc-sim"])
        await self._tell_past_days()

    async def _tell_past_days(self) -> None:
        """Have the department's figures reach back, as if it had been at work all the time."""
        folder = self.folder / "department"
        if not await _run_controller(["history", "write", "--data", str(folder)], DEPARTMENT):
            return
        past_days = PAST_WEEKS * 7
        days = await asyncio.to_thread(write_past_days, folder / "lophoc.db", past_days)
        if days:
            self.words.say(PAST, past=f"http://127.0.0.1:{self.ports.above_http}/history")

    async def _sum_up(self) -> None:
        """Have the past weeks' use of boards reckoned, which a school's server does hourly."""
        command = ["use", "--json", "--weeks", str(PAST_WEEKS)]
        command += ["--data", str(self.folder / "controller")]
        for _ in range(SUM_UP_TRIES):
            await asyncio.sleep(LOOK_EVERY_S)
            told = await _output_of_controller(command, SCHOOL)
            if any(board.used_week_min for board in _use_in(told).boards):
                break
        self.words.say(USED, use=f"http://127.0.0.1:{self.ports.http}/use")

    def _sim(self) -> SimConfig:
        config = self.config
        return SimConfig(rooms=config.rooms, tablets=0, seed=config.seed, mdns=config.mdns)

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
            for device_id in (await _status(self.ports.local)).present() & set(awaited):
                kind, name = awaited.pop(device_id)
                found = DEVICE_FOUND[kind]
                if kind is Kind.CAMERA and not sees_pictures():
                    found = CAMERA_FOUND
                self.words.say(found, name=name, own=AGENT_ROOM)
            await asyncio.sleep(LOOK_EVERY_S)

    async def _start(self, name: str, arguments: Sequence[str]) -> Child:
        path = command_path("lophoc-controller" if name == "lophoc-department" else name)
        child = await start(name, [path, *arguments], self.folder, _environment())
        self.running.push_async_callback(end, child, END_S[name])
        self.children.append(child)
        return child

    def _controller(self) -> list[str]:
        ports, above = self.ports, ["--upstream-department", DEPARTMENT, "--upstream"]
        return [
            *("lophoc-controller", "run", "--data", str(self.folder / "controller")),
            *("--http-port", str(ports.http), "--mqtt-port", str(ports.mqtt)),
            *("--open-screens", "true"),
            *("--province", PROVINCE, "--school", SCHOOL, "--name", NAME, "--role", "school"),
            *([*above, _broker(ports.above_mqtt)] if self.config.department else []),
            *self._language,
        ]

    def _department(self) -> list[str]:
        ports = self.ports
        return [
            *("lophoc-department", "run", "--data", str(self.folder / "department")),
            *("--http-port", str(ports.above_http), "--mqtt-port", str(ports.above_mqtt)),
            *("--open-screens", "true"),
            *("--province", PROVINCE, "--school", DEPARTMENT, "--name", DEPARTMENT_NAME),
            *("--role", "department"),
            *("--mdns", "false", *self._language),
        ]

    def _agent(self) -> list[str]:
        return [
            *("lophoc-agent", "run", "--data", str(self.folder / "agent")),
            *("--broker", _broker(self.ports.mqtt), "--province", PROVINCE, "--school", SCHOOL),
            *("--room", AGENT_ROOM, "--local-port", str(self.ports.local)),
            *("--internet", "", *self._language),
        ]

    def _school(self) -> list[str]:
        config = self.config
        return [
            *("lophoc-sim", "school", "--data", str(self.folder / "school")),
            *("--broker", _broker(self.ports.mqtt), "--province", PROVINCE, "--school", SCHOOL),
            *("--rooms", str(config.rooms), "--tablets", str(config.tablets)),
            *("--pace", str(config.pace), "--seed", str(config.seed)),
            *("--past-weeks", str(PAST_WEEKS)),
            *("--mdns", str(config.mdns).lower()),
        ]

    @property
    def _language(self) -> list[str]:
        return ["--lang", self.config.lang] if self.config.lang else []


def sees_pictures() -> bool:
    """Whether this Python has what looks at pictures, which half of LopHoc's size is."""
    return all(find_spec(name) is not None for name in ("cv2", "numpy"))


def _broker(port: int) -> str:
    return f"mqtt://127.0.0.1:{port}"


async def _run_controller(arguments: Sequence[str], school: str, typed: str = "") -> bool:
    """Whether a command of the controller's ended well, and in time. typed: what it is given."""
    return await _output_of_controller(arguments, school, typed) is not None


async def _output_of_controller(
    arguments: Sequence[str], school: str, typed: str = ""
) -> bytes | None:
    """What a command of the controller's said; None where it failed or took too long."""
    own = {"LOPHOC_CONTROLLER_PROVINCE": PROVINCE, "LOPHOC_CONTROLLER_SCHOOL": school}
    process = await asyncio.create_subprocess_exec(
        command_path("lophoc-controller"),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=_environment() | own,
    )
    try:
        async with asyncio.timeout(READY_S):
            said, _ = await process.communicate(f"{typed}\n".encode())
            return None if process.returncode else said
    except TimeoutError:
        return None
    finally:
        await kill(process)


def _use_in(told: bytes | None) -> _Use:
    try:
        return from_json(told or b"{}", _Use)
    except msgspec.DecodeError:
        return _Use()


async def _code(port: int) -> _Code:
    answer = await fetch(port, "/door/codes", "POST")
    return from_json(answer, _Code) if answer else _Code()


async def _status(port: int) -> _Status:
    answer = await fetch(port, "/api/v1/status")
    return from_json(answer, _Status) if answer else _Status()


async def _lacks(port: int) -> list[str]:
    """What this computer cannot sense, once its agent has measured it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(MEASURED_S):
            while True:
                status = await _status(port)
                if status.measures.memory_free_mb is not None:
                    return status.lacks()
                await asyncio.sleep(ASK_EVERY_S)
    return []


async def _well(child: Child, port: int) -> Fallen | None:
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
    own = {name: value for name, value in os.environ.items() if not name.startswith("LOPHOC_")}
    return own | {"PYTHONUNBUFFERED": "1"}
