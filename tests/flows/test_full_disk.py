"""A disk that is really full: a page says so, and all goes on by itself once there is room."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need
from tests.flows.programs import School, get, request
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

SMALL: tuple[str, ...] = ("unshare", "-rm")  # a root of its own names: no right is needed
PLAY = """
mount -t tmpfs -o size=64m lophoc "$0" && cd "$0" || exit 9
if [ "$1" = full ]; then cat /dev/zero > fill 2> /dev/null; fi
if [ "$1" = read-only ]; then
  mount -o remount,ro "$0"
  (until [ -e "$0.mended" ]; do sleep 0.1; kill -0 $$ || exit; done; mount -o remount,rw "$0") &
fi
shift
exec "$@"
"""
WHOSE = ("--province", "14", "--school", "1")
IMPATIENT = """
import controller.app as app, controller.supervision.round_trip as trip
from controller.__main__ import main
import sys
app.DISK_AGAIN_S = trip.PROBE_EVERY_S = 0.3
trip.PATIENCE_S, trip.MEND_FIRST_S = 1.0, 0.5
sys.exit(main(sys.argv[1:]))
"""


def fill(path: Path) -> None:
    """Write until nothing more can be written."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 10):
            with suppress(OSError):
                while True:
                    file.write(b"x" * size)


def taken_by(school: School, first: int) -> list[str]:
    """The pupils from this number on whose marks the room takes, until one is refused in words."""
    taken: list[str] = []
    while True:
        pupil = str(first + len(taken))
        status, answer = school.mark(pupil)
        if status != 201:
            assert (status, answer["error"]["code"]) == (507, "outbox_refused")
            return taken
        taken.append(pupil)


class Small:
    """A controller on a disk of 64 MB.

    state: full or read-only, if it is so from the beginning. whose: its school, if it has one yet.
    """

    def __init__(self, folder: Path, state: str, whose: tuple[str, ...]) -> None:
        self.data, self.state = folder / "data", state
        self.data.mkdir()
        self.port = free_port()
        self.log = folder / "log"
        run = ["run", *whose, "--mdns", "false", "--lang", "vi"]
        ports = ["--http-port", str(self.port), "--mqtt-port", str(free_port())]
        program = [sys.executable, "-c", IMPATIENT, *run, *ports, "--data", str(self.data / "own")]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*SMALL, "sh", "-c", PLAY, str(self.data), state, *program], stdout=log, stderr=log
            )

    @property
    def disk(self) -> Path:
        """The disk, as the controller sees it."""
        return Path(f"/proc/{self.process.pid}/root{self.data}")

    def fill(self) -> None:
        """Write until nothing more can be written."""
        fill(self.disk / "fill")

    def clear(self) -> None:
        """Make room, or let it be written again."""
        self.data.with_name("data.mended").touch()
        if self.state != "read-only":
            (self.disk / "fill").unlink()

    def health(self) -> dict[str, Any]:
        """What supervision is told."""
        told = self.answer("healthz")[1]
        return told if isinstance(told, dict) else {}

    def has_deaf_broker(self) -> bool:
        """Whether the broker could not store something."""
        return "no space left" in (self.disk / "own/broker/nats.log").read_text()

    def answer(self, path: str) -> tuple[int, Any]:
        """What a browser is answered; between two pages it is away for a moment."""
        try:
            return request("GET", f"http://127.0.0.1:{self.port}/{path}")
        except OSError:
            return 0, ""


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[..., Small]]:
    """Starts one."""
    need("unshare", "util-linux")
    if subprocess.run([*SMALL, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system gives no namespace of one's own")
    made: list[Small] = []

    def start(state: str, whose: tuple[str, ...] = WHOSE) -> Small:
        made.append(Small(tmp_path, state, whose))
        return made[-1]

    yield start
    for one in made:
        one.process.terminate()
        one.process.wait(LIMIT_S)


def test_after_a_full_disk_the_broker_works_again_by_itself(
    small: Callable[..., Small],
) -> None:
    """Without a person, and without the whole program being started again."""
    school = small("empty")
    until(lambda: school.health().get("round_trip") == "ok", "it works")
    school.fill()
    until(lambda: school.health().get("round_trip") == "disk_full", "the disk is told")
    assert request("GET", f"http://127.0.0.1:{school.port}/livez")[0] == 200
    until(school.has_deaf_broker, "the broker has met the full disk, too")
    school.clear()
    until(lambda: school.health().get("status") == "ok", "all is well")
    assert "the broker answers and stores nothing" in school.log.read_text()


@pytest.fixture
def room_disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own for a room's data."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to mount a disk")
    folder = tmp_path / "agent"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=14m", "lophoc", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.wide
@pytest.mark.parametrize("is_killed", [False, True])
def test_what_a_room_with_a_full_disk_took_is_stored_and_the_rest_refused_in_words(
    room_disk: Path, *, is_killed: bool
) -> None:
    """The server is away all that time; the room may even be started anew on its full disk."""
    with School(room_disk.parent) as school:
        school.ready()
        school.controller.kill()
        fill(room_disk / "fill")
        taken = taken_by(school, 1_000_000_000)
        if is_killed:
            school.agent.kill()
            school.agent.start()
            until(lambda: get(f"{school.local}/api/v1/status"), "it is there again")
            taken += taken_by(school, 1_100_000_000)  # as far as room was left for its start
        (room_disk / "fill").unlink()
        until(lambda: school.mark("1999999999")[0] == 201, "it takes marks again")
        school.controller.start()
        wanted = sorted([*taken, "1999999999"])
        until(lambda: len(school.marks()) >= len(wanted), "all of them are stored")
        assert sorted(mark["student"] for mark in school.marks()) == wanted
        assert school.agent.log.read_text().count("outbox refuses") == 1 + is_killed


@pytest.mark.parametrize("state", ["full", "read-only"])
@pytest.mark.parametrize("whose", [WHOSE, ()], ids=["school", "nobody yet"])
def test_a_start_on_a_disk_that_takes_nothing_is_a_page_that_says_so(
    small: Callable[..., Small], state: str, whose: tuple[str, ...]
) -> None:
    """Then the controller, in the same process, once there is room; its folder may not be yet."""
    school = small(state, whose)
    until(lambda: school.health().get("error", {}).get("code") == "disk_full", "the disk is told")
    until(lambda: "đã đầy hoặc chỉ đọc" in school.answer("attendance")[1], "a page says so")
    until(lambda: school.answer("livez")[0] == 200, "it lives")
    school.clear()
    until(lambda: 200 <= school.answer("")[0] < 400, "all is well")
    assert school.process.poll() is None
    assert school.log.read_text().count("not begun, for the disk takes nothing") == 1
