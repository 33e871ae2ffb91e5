"""The command `lophoc-sim`."""

from __future__ import annotations

import asyncio
import os
import pkgutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocol import __version__
from protocol.link import Broker
from protocol.settings import settings_of
from simulators.__main__ import PLAYS, main
from simulators.config import SimConfig
from tests.waiting import LIMIT_S, calm_s


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [each for each in os.environ if each.startswith("LOPHOC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


@pytest.mark.parametrize(
    ("arguments", "nearest"),
    [
        (["schol"], "school"),
        (["school", "--romms", "3"], "--rooms"),
        (["classroom", "--tabletts=3"], "--tablets"),
        (["demo", "--http-prt", "80"], "--http-port"),
        (["camera", "--fauts", "black"], "--faults"),
        (["camera", "--faults", "blak"], "black"),
        (["projector", "--faults", "fan,lmap"], "lamp"),
        (["fleet", "--faults", "ipv6_onli"], "ipv6_only"),
        (["fleet", "--types", "_airplai._tcp"], "_airplay._tcp"),
        (["host", "x", "--faults", "hott"], "hot"),
    ],
)
def test_a_typo_is_answered_with_the_nearest_name(
    arguments: list[str], nearest: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On one line, with exit code 2."""
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert f"Did you mean {nearest}?" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["school", "--rooms", "many"],
        ["school", "--rooms", "0"],
        ["school", "--tablets", "351"],
        ["school", "--broker", "http://x"],
        ["school", "--school", ""],
        ["school", "--log-level", "loud"],
        ["school", "--config", "/nonexistent.toml"],
        ["demo", "--lang", "fr"],
        ["camera", "--mac", "00:40"],
        ["camera", "--password-file", "/nonexistent"],
        ["camera", "--http-port", "65536"],
        ["udev", "--script", "kick"],
        ["udev", "--path", "/devices/none"],
        ["host"],
        ["host", "x", "--make", "tablet"],
        ["demo", "--http-port", "65536"],
    ],
)
def test_what_cannot_be_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything starts."""
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("lophoc-sim: ")


def test_the_environment_and_the_file_are_checked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A misspelt variable and a misspelt line."""
    (tmp_path / "sim.toml").write_text("romms = 3\n")
    assert main(["school", "--config", str(tmp_path / "sim.toml")]) == 2
    assert "Did you mean rooms?" in capsys.readouterr().err
    monkeypatch.setenv("LOPHOC_SIM_SEDE", "3")
    assert main(["school"]) == 2
    assert "LOPHOC_SIM_SEED" in capsys.readouterr().err


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """As it is everywhere."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert __version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        *("school", "run", "classroom", "demo", "camera", "projector", "fleet", "udev", "host"),
        "province",
    ],
)
def test_help_names_every_setting(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what it means."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for setting in settings_of(PLAYS[command].shape):
        assert setting.option in said
        assert setting.description


@pytest.mark.parametrize("command", sorted(PLAYS))
def test_what_runs_a_command_is_there(command: str) -> None:
    """It is named by a text, and loaded only when it is asked for."""
    assert asyncio.iscoroutinefunction(pkgutil.resolve_name(PLAYS[command].runner))


def test_the_sample_is_a_settings_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Uncommented, every line of it is taken."""
    assert main(["sample-config"]) == 0
    lines = capsys.readouterr().out.splitlines()
    settings = [line.removeprefix("# ") for line in lines if " = " in line]
    assert set(tomllib.loads("\n".join(settings))) == {each.name for each in settings_of(SimConfig)}


def test_udev_prints_each_event_at_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of udev: the device first, its binding last."""
    assert main(["udev", "--script", "plug", "--tablets", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines[:-1]] == ["add", "add", "bind", "bind"]
    times_s = [float(line.split()[0]) for line in lines[:-1]]
    assert times_s == sorted(times_s)
    assert lines[-1].startswith("4 events in ")


def test_udev_plays_an_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that has no device in it is told."""
    export = tmp_path / "export.txt"
    export.write_text("P: /devices/x\nE: DEVPATH=/devices/x\nE: SUBSYSTEM=usb\n")
    assert main(["udev", str(export)]) == 1
    assert "has no USB device" in capsys.readouterr().err
    with export.open("a") as more:
        more.write("E: DEVTYPE=usb_device\n")
    assert main(["udev", str(export), "--script", "unplug"]) == 0
    assert "/devices/x" in capsys.readouterr().out


def test_a_host_is_written_again_but_nothing_else_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with other things in it stays as it is."""
    folder = tmp_path / "host"
    hot = folder / "sys/class/thermal/thermal_zone0/temp"
    assert main(["host", str(folder), "--make", "raspberry-pi", "--faults", "hot"]) == 0
    assert hot.read_text() == "96000\n"
    assert "tail -v" in capsys.readouterr().out
    assert main(["host", str(folder), "--make", "raspberry-pi"]) == 0
    assert hot.read_text() == "51500\n"
    (tmp_path / "etc").mkdir()
    assert main(["host", str(tmp_path)]) == 1
    assert (tmp_path / "etc").is_dir()
    assert not (tmp_path / "sys").exists()


def test_a_camera_at_a_terminal_obeys_and_ends(
    started: Callable[..., subprocess.Popen[str]],
) -> None:
    """It tells its addresses, does what is typed, and Ctrl-C ends it."""
    process = started("camera", "--host", "127.0.0.1", "--faults", "black", "--lang", "en")
    assert process.stdin is not None
    assert process.stdout is not None
    seen = ""
    while "Its faults:" not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    assert "http://127.0.0.1:" in seen
    assert "Faults that are on: black." in seen
    process.stdin.write("-black +off\n")
    process.stdin.flush()
    assert process.stdout.readline() == "Faults that are on: off.\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(LIMIT_S) == 0


def test_an_address_that_is_not_ours_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """On one line, with what to do."""
    for command in ("camera", "projector"):
        assert main([command, "--host", "198.51.100.1"]) == 1
        said = capsys.readouterr().err
        assert "This cannot be opened at 198.51.100.1" in said
        assert said.count("\n") == 1


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts lophoc-sim as a process; none is left after the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulators", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("command", [["school", "--rooms", "3"], ["classroom", "--room", "A1"]])
def test_a_signal_ends_the_play_in_two_seconds(
    broker: Broker,
    school: str,
    started: Callable[..., subprocess.Popen[str]],
    command: list[str],
    number: signal.Signals,
) -> None:
    """With its last words and exit code 0, the mDNS goodbyes included."""
    connections = 3 if "school" in command else 1
    where = ("--broker", str(broker), "--school", school, "--tablets", "3")
    process = started(*command, *where)
    assert process.stderr is not None
    seen = ""
    while seen.count("connected") < connections or "announced" not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    began_s = calm_s()
    process.send_signal(number)
    rest = process.stderr.read()
    assert process.wait(LIMIT_S) == 0
    assert calm_s() - began_s < 2
    assert f"{connections} rooms closed" in rest
    assert "said goodbye" in rest


def test_a_damaged_outbox_is_told_and_kept(
    broker: Broker, started: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Exit code 3, one line, the file as it was."""
    (tmp_path / "-x50-101.db").write_bytes(b"not a database at all" * 100)
    before = (tmp_path / "-x50-101.db").read_bytes()
    process = started("classroom", "--broker", str(broker), "--data", str(tmp_path))
    _, said = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 3
    assert "Traceback" not in said
    assert (tmp_path / "-x50-101.db").read_bytes() == before
