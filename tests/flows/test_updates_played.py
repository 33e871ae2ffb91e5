"""A version goes through a school of thirty rooms, of which one cannot run it; nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from agent.updates import launcher, updating
from controller.broker.authority import Authority
from protocol.version import BUILD
from tests.controller.fresh import fresh_folder
from tests.flows.light_rooms import PROVINCE, SCHOOL, LightRoom, lay_first_out
from tests.flows.programs import get, run_command
from tests.ports import free_port
from tests.update_packages import PUBLIC, lay_out, packed
from tests.waiting import until

NEW = "0.2.0+20261130.111923.9120b954"
ROOMS = 30
FIRST, UNABLE = "r01", "r17"
WELL_MS = 1_500  # a stage's quiet time; a school waits for minutes


def _quick_controller(arguments: list[str], log: str) -> None:
    """A controller in whose rollouts the quiet time of a stage is short."""
    from controller.__main__ import main  # noqa: PLC0415 - preloaded by the server of forks
    from controller.updates import feature, rollout  # noqa: PLC0415 - likewise

    rollout.WELL_MS = WELL_MS  # type: ignore[misc]  # a test's
    feature.ADVANCE_S = 0.2  # type: ignore[misc]  # likewise
    with Path(log).open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.exit(main(arguments))


def _works(room: str, version: str) -> bool:
    return (room, version) != (UNABLE, NEW)


class Server:
    """The school's server, and what its administrator runs there."""

    def __init__(self, folder: Path) -> None:
        self.data = fresh_folder(folder / "controller")
        self.http, self.mqtt, self.updates = free_port(), free_port(), free_port()
        arguments = [
            *("run", "--data", str(self.data), "--mdns", "false"),
            *("--school", SCHOOL, "--province", PROVINCE, "--update-keys", PUBLIC),
            *("--http-port", str(self.http), "--mqtt-port", str(self.mqtt)),
            *("--enrol-port", str(free_port()), "--updates-port", str(self.updates)),
        ]
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["controller.__main__", "controller.app"])
        self.process: BaseProcess = context.Process(
            target=_quick_controller, args=(arguments, str(folder / "controller.log"))
        )

    def all(self, what: str) -> list[dict[str, Any]]:
        """Every item of a list."""
        page = get(f"http://127.0.0.1:{self.http}/api/v1/{what}?limit=1000")
        return page["items"] if page else []

    def command(self, *words: str) -> str:
        """What the command of updates answers."""
        done = run_command("lophoc-controller", "updates", *words, "--data", str(self.data))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def told(self) -> dict[str, str]:
        """How far each room is with the version, in words; "" how the version is."""
        lines = self.command("list").splitlines()
        rows = [line.split("\t") for line in lines]
        rooms = {row[0]: row[1] for row in rows if len(row) == 2}
        return rooms | {"": next(row[1] for row in rows if len(row) == 3)}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A school's server at work."""
    server = Server(tmp_path)
    server.process.start()
    try:
        until(lambda: get(f"http://127.0.0.1:{server.http}/healthz"), "the server answers")
        yield server
    finally:
        server.process.terminate()
        server.process.join()


@pytest.mark.wide(
    "tests/controller/updates/test_rollout.py::test_who_always_fails_hinders_no_other"
)
def test_of_thirty_rooms_one_goes_back_and_nothing_is_lost(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of them are as 0.1.0 left them, with what it never could tell; one press goes on."""
    monkeypatch.setattr(updating, "RETRY_S", 0.5)  # all of them have one address here
    monkeypatch.setattr(launcher, "_watch", lambda *_: None)  # it would end this very process
    names = [f"r{number:02}" for number in range(1, ROOMS + 1)]
    expected: list[str] = []
    for name in names[::2]:
        expected += lay_first_out(tmp_path / name, name, name.upper())
    authority = Authority(server.data).file
    rooms = {
        name: LightRoom(
            tmp_path / name, name, server.mqtt, authority, works=partial(_works, name)
        )
        for name in names
    }  # fmt: skip
    try:
        for room in rooms.values():
            room.start()
        until(
            lambda: [one["agent_id"] for one in server.all("agents") if one["online"]],
            "all are there", holds=lambda online: len(online) == ROOMS,
        )  # fmt: skip
        update = packed(lay_out(tmp_path / "root", NEW, "main = int\n"), tmp_path, NEW)
        server.command("add", str(update), "--update-keys", PUBLIC)
        server.command("begin", NEW, "--room", FIRST.upper())
        ended = until(server.told, "it stops by itself", holds=lambda told: told[""] == "stopped")
        assert "went back" not in ended[FIRST]
        assert rooms[UNABLE].starts == [BUILD, NEW, BUILD]
        server.command("go-on")

        def versions() -> dict[str, str]:
            return {one["agent_id"]: one["version"] for one in server.all("agents")}

        until(
            versions, "all others run it",
            holds=lambda seen: sum(version == NEW for version in seen.values()) == ROOMS - 1,
        )  # fmt: skip
        until(lambda: not any(room.waiting for room in rooms.values()), "nothing waits in a room")
        assert versions()[UNABLE] == BUILD
        assert server.told()[UNABLE] == ended[UNABLE]
        for name, room in rooms.items():
            assert room.starts == [BUILD, NEW] if name != UNABLE else [BUILD, NEW, BUILD]
            expected += room.marked
        stored = [one["event_id"] for one in server.all("attendance")]
        stored += [one["event_id"] for one in server.all("events")]
        assert {*expected} <= {*stored}
        marks = [one["event_id"] for one in server.all("attendance")]
        assert len(marks) == len({*marks}) == ROOMS * 2 + 1 + 3 * len(names[::2])
    finally:
        for room in rooms.values():
            room.end()
    assert [room.faults for room in rooms.values() if room.faults] == []
