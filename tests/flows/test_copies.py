"""The server's machine is gone: a new one, a copy and a passphrase bring the school back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.controller.fresh import fresh_folder
from tests.flows.programs import Program, get, request, run_command
from tests.ports import free_port
from tests.waiting import until

ROOMS = ("P201", "P202", "P203")
PASSPHRASE = "bốn từ không liên quan"  # noqa: S105


class ThreeRooms:
    """A controller that the network can reach, and three agents, each with a password."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data, self.place = fresh_folder(folder / "controller"), folder / "stick"
        self.place.mkdir()
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE, "utf-8")
        self.http, self.mqtt = free_port(), free_port()
        self.api = f"http://127.0.0.1:{self.http}"
        self.controller = Program(
            folder / "controller.log",
            *("lophoc-controller", "run", "--data", str(self.data), "--mdns", "false"),
            *("--school", "00140708", "--province", "14", "--name", "THPT Chuyên"),
            *("--http-port", str(self.http), "--mqtt-port", str(self.mqtt)),
            *("--mqtt-host", "0.0.0.0", "--copies", str(self.place)),  # noqa: S104
        )
        self.local = {room: f"http://127.0.0.1:{free_port()}" for room in ROOMS}
        self.agents = {room: self._agent(room) for room in ROOMS}

    def _agent(self, room: str) -> Program:
        password = self.folder / f"{room}.password"
        password.write_text(self.said("agents", "add", room, "--data", str(self.data)))
        return Program(
            self.folder / f"{room}.log",
            *("lophoc-agent", "run", "--data", str(self.folder / room), "--agent-id", room),
            *("--broker", f"mqtt://{room}@127.0.0.1:{self.mqtt}"),
            *("--broker-password-file", str(password), "--room", room),
            *("--school", "00140708", "--province", "14", "--mdns", "false"),
            *("--tablets", "false", "--local-port", self.local[room].rpartition(":")[2]),
        )

    def said(self, *words: str) -> str:
        """What a command of the controller's answers."""
        done = run_command("lophoc-controller", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def mark(self, room: str, pupil: str) -> None:
        """A teacher's press."""
        body = {"student": pupil, "status": "present", "method": "manual"}
        until(lambda: get(f"{self.local[room]}/api/v1/status"), "the agent answers")
        assert request("POST", f"{self.local[room]}/api/v1/attendance", body)[0] == 201

    def marks(self) -> set[str]:
        """Whose marks the controller has."""
        page = get(f"{self.api}/api/v1/attendance?limit=1000")
        return {each["student"] for each in page["items"]} if page else set()

    def online(self) -> set[str]:
        """The rooms that are connected."""
        page = get(f"{self.api}/api/v1/agents")
        return {each["room"] for each in page["items"] if each["online"]} if page else set()

    def standing(self) -> dict[str, Any]:
        """What the controller knows about its copies."""
        path = self.data / "copies" / "standing.json"
        told: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
        return told

    def close(self) -> None:
        """Leave no process behind."""
        for program in (*self.agents.values(), self.controller):
            if not program.ended():
                program.stop()


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[ThreeRooms]:
    """All of it running."""
    three = ThreeRooms(tmp_path)
    try:
        for program in (three.controller, *three.agents.values()):
            program.start()
        yield three
    finally:
        three.close()


@pytest.mark.wide(
    "tests/controller/copies/test_copying.py::test_a_restore_gives_the_newest_moment_that_is_whole"
)
def test_three_rooms_come_back_by_themselves_from_a_copy(rooms: ThreeRooms) -> None:
    """Same passwords, same ids; what came after the copy and is still held comes again."""
    until(rooms.online, "all rooms are connected", holds=lambda online: online == {*ROOMS})
    before = {f"hs-{room}" for room in ROOMS}
    for room in ROOMS:
        rooms.mark(room, f"hs-{room}")
    until(rooms.marks, "all marks are stored", holds=lambda marks: marks == before)
    to = ("--data", str(rooms.data), "--to", str(rooms.place))
    assert "full.copy" in rooms.said("backup", *to, "--passphrase-file", str(rooms.passphrase))
    assert request("POST", f"{rooms.api}/copies/now")[0] == 200
    until(lambda: rooms.standing().get("rehearsal"), "a restore was tried")
    assert rooms.standing()["rehearsal"]["trouble"] is None
    assert rooms.standing()["rehearsal"]["rows"] > len(ROOMS)
    _, page = request("GET", f"{rooms.api}/?lang=en")
    assert "Last copy elsewhere: 0 minutes ago" in page
    assert "Restore tested on" in page

    rooms.controller.stop()
    for room in ROOMS:
        rooms.mark(room, f"hs-{room}-held")
    shutil.rmtree(rooms.data)
    data = rooms.folder / "new"
    with_it = ("--passphrase-file", str(rooms.passphrase))
    told = rooms.said("restore", str(rooms.place), "--data", str(data), *with_it)
    assert "controller.toml" in told

    again = ("--config", str(data / "settings" / "controller.toml"), "--data", str(data))
    rooms.controller = Program(
        rooms.folder / "again.log", "lophoc-controller", "run", *again
    ).start()
    until(rooms.online, "the rooms are back", holds=lambda online: online == {*ROOMS})
    after = before | {f"hs-{room}-held" for room in ROOMS}
    until(rooms.marks, "nothing is lost", holds=lambda marks: marks == after)
    assert (data / "agents.json").stat().st_mode & 0o777 == 0o600
