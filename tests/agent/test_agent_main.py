from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from agent import __main__ as command_line
from agent.database import DOCUMENTS, OUTBOX
from protocol.errors import EXIT_PASSING
from protocol.folder import lock_folder
from protocol.outbox import Outbox
from tests.agent.classrooms import PLACE
from tests.agent.test_documents import NEW, OLD, saved

PLACE_OPTIONS = ["--province", "79", "--school", "THCS-01", "--room", "6A1"]


@pytest.fixture(autouse=True)
def _in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code and what was printed to each stream."""
    code = command_line.main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_a_typo_names_the_nearest_option(capsys: pytest.CaptureFixture[str]) -> None:
    """An abbreviation is a typo too: it would change its meaning with the next release."""
    code, _, err = said(capsys, "run", *PLACE_OPTIONS, "--broekr", "mqtt://x")
    assert (code, "--broker" in err, err.count("\n")) == (2, True, 1)
    code, _, err = said(capsys, "run", *PLACE_OPTIONS, "--brok", "mqtt://x")
    assert (code, "--broker" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "needle"),
    [
        (["--province", "14"], "--school"),
        (["--school", "THCS-01"], "--province"),
        ([*PLACE_OPTIONS, "--broker", "http://x"], "mqtt://"),
        ([*PLACE_OPTIONS, "--broker-password-file", "/no/such/file"], "/no/such/file"),
        ([*PLACE_OPTIONS, "--local-port", "eighty"], "local_port"),
        (["--config", "/no/such/agent.toml"], "/no/such/agent.toml"),
    ],
)
def test_settings_that_cannot_work_are_one_line_and_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], needle: str
) -> None:
    """No traceback: what is wrong, and what to do."""
    code, _, err = said(capsys, "run", "--data", str(tmp_path / "data"), *arguments)
    assert code == 2
    assert needle in err
    assert err.count("\n") == 1


def test_a_second_agent_on_the_same_folder_may_try_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the folder."""
    with lock_folder(tmp_path):
        code, _, err = said(capsys, "run", "--data", str(tmp_path), *PLACE_OPTIONS)
    assert (code, str(tmp_path) in err) == (EXIT_PASSING, True)


def test_a_disk_that_takes_nothing_is_waited_for(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One line for a hundred tries; what is wrong with a disk that takes writes ends it at once."""
    tries: list[object] = []

    def start(_settings: object) -> int:
        tries.append(_settings)
        if len(tries) <= 100:
            raise OSError(30, "Read-only file system", str(tmp_path))
        return 0

    monkeypatch.setattr("agent.app.run", start)
    monkeypatch.setattr(command_line, "DISK_AGAIN_S", 0.0)
    with monkeypatch.context() as patch:
        patch.setattr(command_line, "takes_writes", lambda *_, **_options: False)
        code, *_ = said(capsys, "run", "--data", str(tmp_path), *PLACE_OPTIONS)
    assert (code, len(tries)) == (0, 101)
    assert caplog.text.count("the disk takes nothing") == 1
    tries.clear()
    assert said(capsys, "run", "--data", str(tmp_path), *PLACE_OPTIONS)[0] != 0
    assert len(tries) == 1


def test_damaged_documents_end_the_agent_with_code_3_until_repaired(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence holds the very command that mends it."""
    saved(tmp_path, OLD, NEW).write_bytes(b"{")
    code, _, err = said(capsys, "run", "--data", str(tmp_path), *PLACE_OPTIONS)
    assert code == 3
    assert f"lophoc-agent repair --data {tmp_path}" in err
    code, out, _ = said(capsys, "repair", "--data", str(tmp_path))
    assert (code, "restored" in out) == (0, True)


def test_a_damaged_outbox_ends_the_agent_with_code_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is started on ground that does not hold."""
    (tmp_path / OUTBOX).write_bytes(b"this is no database" * 500)
    code, _, err = said(capsys, "run", "--data", str(tmp_path), *PLACE_OPTIONS)
    assert code == 3
    assert "lophoc-agent repair" in err
    assert said(capsys, "repair", "--data", str(tmp_path))[0] == 0
    with Outbox(tmp_path / OUTBOX, PLACE, "b1") as outbox:
        assert outbox.report().pending == 0
    assert sqlite3.connect(tmp_path / OUTBOX).close() is None


def test_the_version_is_the_programs_own(capsys: pytest.CaptureFixture[str]) -> None:
    """As every command has it."""
    with pytest.raises(SystemExit) as end:
        command_line.main(["--version"])
    assert end.value.code == 0
    assert "lophoc-agent" in capsys.readouterr().out


def test_the_sample_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """A settings file to begin with."""
    code, out, _ = said(capsys, "sample-config")
    assert (code, "# room" in out, '# data = "lophoc-agent-data"' in out) == (0, True, True)


def test_help_and_sample_load_nothing_heavy() -> None:
    """A slow Raspberry Pi answers --help at once, and a missing library does not matter."""
    script = (
        "import sys; from agent.__main__ import main; main(['sample-config']);"
        "heavy = {'uvicorn', 'zeroconf', 'psutil', 'starlette', 'tinydb', 'pyudev'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_what_only_a_person_or_a_lesson_asks_for_is_not_kept_ready() -> None:
    """A room's computer is idle most of its life: together these are three MiB."""
    script = (
        "import sys; import agent.app;"
        "late = {'click', 'multiprocessing', 'difflib', 'statistics', 'xml.sax',"
        " 'protocol.symptoms', 'protocol.doctor', 'cryptography', 'cv2', 'numpy', 'segno'};"
        "sys.exit(', '.join(late & set(sys.modules)) or 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_scan_lists_this_computer_and_what_it_lacks() -> None:
    """In a real process, as JSON for programs."""
    done = subprocess.run(
        [sys.executable, "-m", "agent", "scan", "--seconds", "0.1", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    found = json.loads(done.stdout)
    assert set(found) == {"host", "devices", "absent", "flaws", "missing"}
    assert found["host"]["confidence"] == "high"
    assert all(set(each) == {"sense", "code", "hint"} for each in found["missing"])
    assert not Path(DOCUMENTS).exists()
