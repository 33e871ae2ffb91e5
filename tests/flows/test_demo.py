"""The demonstration, with the real programs and with programs that fail."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocol.messages import HostMeasures
from protocol.words import LANGUAGES, translator
from simulators import demo
from simulators.addresses import own_interfaces
from simulators.config import DemoConfig
from simulators.demo import DemoWords
from simulators.estate import school_code
from simulators.province import FORKED, OFF_CLOCK
from tests.flows.programs import request
from tests.ports import free_port, free_row
from tests.waiting import LIMIT_S, calm_s, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

START_S = 3 * LIMIT_S  # no time is promised: so that a hang is ended before the test is
END_S = 5.0


def test_both_languages_are_said_vietnamese_first() -> None:
    """Unless one is chosen; every sentence of the demonstration takes its values."""
    said: list[str] = []
    DemoWords("", said.append).say(demo.PORT_TAKEN, wanted=80, found=81)
    assert said == [
        translator(language)(demo.PORT_TAKEN).format(wanted=80, found=81) for language in LANGUAGES
    ]
    said.clear()
    DemoWords("en", said.append).say(demo.PORT_TAKEN, wanted=80, found=81)
    assert said == ["Port 80 is taken, so port 81 serves instead."]


def test_vietnamese_keeps_every_value() -> None:
    """A translation that lost a port or an address would help nobody."""
    for msgid in (
        *demo.RUNNING,
        demo.PORT_TAKEN,
        demo.SLOW,
        demo.DIED,
        demo.SILENT,
        demo.STARTING,
        demo.STOPPED,
    ):
        told = translator("vi")(msgid)
        parts = [part.split("}")[0] for part in msgid.split("{")[1:]]
        names = [part for part in parts if ":" not in part]  # "{n:line|lines}" is English alone
        assert all(f"{{{name}}}" in told for name in names)


# --- programs that fail -------------------------------------------------------------------------

LASTING = "import time; time.sleep(600)"
HEALTHY = """
import http.server, sys
option = "--http-port" if "--http-port" in sys.argv else "--local-port"
port = int(sys.argv[sys.argv.index(option) + 1])
class Door(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", port), Door).serve_forever()
"""
FAILING = "print('the disk is full', flush=True); raise SystemExit(3)"


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, list[str]]]:
    """Runs a demonstration of these scripts until it ends by itself, or says it is running."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr(demo, "command_path", lambda name: str(tmp_path / "bin" / name))

    def run(controller: str, agent: str = HEALTHY, school: str = LASTING) -> tuple[int, list[str]]:
        (tmp_path / "bin").mkdir()
        scripts = {"lophoc-controller": controller, "lophoc-agent": agent, "lophoc-sim": school}
        for name, script in scripts.items():
            command = tmp_path / "bin" / name
            command.write_text(f"#!{sys.executable}\n{script}")
            command.chmod(command.stat().st_mode | stat.S_IXUSR)
        said: list[str] = []
        stop = asyncio.Event()

        def write(line: str) -> None:
            said.append(line)
            if "Ctrl-C" in line and school == LASTING:
                stop.set()

        http, mqtt, local = (free_port() for _ in range(3))
        config = DemoConfig(http_port=http, mqtt_port=mqtt, local_port=local, lang="en")
        return asyncio.run(demo.play_demo(config, str, stop, write=write)), said

    return run


def test_a_healthy_demonstration_ends_when_it_is_asked(
    play: Callable[..., tuple[int, list[str]]], tmp_path: Path
) -> None:
    """With exit code 0, and its folder gone."""
    code, said = play(HEALTHY)
    assert code == 0
    assert said[-1] == demo.STOPPED
    assert not list(tmp_path.glob("lophoc-demo-*"))


def test_a_book_that_was_not_taken_is_not_said_to_be_there(
    play: Callable[..., tuple[int, list[str]]],
) -> None:
    """The controller of this play knows no command to import by."""
    _, said = play(HEALTHY)
    assert demo.NO_LISTS in said
    assert not any("has been brought in" in line for line in said)


@pytest.mark.parametrize("sees", [False, True])
def test_what_was_left_out_is_said_once_and_calmly(
    play: Callable[..., tuple[int, list[str]]], monkeypatch: pytest.MonkeyPatch, *, sees: bool
) -> None:
    """The slim demonstration has nothing that looks at pictures; with it nothing is said."""
    monkeypatch.setattr(demo, "sees_pictures", lambda: sees)
    code, said = play(HEALTHY)
    assert code == 0
    assert said.count(demo.NO_PICTURES) == (not sees)


@pytest.mark.parametrize(
    ("fallen", "scripts"),
    [
        ("lophoc-controller", {"controller": FAILING}),
        ("lophoc-agent", {"controller": HEALTHY, "agent": FAILING}),
        ("lophoc-sim", {"controller": HEALTHY, "school": FAILING}),
    ],
)
def test_a_program_that_fails_is_named_with_its_last_words(
    play: Callable[..., tuple[int, list[str]]],
    fallen: str,
    scripts: dict[str, str],
    tmp_path: Path,
) -> None:
    """The others are ended, and the exit code tells."""
    code, said = play(**scripts)
    assert code == 1
    assert f"{fallen} ended by itself. Its last words:" in said
    assert "    the disk is full" in said
    assert said[-1] == demo.STOPPED
    assert not processes_of(tmp_path)


def test_a_program_that_never_answers_is_not_waited_for_ever(
    play: Callable[..., tuple[int, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it is slow is said, then it is named, and all ends."""
    monkeypatch.setattr(demo, "SLOW_S", 0.2)
    monkeypatch.setattr(demo, "READY_S", 1.0)
    code, said = play(LASTING)
    assert code == 1
    slow = said.index("This computer is slow or busy: lophoc-controller needs a while yet.")
    assert slow < len(said) - 1
    assert any(line.startswith("lophoc-controller did not answer within 1 sec") for line in said)


def test_settings_of_a_real_school_do_not_reach_the_demonstration(
    play: Callable[..., tuple[int, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator's environment may name the real database."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_DATABASE", "postgresql://real")
    told = "import os; print([each for each in os.environ if each.startswith('LOPHOC_')])"
    _, said = play(f"{told}; raise SystemExit(1)")
    assert "    []" in said


# --- the real programs --------------------------------------------------------------------------


def processes_of(folder: Path) -> list[int]:
    """The processes whose command line names this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in command:
                found.append(int(entry.name))
    return found


class Shown:
    """A running `lophoc-sim demo` and what it said so far."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.said = ""

    def read_until(self, text: str) -> str:
        """Read its lines until one has the text; fail if it ends before."""
        assert self.process.stdout is not None
        while text not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line
        return self.said

    def assert_nothing_left(self, within_s: float) -> None:
        """Wait for the last of its processes to end."""
        gone = lambda left: not left  # noqa: E731
        until(lambda: processes_of(self.folder), "all have ended", holds=gone, limit_s=within_s)


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Callable[..., Shown]]:
    """Starts the demonstration; the first of its ports is taken by somebody else."""
    started: list[Shown] = []
    http, _, mqtt, local, above_http, above_mqtt = free_row(6)  # the second serves for the first
    with socket.create_server(("127.0.0.1", http)):

        def start(*more: str) -> Shown:
            doors = {"http": http, "mqtt": mqtt, "local": local}
            doors |= {"department-http": above_http, "department-mqtt": above_mqtt}
            ports = [f"--{name}-port={port}" for name, port in doors.items()]
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "simulators",
                    "demo",
                    *ports,
                    "--lang",
                    "en",
                    *more,
                ],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env={**os.environ, "TMPDIR": str(tmp_path)},
            )
            each = Shown(process, tmp_path)
            started.append(each)
            watchdog = threading.Timer(START_S, process.kill)
            watchdog.daemon = True
            watchdog.start()
            each.read_until("Ctrl-C")
            watchdog.cancel()
            return each

        yield start
    for each in started:
        each.process.kill()
        each.process.communicate()
        for pid in processes_of(each.folder):
            os.kill(pid, signal.SIGKILL)


def items(port: str, path: str) -> list[dict[str, Any]]:
    """A list of the controller's API."""
    found: list[dict[str, Any]] = request("GET", f"http://127.0.0.1:{port}{path}")[1]["items"]
    return found


@pytest.mark.wide
def test_the_whole_school_is_there_and_goes_without_a_trace(shown: Callable[[], Shown]) -> None:
    """Every simulated room and this computer's own; Ctrl-C ends all within five seconds.

    The book is in order but for its flaws: most lines are seen in their room, some are not, and
    tablets of no line are put forward.
    """
    running = shown()
    said = running.said
    assert "is taken, so port" in said
    if own_interfaces():  # elsewhere there is no network to find anything in
        running.read_until("by ONVIF")
    port = said.split("Dashboard: http://127.0.0.1:")[1].split("/")[0]
    until(
        lambda: {each["room"] for each in items(port, "/api/v1/rooms")},
        "all rooms are there",
        holds={"P001", "P101", "P102", "P103"}.__eq__,
    )
    running.read_until("/register")

    def states() -> Counter[str]:
        return Counter(each["state"] for each in items(port, "/api/v1/inventory?limit=1000"))

    flaws = {"moved", "never_seen", "duplicate_serial", "no_asset_tag", "unregistered"}
    until(lambda: {"ok", *flaws} <= {*states()} and states()["ok"] > sum(states().values()) / 2)
    assert "lines, has been brought in" in running.said
    assert items(port, "/api/v1/register")
    began_s = calm_s()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(LIMIT_S) == 0
    assert calm_s() - began_s < END_S
    running.assert_nothing_left(0)
    assert not list(running.folder.glob("lophoc-demo-*"))


@pytest.mark.wide
def test_a_department_above_shows_the_school_among_the_played(
    shown: Callable[..., Shown],
) -> None:
    """Told by the school's own controller, with its book; Ctrl-C ends the department as well."""
    running = shown("--department", "true")
    running.read_until("/schools")
    port = running.said.split("schools: http://127.0.0.1:")[1].split("/")[0]

    def told() -> dict[str, int]:
        schools = items(port, "/api/v1/schools?limit=100")
        return {each["code"]: each["items"] for each in schools if each["heard"]}

    merged, _ = map(school_code, demo.MERGED)
    played = {school_code(number) for number in range(1, demo.SCHOOLS + 1)} - {merged}
    until(told, holds=lambda seen: seen.get(demo.SCHOOL, 0) > 0 and played <= {*seen})
    running.read_until("/history")

    def page(path: str) -> str:
        return str(request("GET", f"http://127.0.0.1:{port}{path}")[1])

    unheard = [each for each in items(port, "/api/v1/schools?limit=100") if not each["heard"]]
    assert len(unheard) == demo.UNHEARD
    assert "another history" in page(f"/schools/{school_code(FORKED)}")
    assert "clock" in page(f"/schools/{school_code(OFF_CLOCK)}")
    assert items(port, "/api/v1/inventory?state=moved&type=board&limit=100")
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(LIMIT_S) == 0
    running.assert_nothing_left(0)
    assert not list(running.folder.iterdir())


@pytest.mark.wide
def test_even_a_killed_demonstration_leaves_no_process(shown: Callable[..., Shown]) -> None:
    """The system tells its programs that their parent is gone."""
    running = shown("--rooms", "1")
    assert len(processes_of(running.folder)) >= 3
    running.process.kill()
    running.assert_nothing_left(10)


@pytest.mark.wide
def test_a_program_killed_from_outside_ends_the_demonstration(
    shown: Callable[..., Shown],
) -> None:
    """It is named, and nothing is left."""
    running = shown("--rooms", "1")
    [agent] = [
        pid
        for pid in processes_of(running.folder)
        if b"lophoc-agent" in Path(f"/proc/{pid}/cmdline").read_bytes()
    ]
    os.kill(agent, signal.SIGKILL)
    running.read_until("lophoc-agent ended by itself")
    assert running.process.wait(LIMIT_S) == 1
    running.assert_nothing_left(0)


def test_what_this_computer_cannot_sense_is_said() -> None:
    """In one line, as no fault; what is there is not mentioned."""
    told = demo._Status(
        measures=HostMeasures(memory_free_mb=900.0, battery_percent=80.0),
        reasons=(demo._Reason("sense_missing", "usb"), demo._Reason("disk_low", 93.0)),
    )
    shown: list[str] = []
    demo.DemoWords("vi", shown.append).say(demo.DOES_WITHOUT, lacks=told.lacks())
    (line,) = shown
    assert "USB, nhiệt kế" in line
    assert "pin" not in line
