"""A room of today's goes on, is asked to join, joins; and keeps its history when it is set up anew.

By the real programs, the office's page and the commands that a person runs.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import httpx
import pytest

from protocol.credential import CREDENTIAL
from tests.flows.programs import Program, School, get, run_command
from tests.flows.test_security import give_password, open_to_the_network
from tests.flows.test_three_clicks import command
from tests.hostile.school import _COOKIE, _logged_in
from tests.ports import free_port
from tests.waiting import until


class Office:
    """Who makes codes on the controller's page."""

    def __init__(self, school: School) -> None:
        cookies = {_COOKIE: _logged_in(school.folder / "controller")}
        headers = {"Origin": school.api}
        self._web = httpx.Client(
            base_url=school.api, cookies=cookies, headers=headers, follow_redirects=True
        )

    def close(self) -> None:
        """Log out."""
        self._web.close()

    def page(self, path: str = "/enrolment") -> str:
        """A page as it reads it."""
        return self._web.get(path, params={"lang": "vi"}).text

    def is_asked(self, agent: str) -> bool:
        """Whether the page names it among those that have not joined."""
        return f'data-typed="{agent}"' in self.page()

    def code_in_place_of(self, agent: str) -> list[str]:
        """The code by which a computer takes that one's place and name."""
        form = {"room": "P203", "replaces": agent}
        shown = self._web.post("/enrolment", data=form, params={"lang": "vi"}).text
        (code,) = re.findall(r"lophoc-agent enrol (\w{3} \w{3})", shown)
        return str(code).split()


def enrol(school: School, code: list[str], door: int) -> None:
    """What a person runs at the room's computer."""
    where = ("--controller", f"127.0.0.1:{door}", "--data", str(school.folder / "agent"))
    run_command("lophoc-agent", "enrol", *code, *where).check_returncode()


def is_online(school: School) -> bool:
    """Whether the school hears the room, and nobody else by its name."""
    agents = school.agents()
    return [(each["agent_id"], each["room"], each["online"]) for each in agents] == [
        ("p203", "P203", True)
    ]


def notices(school: School) -> set[str]:
    """What the teacher reads above the lesson, by code."""
    seen = get(f"{school.local}/api/v1/teacher?lang=vi")
    return {each["code"] for each in seen["notices"]} if seen else set()


def told(school: School, *students: str) -> None:
    """Mark one more, and see all of them stored, as one room's."""
    until(lambda: is_marked(school, students[-1]), "it is marked")
    rows = [("p203", student) for student in students]
    until(
        lambda: sorted((each["agent_id"], each["student"]) for each in school.marks()),
        "all are stored",
        holds=lambda it: it == rows,
    )


def is_marked(school: School, student: str) -> bool:
    """Mark one, or see that it was: a room on its way to another place cuts its answers off."""
    try:
        return school.mark(student)[0] == 201
    except OSError:
        until(school.waiting, "the room has sent what it heard", holds=lambda it: it == 0)
        return any(mark["student"] == student for mark in school.marks())


def signed(school: School) -> list[int]:
    """How long the log was at each head that was signed, by the key that did."""
    with closing(sqlite3.connect(school.folder / "controller" / "lophoc.db")) as db:
        found = db.execute(
            "SELECT max(links) FROM chain_heads WHERE signature != '' GROUP BY \"key\" ORDER BY 1"
        )
        return [links for (links,) in found]


@pytest.fixture
def school(tmp_path: Path) -> School:
    """As it was installed before rooms could join: an address and a password in its settings."""
    made = School(tmp_path)
    open_to_the_network(made)
    made.agent._arguments += ["--broker-password-file", str(give_password(made, "p203"))]
    return made


def test_a_typed_password_goes_on_and_a_reimaged_computer_takes_up_its_room(school: School) -> None:
    """Upgraded, asked, joined while it runs; then another disk, and all is one room's history."""
    door = free_port()
    school.controller._arguments += ["--enrol-port", str(door)]
    with school, ExitStack() as stack:
        until(lambda: is_online(school), "the room goes on by its password")
        told(school, "hs-1")
        office = stack.enter_context(closing(Office(school)))
        assert office.is_asked("p203")
        until(lambda: notices(school), "the teacher is asked", holds=lambda it: "invited" in it)

        enrol(school, office.code_in_place_of("p203"), door)
        until(lambda: office.is_asked("p203"), "it has joined", holds=lambda it: not it)
        until(lambda: notices(school), "nobody is asked", holds=lambda it: "invited" not in it)
        until(lambda: is_online(school), "the room is heard")
        told(school, "hs-1", "hs-2")
        until(lambda: signed(school), "the old disk has signed", holds=lambda it: it == [2])

        school.agent.kill()
        old = (school.folder / "agent" / CREDENTIAL).read_bytes()
        shutil.rmtree(school.folder / "agent")
        school.agent = Program(
            school.folder / "agent-anew.log",
            *("lophoc-agent", "run", "--data", str(school.folder / "agent")),
            *("--local-port", str(school.local_port), "--mdns", "false", "--tablets", "false"),
        ).start()
        until(lambda: notices(school), "it is nobody's", holds=lambda it: "not_enrolled" in it)
        enrol(school, office.code_in_place_of("p203"), door)
        until(lambda: is_online(school), "the room is heard")
        told(school, "hs-1", "hs-2", "hs-3")
        until(lambda: signed(school), "the new one, too", holds=lambda it: it == [1, 2])
        assert command(school, "attendance", "verify", "--json")["holds"]

        school.agent.kill()
        (school.folder / "agent" / CREDENTIAL).write_bytes(old)
        school.agent.start()
        until(
            lambda: school.agent.log.read_text(), "the old one is out",
            holds=lambda it: "refused" in it,
        )  # fmt: skip
