"""A department as several processes on one PostgreSQL: an ingest and two workers for the pages."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psutil
import pytest

from protocol.errors import EXIT_PASSING, EXIT_SETTINGS
from tests.controller.fresh import fresh_folder
from tests.flows.programs import Program, run_command
from tests.ports import free_port
from tests.postgres import Cluster
from tests.waiting import until

DEPARTMENT, SCHOOL = "so-14", "00140708"


class Roles(NamedTuple):
    """The programs, and how the pages are asked."""

    ingest: Program
    second: Program
    web: Program
    school: Program
    pages: httpx.Client
    folder: Path

    def get(self, path: str) -> Any:
        """What a page's door answers; None while it does not."""
        try:
            answer = self.pages.get(path)
        except httpx.TransportError:
            return None
        return answer.json() if answer.status_code == 200 else None

    def schools(self) -> list[dict[str, Any]]:
        """What the department shows of its schools."""
        told = self.get("/api/v1/schools")
        return list(told["items"]) if told else []

    def workers(self) -> list[psutil.Process]:
        """The processes that serve the pages."""
        return psutil.Process(self.web.pid).children()


@pytest.fixture
def roles(tmp_path: Path, cluster: Cluster, template: str) -> Iterator[Roles]:
    """All of them, started; the school tells the department by a real broker."""
    database, mqtt, http = cluster.fresh(template), free_port(), free_port()
    fresh_folder(tmp_path / "school")
    own = ("--province", "14", "--school", DEPARTMENT, "--role", "department", "--mdns", "false")
    shared = (*own, "--database", database, "--data", str(tmp_path / "department"))

    def program(name: str, *words: str) -> Program:
        return Program(tmp_path / f"{name}.log", "lophoc-controller", *words)

    hears = ("--mqtt-port", str(mqtt), "--http-port", str(http))
    ingest = program("ingest", "ingest", *shared, *hears)
    elsewhere = ("--data", str(tmp_path / "elsewhere"), "--mqtt-port", str(free_port()))
    second = program("second", "ingest", *own, "--database", database, *elsewhere)
    web = program("web", "web", "--workers", "2", *shared, "--http-port", str(http))
    school = program(
        "school", "run", *("--province", "14", "--school", SCHOOL, "--mdns", "false"),
        *("--data", str(tmp_path / "school"), "--http-port", str(free_port())),
        *("--mqtt-port", str(free_port()), "--upstream", f"mqtt://127.0.0.1:{mqtt}"),
        *("--upstream-department", DEPARTMENT),
    )  # fmt: skip
    try:
        ingest.start()
        until(lambda: "ingest alone" in ingest.log.read_text(), "the ingest hears")
        web.start()
        school.start()
        shown = {"Authorization": f"Bearer {_token(tmp_path / 'department', database)}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{http}", headers=shown) as pages:
            yield Roles(ingest, second, web, school, pages, tmp_path)
    finally:
        for one in (school, second, web, ingest):
            one.close()


def _token(data: Path, database: str) -> str:
    """A token by which a program may ask for all that this test looks at."""
    told = run_command(
        *(
            "lophoc-controller",
            "token",
            "create",
            "flow",
            "--days",
            "9",
            "--data",
            str(data),
            "--json",
        ),
        *("--may", "manage,department,school,book"),
        LOPHOC_CONTROLLER_PROVINCE="14",
        LOPHOC_CONTROLLER_SCHOOL=DEPARTMENT,
        LOPHOC_CONTROLLER_DATABASE=database,
    )
    assert told.returncode == 0, told.stderr
    return str(json.loads(told.stdout)["text"])


@pytest.mark.wide(
    "tests/controller/roles/test_roles_parts.py::test_who_asks_of_a_dead_ingest_is_told_so"
)
def test_pages_go_on_while_either_side_is_killed_and_comes_back(roles: Roles) -> None:
    """What a school tells is shown by the workers; that an ingest is dead is said, and no more."""
    until(roles.schools, "the school is shown")
    health = until(lambda: roles.get("/healthz"), "all is well")
    assert health["broker"] == "connected"
    # One ingest a database: the second is told so, in a way that a service takes over by.
    roles.second.start()
    until(roles.second.ended, "the second ingest is refused")
    assert roles.second.process is not None
    assert roles.second.process.wait() == EXIT_PASSING
    assert "Another ingest works on this database" in roles.second.log.read_text()
    # A worker dies: another takes its place, and pages go on.
    before = {one.pid for one in roles.workers()}
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len({one.pid for one in roles.workers()} - before) == 1, "a new worker")
    assert until(roles.schools, "pages go on")
    # The page that needs the ingest is answered by it.
    assert roles.pages.get("/connections").status_code == 200
    roles.ingest.kill()
    assert roles.schools()
    lost = until(lambda: _degraded(roles), "the workers say that the ingest is lost", limit_s=60)
    assert lost["ingest"] == "lost"
    # Whoever waited takes over.
    roles.second.start()
    until(lambda: "ingest alone" in roles.second.log.read_text(), "the second ingest")
    roles.second.stop()
    roles.ingest.start()
    until(lambda: roles.get("/healthz"), "the ingest is back")
    assert roles.pages.get("/connections").status_code == 200
    for one in (roles.web, roles.ingest):
        assert one.stop() == 0
    logs = "".join(one.log.read_text() for one in (roles.web, roles.ingest, roles.second))
    assert "Traceback" not in logs


def _degraded(roles: Roles) -> dict[str, Any] | None:
    answer = roles.pages.get("/healthz")
    return answer.json() if answer.status_code == 503 else None


def test_workers_need_a_server(tmp_path: Path) -> None:
    """A SQLite file is one process's: the refusal says what to do, and is final."""
    own = ("--province", "14", "--school", DEPARTMENT, "--data", str(tmp_path / "data"))
    for role in ("web", "ingest"):
        done = run_command("lophoc-controller", role, *own, "--http-port", str(free_port()))
        assert done.returncode == EXIT_SETTINGS, done.stderr
        assert "PostgreSQL" in done.stderr
