"""The school's server is another machine: one button brings all back, and the rooms find it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from controller.access.codes import FirstCode, setup_link
from tests.browser import Page
from tests.flows.first_day import FirstDay, look_whole
from tests.flows.programs import Program, get, run_command
from tests.hostile.school import _COOKIE, _logged_in
from tests.ports import free_port
from tests.waiting import until

PASSPHRASE = "bốn con trâu qua sông"  # noqa: S105 - of a test
SCHOOL = ("--school", "00123", "--province", "14", "--name", "THCS Nguyễn Du")


class Server:
    """A machine with a controller, found by mDNS on this one."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.data = folder
        self.http, self.enrol = free_port(), free_port()
        self.base = f"http://127.0.0.1:{self.http}"
        self.program = Program(
            folder.with_suffix(".log"),
            *("lophoc-controller", "run", "--data", str(folder), "--lang", "vi", *options),
            *("--http-port", str(self.http), "--mqtt-port", str(free_port())),
            *("--enrol-port", str(self.enrol)),
        )

    def code(self) -> str:
        """A code of its sheet, for room 6A1."""
        cookies = {_COOKIE: _logged_in(self.data)}
        headers = {"Origin": self.base}
        with httpx.Client(base_url=self.base, cookies=cookies, headers=headers) as web:
            form = {"rooms": "6A1"}
            web.post("/enrolment/codes", data=form)
            shown = web.get("/enrolment/codes").text
        found: list[str] = re.findall(r'class="code">(\w{4} \w{4})<', shown)
        return found[0]


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[tuple[Program, int]]:
    """A room's computer, and the port of its page."""
    local = free_port()
    program = Program(
        tmp_path / "agent.log",
        *("lophoc-agent", "run", "--data", str(tmp_path / "agent")),
        *("--local-port", str(local), "--tablets", "false", "--lang", "vi"),
    )
    yield program, local
    program.close()


@pytest.mark.wide(
    "tests/hostile/test_false_controller.py::test_whose_server_has_moved_finds_it_in_each_of_seven_starts"
)
@pytest.mark.parametrize("is_sent", [False, True], ids=["stick", "sent"])
def test_a_moved_server_is_found_by_its_key(
    page: Page, tmp_path: Path, agent: tuple[Program, int], *, is_sent: bool
) -> None:
    """Other ports, another folder; the room is told nothing, and comes by the pinned authority."""
    program, local = agent
    stick, secret = tmp_path / "stick", tmp_path / "secret"
    stick.mkdir()
    old = Server(tmp_path / "old", *SCHOOL, "--copies", str(stick))
    new = Server(tmp_path / "new")
    secret.write_text(PASSPHRASE, "utf-8")

    def is_online() -> bool:
        status = get(f"http://127.0.0.1:{local}/api/v1/status")
        return bool(status and status["link"]["connected"] and status["room"] == "6A1")

    with ExitStack() as stack:
        old.program.start()
        stack.callback(old.program.close)
        until(lambda: get(f"{old.base}/healthz"), "the old server answers")
        where = ("--controller", f"127.0.0.1:{old.enrol}", "--data", str(tmp_path / "agent"))
        run_command("lophoc-agent", "enrol", old.code(), *where).check_returncode()
        program.start()
        until(is_online, "the room speaks with the old server")
        copy = ("backup", "--to", str(stick), "--passphrase-file", str(secret))
        run_command("lophoc-controller", *copy, "--data", str(old.data)).check_returncode()
        old.program.stop()
        until(lambda: not is_online(), "the room misses it")
        new.program.start()
        stack.callback(new.program.close)
        until(lambda: get(f"{new.base}/livez"), "the new server answers")
        day = FirstDay(page, new.base, look_whole)
        day.make_account(setup_link(new.base, FirstCode(new.data).read()))
        full = max(stick.rglob("*-full.copy"))
        day.move_here(full if is_sent else stick, PASSPHRASE)
        assert "Nguyễn Du" in page.see("document.body.innerText")
        until(is_online, "the room has found the new server")
        assert (new.data / "before-restore-1" / "lophoc.db").exists()
        assert PASSPHRASE not in new.program.log.read_text("utf-8")
