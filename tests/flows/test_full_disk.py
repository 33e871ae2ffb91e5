"""A disk that is really full: a page says so, and all goes on by itself once there is room."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import need
from tests.flows.programs import request
from tests.ports import free_port
from tests.waiting import LIMIT_S, until

SMALL: tuple[str, ...] = ("unshare", "-rm")  # a root of its own names: no right is needed
PLAY = """
mount -t tmpfs -o size=64m lophoc "$0" && cd "$0" || exit 9
if [ "$1" = full ]; then cat /dev/zero > fill 2> /dev/null; fi
shift
exec "$@"
"""
IMPATIENT = """
import controller.app as app, controller.supervision.round_trip as trip
from controller.__main__ import main
import sys
app.DISK_AGAIN_S = trip.PROBE_EVERY_S = 0.3
trip.PATIENCE_S, trip.MEND_FIRST_S = 1.0, 0.5
sys.exit(main(sys.argv[1:]))
"""


class Small:
    """A controller on a disk of 64 MB. state: full, if it is so from the beginning."""

    def __init__(self, folder: Path, state: str) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self.port = free_port()
        self.log = folder / "log"
        run = ["run", "--province", "14", "--school", "1", "--mdns", "false", "--lang", "en"]
        ports = ["--http-port", str(self.port), "--mqtt-port", str(free_port())]
        program = [sys.executable, "-c", IMPATIENT, *run, *ports, "--data", str(self.data)]
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
        with (self.disk / "fill").open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 10):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def clear(self) -> None:
        """Make room."""
        (self.disk / "fill").unlink()

    def health(self) -> dict[str, Any]:
        """What supervision is told."""
        try:
            told: dict[str, Any] = request("GET", f"http://127.0.0.1:{self.port}/healthz")[1]
        except OSError:
            return {}
        return told


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[[str], Small]]:
    """Starts one."""
    need("unshare", "util-linux")
    if subprocess.run([*SMALL, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system gives no namespace of one's own")
    made: list[Small] = []

    def start(state: str) -> Small:
        made.append(Small(tmp_path, state))
        return made[-1]

    yield start
    for one in made:
        one.process.terminate()
        one.process.wait(LIMIT_S)


def test_after_a_full_disk_the_broker_works_again_by_itself(
    small: Callable[[str], Small],
) -> None:
    """Without a person, and without the whole program being started again."""
    school = small("empty")
    until(lambda: school.health().get("round_trip") == "ok", "it works")
    school.fill()
    until(lambda: school.health().get("round_trip") == "disk_full", "the disk is told")
    assert request("GET", f"http://127.0.0.1:{school.port}/livez")[0] == 200
    school.clear()
    until(lambda: school.health().get("status") == "ok", "all is well")
    assert "the broker answers and stores nothing" in school.log.read_text()


def test_a_start_on_a_full_disk_is_a_page_that_says_so(small: Callable[[str], Small]) -> None:
    """Then the controller, in the same process, once there is room."""
    school = small("full")
    until(lambda: school.health().get("error", {}).get("code") == "disk_full", "the disk is told")
    status, page = request("GET", f"http://127.0.0.1:{school.port}/attendance")
    assert (status, "disk is full" in page) == (503, True)
    assert request("GET", f"http://127.0.0.1:{school.port}/livez")[0] == 200
    school.clear()
    until(lambda: school.health().get("status") == "ok", "all is well")
    assert school.process.poll() is None
