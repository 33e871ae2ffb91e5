"""A program that is forked off is the one that a school starts, and a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.flows.programs import BIN
from tests.ports import free_port
from tests.waiting import LIMIT_S, until
from tests.warm_starts import LOCALE, Started, may_share, warm_start

QUIET = ("--mdns", "false", "--tablets", "false", "--local-port")
HERE = {"PATH": "/bin", "LC_ALL": "C", "LOPHOC_AGENT_ROOM": "P1"}


def started(folder: Path, command: str, *words: str, **environ: str) -> Started:
    with (folder / "out").open("wb") as out, (folder / "errors").open("wb") as errors:
        files = out.fileno(), errors.fileno()
        process = warm_start(command, words, {**os.environ, **LOCALE, **environ}, *files)
    assert process is not None
    return process


def quiet() -> tuple[str, ...]:
    return *QUIET, str(free_port())


@pytest.mark.parametrize(
    "other",
    [
        HERE,
        HERE | {"LOPHOC_AGENT_ROOM": "P2"},
        {"PATH": "/bin", "LC_ALL": "C"},
        HERE | {"PYTEST_CURRENT_TEST": "of another time"},
    ],
)
def test_what_a_program_reads_when_it_runs_may_differ(other: dict[str, str]) -> None:
    """Its own variables."""
    assert may_share(HERE, other)
    assert may_share(other, HERE)


@pytest.mark.parametrize(
    "other",
    [
        HERE | {"LC_ALL": "vi_VN.UTF-8"},
        HERE | {"LD_PRELOAD": "libfaketime.so"},
        HERE | {"PYTHONWARNINGS": "error"},
        {"LC_ALL": "C"},
    ],
)
def test_what_python_reads_at_its_start_wants_a_true_start(other: dict[str, str]) -> None:
    """The interpreter's variables, and its libraries'."""
    assert not may_share(HERE, other)
    assert not may_share(other, HERE)


@pytest.mark.parametrize("command", ["lophoc-agent", "lophoc-controller"])
@pytest.mark.parametrize("words", [("--version",), ("run", "--no-such-option")])
def test_it_says_and_ends_as_one_that_was_truly_started(
    tmp_path: Path, command: str, words: tuple[str, ...]
) -> None:
    """Its words, its complaints and its exit code."""
    true = subprocess.run(
        [BIN / command, *words], env=os.environ | LOCALE, capture_output=True, check=False
    )
    code = started(tmp_path, command, *words).wait(LIMIT_S)
    said = (tmp_path / "out").read_bytes(), (tmp_path / "errors").read_bytes()
    assert (code, *said) == (true.returncode, true.stdout, true.stderr)


def test_it_has_its_own_folder_and_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of whoever starts it."""
    monkeypatch.chdir(tmp_path)
    process = started(tmp_path, "lophoc-agent", "run", *quiet(), LOPHOC_AGENT_DATA="here/a")
    until((tmp_path / "here" / "a").exists, "its own data")
    assert Path(f"/proc/{process.pid}/cwd").readlink() == tmp_path
    process.kill()
    process.wait()


def test_it_can_be_killed_and_another_one_goes_on(tmp_path: Path) -> None:
    """Each ends for itself, and tells of what."""
    folders = [tmp_path / name for name in ("killed", "ended")]
    for folder in folders:
        folder.mkdir()
    killed, ended = (
        started(folder, "lophoc-agent", "run", "--data", str(folder / "a"), *quiet())
        for folder in folders
    )
    assert killed.poll() is ended.poll() is None
    killed.kill()
    assert killed.wait(LIMIT_S) == -signal.SIGKILL
    with pytest.raises(subprocess.TimeoutExpired):
        ended.wait(0.1)
    ended.kill()
    assert ended.wait() == -signal.SIGKILL
