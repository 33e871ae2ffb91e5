"""The command `lophoc-sim`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from protocol import __version__
from protocol.link import Broker
from protocol.settings import settings_of
from simulators.__main__ import main
from simulators.config import DemoConfig, SimConfig


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


@pytest.mark.parametrize("command", ["school", "run", "classroom", "demo"])
def test_help_names_every_setting(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With what it means."""
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for setting in settings_of(DemoConfig if command == "demo" else SimConfig):
        assert setting.option in said
        assert setting.description


def test_the_sample_is_a_settings_file(capsys: pytest.CaptureFixture[str]) -> None:
    """Uncommented, every line of it is taken."""
    assert main(["sample-config"]) == 0
    lines = capsys.readouterr().out.splitlines()
    settings = [line.removeprefix("# ") for line in lines if " = " in line]
    assert set(tomllib.loads("\n".join(settings))) == {each.name for each in settings_of(SimConfig)}


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts lophoc-sim as a process; none is left after the test."""
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulators", *arguments],
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
    began_s = time.monotonic()
    process.send_signal(number)
    rest = process.stderr.read()
    assert process.wait(10) == 0
    assert time.monotonic() - began_s < 2
    assert f"{connections} rooms closed" in rest
    assert "said goodbye" in rest


def test_a_damaged_outbox_is_told_and_kept(
    broker: Broker, started: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    """Exit code 3, one line, the file as it was."""
    (tmp_path / "-x50-101.db").write_bytes(b"not a database at all" * 100)
    before = (tmp_path / "-x50-101.db").read_bytes()
    process = started("classroom", "--broker", str(broker), "--data", str(tmp_path))
    _, said = process.communicate(timeout=20)
    assert process.returncode == 3
    assert "Traceback" not in said
    assert (tmp_path / "-x50-101.db").read_bytes() == before
