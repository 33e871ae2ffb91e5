"""A school that lost its folder has every mark again: its agents tell what they still have."""

from __future__ import annotations

import contextlib
import random
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.programs import Program, School, get, request
from tests.ports import free_port
from tests.waiting import until

MARKS = 40  # in each of three rooms: more than are told at a time
ROOMS = ("p201", "p202", "p203")


class Rooms:
    """A school with an agent in each of three rooms."""

    def __init__(self, folder: Path) -> None:
        self.school = School(folder)
        self.data = folder / "controller"
        self.agents: dict[str, Program] = {}
        self.doors: dict[str, str] = {}
        self.marks: dict[str, str] = {}  # which pupil, by the event's id
        for room in ROOMS:
            port = free_port()
            self.doors[room] = f"http://127.0.0.1:{port}"
            self.agents[room] = Program(
                folder / f"{room}.log",
                *("lophoc-agent", "run", "--data", str(folder / room)),
                *("--broker", f"mqtt://127.0.0.1:{self.school.mqtt_port}"),
                *("--school", "00140708", "--province", "14", "--room", room.upper()),
                *("--agent-id", room, "--local-port", str(port)),
                *("--mdns", "false", "--tablets", "false", "--usb", "false"),
            )

    def begin(self, count: int) -> None:
        """Mark so many pupils in each room, and wait until all is with the school."""
        self.mark(count)
        self.all_are_there()
        self.settled()

    def mark(self, count: int) -> None:
        """Mark so many pupils in each room."""
        for room, door in self.doors.items():
            for number in range(count):
                student = f"{room}-{len(self.marks)}-{number}"
                body = {"student": student, "status": "late", "method": "manual"}
                answer = until(lambda d=door, b=body: _post(d, b), "a mark is kept")
                self.marks[answer["event_id"]] = student

    def settled(self) -> None:
        """Wait until nothing waits in any room."""
        for door in self.doors.values():
            until(lambda d=door: _waiting(d) == 0, "the outbox is empty")

    def all_are_there(self) -> None:
        """Every mark is stored, exactly once."""
        until(lambda: len(self.school.marks()) >= len(self.marks), "all marks are stored")
        rows = self.school.marks()
        assert Counter(row["event_id"] for row in rows) == Counter(dict.fromkeys(self.marks, 1))
        assert {row["event_id"]: row["student"] for row in rows} == self.marks

    def lose_folder(self) -> None:
        """End the controller, and take its database away."""
        self.school.controller.stop(signal.SIGTERM)
        self.school.end_broker()
        shutil.rmtree(self.data)


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Rooms]:
    """A school at work."""
    rooms = Rooms(tmp_path)
    with contextlib.ExitStack() as stack:
        stack.callback(rooms.school.end_broker)
        for program in (rooms.school.controller, *rooms.agents.values()):
            stack.callback(program.close)
            program.start()
        yield rooms


def _post(door: str, body: object) -> dict[str, str] | None:
    try:
        status, answer = request("POST", f"{door}/api/v1/attendance", body)
    except OSError:
        return None
    return answer if status in {200, 201} else None


def _waiting(door: str) -> int | None:
    status = get(f"{door}/api/v1/status")
    return status["outbox"]["pending"] if status else None


@pytest.mark.wide
def test_a_lost_folder_comes_back_while_everything_is_killed(rooms: Rooms) -> None:
    """The database is gone; controller and agents are SIGKILLed in the middle; marks go on."""
    rooms.begin(MARKS)
    rooms.lose_folder()
    rooms.school.controller.start()
    chance = random.Random(42)
    for _ in range(3):
        stored = len(rooms.school.marks())
        until(
            lambda n=stored: len(rooms.school.marks()) > n or n == len(rooms.marks), "some are told"
        )
        agent = rooms.agents[chance.choice(ROOMS)]
        victim = chance.choice([rooms.school.controller, agent])
        victim.kill()
        victim.start()
    rooms.mark(2)
    rooms.all_are_there()


@pytest.mark.wide
def test_yesterdays_folder_gets_what_came_since_and_keeps_what_was_done(rooms: Rooms) -> None:
    """A copy is put back: what it lacks is told, and an erased pupil stays erased."""
    rooms.begin(3)
    copy = rooms.data.with_name("yesterday")
    rooms.school.controller.stop(signal.SIGTERM)
    rooms.school.end_broker()
    shutil.copytree(rooms.data, copy)
    rooms.school.controller.start()
    rooms.begin(5)
    rooms.lose_folder()
    shutil.copytree(copy, rooms.data)
    rooms.school.controller.start()
    rooms.all_are_there()


def test_an_erased_pupil_is_not_told_again(rooms: Rooms) -> None:
    """Erased at the running controller, then its folder is lost: a tombstone comes back."""
    rooms.begin(1)
    event, student = next(iter(rooms.marks.items()))
    erase = Program(
        rooms.data.with_name("erase.log"),
        *("lophoc-controller", "attendance", "erase", student, "--yes"),
        *("--data", str(rooms.data)),
    )
    erase.start()
    assert erase.process is not None
    assert erase.process.wait() == 0, erase.log.read_text()
    box = rooms.data.with_name(student.split("-")[0]) / "outbox.sqlite"

    def is_erased() -> bool:
        files = [box, box.with_name("outbox.sqlite-wal")]
        return any(event.encode() in file.read_bytes() for file in files) and any(
            b'"student":"-"' in file.read_bytes() for file in files
        )

    until(is_erased, "the agent has erased it")
    rooms.lose_folder()
    rooms.school.controller.start()
    rooms.marks[event] = "-"
    rooms.all_are_there()
