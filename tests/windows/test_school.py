"""A room's Windows computer in its school: joined by a code, a lesson held, the plug pulled."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flows.programs import School, get
from tests.flows.test_joined_anew import Office
from tests.flows.test_security import open_to_the_network
from tests.flows.test_three_clicks import lessons, planned, press, view
from tests.ports import free_port
from tests.waiting import until
from tests.windows.wine import AGENT, START, WindowsProgram, Wine

EVENTS, KILL_EVERY = 300, 75


class WindowsSchool(School):
    """A controller on Linux, and one agent on Windows that is nobody's yet."""

    def __init__(self, folder: Path, wine: Wine) -> None:
        super().__init__(folder)
        open_to_the_network(self)
        self.wine, self.door = wine, free_port()
        self.controller._arguments += ["--enrol-port", str(self.door)]
        self.data = f"C:\\{folder.name}"
        keys = wine.drive / "door"
        if not keys.exists():
            keys.symlink_to(Path(os.environ["XDG_RUNTIME_DIR"]) / "lophoc")
        self.agent = WindowsProgram(
            wine,
            folder / "agent.log",
            *(*START, "run", "--data", self.data, "--door-folder", "C:\\door"),
            *("--local-port", str(self.local_port), "--mdns", "false", "--tablets", "false"),
        )

    def enrol(self, *code: str) -> str:
        """What a person runs at the room's computer, and reads then."""
        where = ("--controller", f"127.0.0.1:{self.door}", "--data", self.data)
        done = self.wine.run(*AGENT, "enrol", *code, *where)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def school(wine: Wine, tmp_path: Path) -> Iterator[WindowsSchool]:
    """Both run, and the room has joined by a code."""
    with WindowsSchool(tmp_path, wine) as made:
        until(lambda: get(f"{made.local}/api/v1/status"), "the agent answers")
        office = Office(made)
        shown = office._web.post("/enrolment", data={"room": "P203"}, params={"lang": "vi"}).text
        (code,) = re.findall(r"lophoc-agent enrol (\w{3} \w{3})", shown)
        made.enrol(*code.split())
        office.close()
        until(lambda: made.agents() and made.agents()[0]["online"], "the room is heard")
        yield made


def test_a_lesson_is_held_and_every_press_outlives_a_pulled_plug(school: WindowsSchool) -> None:
    """The lists come down, the marks go up, whatever is killed in between."""
    planned(school)
    seen = until(lambda: (now := view(school)) and now["proposal"]["classes"] and now, "the plan")
    assert seen["proposal"]["classes"] == ["10A1"]
    assert press(school, "lesson/start")["headline"] == "Đang học"
    school.agent.kill()
    school.agent.start()
    until(lambda: view(school), "it is back")
    press(school, "roll/mark", {"student": "1400000001", "status": "absent_unexcused"})
    assert press(school, "roll/confirm")["roll"]["text"] == "3/2/1"
    press(school, "roll/mark", {"student": "1400000001", "status": "late"})
    press(school, "lesson/end")
    until(lambda: school.waiting() == 0, "everything is stored")
    (lesson,) = until(lambda: lessons(school), "the lesson is known")
    assert (lesson["classes"], lesson["confirmed"]) == (["10A1"], True)
    marks = {each["student"]: each["status"] for each in school.marks()}
    assert marks["1400000001"] == "late"


@pytest.mark.timeout(1200)  # after each pulled plug Linux may hold the port for a minute
def test_no_event_of_three_hundred_is_lost_or_doubled(school: WindowsSchool) -> None:
    """The plug is pulled right after an answer, here and at the school's server."""
    students = [f"hs-{number:03}" for number in range(EVENTS)]
    for number, student in enumerate(students):
        until(lambda who=student: is_marked(school, who), f"{student} is marked")
        if number % KILL_EVERY == KILL_EVERY - 1:
            school.agent.kill()
            school.agent.start()
        if number == EVENTS // 2:
            school.controller.kill()
            school.end_broker()
        if number == EVENTS // 2 + KILL_EVERY // 2:
            school.controller.start()
    until(lambda: school.waiting() == 0, "everything is stored")
    stored = [each["student"] for each in school.marks()]
    assert sorted(stored) == students


def is_marked(school: WindowsSchool, student: str) -> bool:
    """Whether the agent says that it has it; False while it is down."""
    try:
        return school.mark(student)[0] == 201
    except OSError:
        return False
