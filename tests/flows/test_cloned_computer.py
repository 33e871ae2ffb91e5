"""A computer's data folder is copied to another one: both go on, and each is told of the other."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from tests.flows.programs import Program, School, get, request
from tests.flows.test_joined_anew import Office, enrol, is_marked, is_online, notices, told
from tests.ports import free_port
from tests.waiting import until


@pytest.fixture
def school(tmp_path: Path) -> School:
    """A school whose room goes by its settings until it joins."""
    return School(tmp_path)


def test_two_computers_of_one_disk_go_on_and_are_named(school: School) -> None:
    """Connected both, told of each other, and what each records is stored once."""
    door, local_port = free_port(), free_port()
    school.controller._arguments += ["--enrol-port", str(door)]
    second = Program(
        school.folder / "second.log",
        *("lophoc-agent", "run", "--data", str(school.folder / "second")),
        *("--local-port", str(local_port), "--mdns", "false", "--tablets", "false"),
    )
    local = f"http://127.0.0.1:{local_port}"
    with school, ExitStack() as stack:
        until(lambda: is_online(school), "the room goes on by its settings")
        office = stack.enter_context(closing(Office(school)))
        enrol(school, office.code_in_place_of("p203"), door)
        until(lambda: office.is_asked("p203"), "it has joined", holds=lambda it: not it)
        told(school, "hs-1")
        school.agent.stop()
        shutil.copytree(school.folder / "agent", school.folder / "second")
        marks = [school.agent.log, second.log]
        school.agent.start()
        until(lambda: is_online(school), "the room is heard")
        second.start()
        try:
            until(lambda: notices(school), "one is told", holds=lambda it: "identity_shared" in it)
            until(lambda: notices_at(local), "so is the other", holds=_is_told)
            body = {"student": "hs-9", "status": "present", "method": "manual"}
            until(lambda: request("POST", f"{local}/api/v1/attendance", body)[0] == 201, "marked")
            until(lambda: is_marked(school, "hs-2"), "it is marked at the other")
            until(
                lambda: sorted(each["student"] for each in school.marks()),
                "all are stored once",
                holds=lambda it: it == ["hs-1", "hs-2", "hs-9"],
            )
            for path in ("/connections", "/rooms/P203"):
                assert "(127.0.0.1) / " in office.page(path), path
            assert [log.read_text().count(" lost: ") for log in marks] == [0, 0]
        finally:
            second.close()


def notices_at(local: str) -> str:
    """What the teacher reads there, in one text."""
    seen = get(f"{local}/api/v1/teacher?lang=vi")
    return " ".join(each["sentence"] for each in seen["notices"]) if seen else ""


def _is_told(text: str) -> bool:
    return "Máy khác dùng chung danh tính với máy này" in text and "127.0.0.1" in text
