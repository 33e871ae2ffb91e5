"""Whatever step of its start a controller dies at, each room goes on holding what it held.

As a program it dies at every step: python -m tests.flows.test_killed_starts.
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

import pytest

from controller.database.store import Store
from controller.roster.plan import Lists, Schedule, SchoolClass
from controller.roster.store import keep_lists, keep_schedule
from protocol.model import Place
from protocol.plan import Bell, Booking, Pupil
from tests.controller.fresh import fresh_folder
from tests.flows.killed_starts import RETURN, STEPS, Starts, Step
from tests.flows.programs import Program, School, get, request
from tests.ports import free_port
from tests.waiting import until

SINCE = datetime(2026, 9, 1, tzinfo=UTC)
PLACE = Place("14", "00140708")
ROOMS = {"P203": "10A1", "P204": "10A2"}
WEEK = (1, 2, 3, 4, 5, 6, 7)
# The suite's steps, the program takes all: before anything is read, while it is, and long after.
FEW = tuple(step for step in STEPS if step.name in {"prepare_batches", "PlanListener.load"})


class Held(NamedTuple):
    """What a room has of its school, and of its own lesson."""

    classes: tuple[str, ...]
    proposed: tuple[str, ...]
    lesson: str
    roll: tuple[tuple[str, str], ...]


def held_in(view: dict[str, Any]) -> Held:
    """Out of what the teacher sees."""
    roll = view["roll"] or {"lines": []}
    return Held(
        tuple(view["proposal"]["all"]),
        tuple(view["proposal"]["classes"]),
        view["meant"]["lesson"],
        tuple((line["student"], line["status"]) for line in roll["lines"]),
    )


class Room:
    """An agent, and everything that its page has shown."""

    def __init__(self, folder: Path, school: School, name: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/v1"
        self.seen: list[Held] = []
        self.program = Program(
            folder / f"{name}.log",
            *("lophoc-agent", "run", "--data", str(folder / name), "--room", name),
            *("--broker", f"mqtt://127.0.0.1:{school.mqtt_port}", "--agent-id", name.lower()),
            *("--school", PLACE.school, "--province", PLACE.province),
            *("--local-port", str(self.port), "--mdns", "false", "--tablets", "false"),
        )
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self.program.start()
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.program.close()
        self._watch.join()

    def view(self, after: object = "") -> dict[str, Any] | None:
        """What the page shows, or shows next."""
        view: dict[str, Any] | None = get(f"{self.url}/teacher?after={after}")
        return view

    def post(self, path: str, body: object) -> None:
        """Press something."""
        status, answer = request("POST", f"{self.url}/{path}", body)
        assert status == 200, answer

    def _look(self) -> None:
        rev: object = ""
        while not self._over.wait(0.02):
            if (view := self.view(rev)) and view["rev"] != rev:
                rev = view["rev"]
                self.seen.append(held_in(view))


def give_lists(school: School, *numbers: int) -> None:
    """The office's plan, so many pupils in each class."""
    with Store(f"sqlite:///{school.folder / 'controller' / 'lophoc.db'}") as store:
        classes = tuple(
            SchoolClass(
                code=code,
                pupils=tuple(Pupil(number=n, student=f"{code}-{n}") for n in numbers),
            )
            for code in ROOMS.values()
        )
        timetable = tuple(
            Booking(weekday=day, period=1, room=room, classes=(code,))
            for day in WEEK
            for room, code in ROOMS.items()
        )
        bells = (Bell(period=1, begins="00:00", ends="23:59", weekdays=WEEK),)
        schedule = Schedule(bells=bells, timetable=timetable)
        store.write(keep_schedule, PLACE, schedule, SINCE)
        store.write(keep_lists, PLACE, Lists(classes=classes), day="2026-09-05")


@contextmanager
def two_rooms(folder: Path) -> Iterator[tuple[School, Starts, list[Room]]]:
    """A school whose plan has reached both rooms; a lesson with a mark runs in the first."""
    school = School(folder)
    fresh_folder(folder / "controller")
    starts = Starts(school.controller._arguments, school.controller.log)
    with ExitStack() as stack:
        stack.callback(school.end_broker)
        give_lists(school, 1, 2, 3)
        running = starts.begin()
        stack.callback(running.kill)
        rooms = [stack.enter_context(Room(folder, school, name)) for name in ROOMS]
        for room in rooms:
            until(
                lambda one=room: (one.view() or {"proposal": {"all": []}})["proposal"]["all"],
                "its plan",
            )
        rooms[0].post("lesson/start", {})
        rooms[0].post("roll/mark", {"student": "10A1-2", "status": "late"})
        running.kill()
        running.join()
        yield school, starts, rooms


def wrongs_of(folder: Path, steps: Iterable[Step]) -> list[str]:
    """What a room lost by a start that died, and by the one that did not."""
    wrong: list[str] = []
    with two_rooms(folder) as (school, starts, rooms):
        before = [held_in(room.view() or {}) for room in rooms]
        for room in rooms:
            room.seen.clear()
        for step in steps:
            _restart(rooms)
            process = starts.begin(step)
            process.join(30)
            if process.is_alive():
                process.kill()
                process.join()
                wrong.append(f"{step}: never taken")
            school.end_broker()
            wrong += _others(rooms, before, str(step))
        give_lists(school, 1, 2, 3, 4)
        _restart(rooms)
        running = starts.begin()
        try:
            fourth = ("10A1-4", "present")
            until(
                lambda: (view := rooms[0].view()) and fourth in held_in(view).roll,
                "the store's plan is in the room",
            )
        finally:
            running.kill()
            running.join()
        after = [before[0]._replace(roll=(*before[0].roll, fourth)), before[1]]
        for room, *right in zip(rooms, before, after, strict=True):
            wrong += [f"the last start: {one}" for one in room.seen if one not in right]
    return wrong


def _restart(rooms: list[Room]) -> None:
    """Rooms that have just begun are there as soon as the controller is, before it has looked."""
    for room in rooms:
        room.program.kill()
        room.program.start()


def _others(rooms: list[Room], before: list[Held], when: str) -> list[str]:
    """What rooms have shown meanwhile that they did not hold before."""
    wrong = []
    for room, right in zip(rooms, before, strict=True):
        wrong += [f"{when}: {one}" for one in {*room.seen} - {right}]
        room.seen.clear()
    return wrong


@pytest.mark.wide
def test_a_start_that_dies_anywhere_takes_nothing_from_a_room(tmp_path: Path) -> None:
    """No list, no lesson and no mark, not even for a moment; then the store's plan comes."""
    assert wrongs_of(tmp_path, FEW) == []


def test_each_step_is_a_function_of_the_program() -> None:
    """A step that was renamed would be taken by nobody."""
    import importlib  # noqa: PLC0415 - here alone

    for step in STEPS:
        found: Any = importlib.import_module(step.module)
        for part in step.name.split("."):
            found = getattr(found, part)
        assert callable(found), step
        assert step.when in {"call", RETURN}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        found = wrongs_of(Path(folder), STEPS)
    sys.stdout.write("\n".join([*found, f"{len(found)} wrong of {len(STEPS)} steps\n"]))
    raise SystemExit(bool(found))
