"""What the doctor says of the broker's program: whose it is, its version, and a changed file."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from controller.__main__ import main
from controller.broker.program import LEAST, TRIED, Origin
from controller.doctor.broker_program import BrokerProgramFact
from protocol.model import Status
from tests.conftest import BIN
from tests.controller.broker.test_program import script
from tests.controller.fresh import fresh_folder
from tests.ports import free_port


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a stopped controller's settings lie."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_LANG", "en")
    monkeypatch.chdir(tmp_path)
    data = fresh_folder(tmp_path / "data")
    (tmp_path / "c.toml").write_text(
        f'school = "1"\nprovince = "14"\ndata = "{data}"\n'
        f"http_port = {free_port()}\nmqtt_port = {free_port()}\n"
    )
    return tmp_path


def findings(folder: Path) -> set[str]:
    """The codes that are said of the broker's program."""
    main(["doctor", "--config", "c.toml", "--bundle", "b.json"])
    checks = json.loads((folder / "b.json").read_text("utf-8"))["checks"]
    return {each["code"] for each in checks if each["code"].startswith("broker_program")}


def test_the_wheels_program_is_told_with_its_version(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it was installed."""
    assert findings(folder) == {"broker_program_wheel"}
    assert f"nats-server {TRIED}, as in the pinned package" in capsys.readouterr().out


def test_a_changed_program_is_told_and_not_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installed file is replaced by another that leaves a mark when it is run."""
    (folder / "bin").mkdir()
    monkeypatch.setattr(sys, "executable", str(folder / "bin" / "python"))
    real = Path(shutil.copy2(BIN / "nats-server", folder / "bin" / "nats-server"))
    assert findings(folder) == {"broker_program_wheel"}
    with real.open("ab") as file:
        file.write(b"\0")
    assert findings(folder) == {"broker_program_changed"}
    script(real, f"touch {folder}/mark; echo nats-server: v{TRIED}")
    assert findings(folder) == {"broker_program_changed"}
    assert not (folder / "mark").exists()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (f"echo nats-server: v{TRIED}", {"broker_program_another"}),
        (f"echo nats-server: v{LEAST}", {"broker_program_old"}),
        ("exit 0", {"broker_program_foreign"}),
        (f"[ $1 = --version ] && echo nats-server: v{TRIED}", {"broker_program_unfit"}),
        ("echo nats-server: v2.10.27", {"broker_program_unfit"}),
    ],
)
def test_another_program_is_told(folder: Path, text: str, codes: set[str]) -> None:
    """Older than what was tried is a warning; what cannot do the work is broken."""
    other = script(folder / "other", text)
    with (folder / "c.toml").open("a") as file:
        file.write(f'broker_program = "{other}"\n')
    assert findings(folder) == codes


def test_nothing_is_said_of_a_program_that_does_not_run_here(folder: Path) -> None:
    """An external broker's is its own people's."""
    with (folder / "c.toml").open("a") as file:
        file.write(f'broker = "mqtt://127.0.0.1:{free_port()}"\nbroker_program = "absent"\n')
    assert findings(folder) == set()


@pytest.mark.parametrize(
    ("origin", "version", "status"),
    [
        (Origin.WHEEL, TRIED, Status.OK),
        (Origin.ANOTHER, "2.99.0", Status.OK),
        (Origin.ANOTHER, "2.12.8", Status.WARNING),
        (Origin.UNRECORDED, TRIED, Status.UNKNOWN),
        (Origin.UNRECORDED, "2.14.9", Status.WARNING),
        (Origin.CHANGED, "", Status.CRITICAL),
    ],
)
def test_how_bad_it_is(origin: Origin, version: str, status: Status) -> None:
    """A sum that is not recorded is not called good."""
    assert BrokerProgramFact("x", origin, version).judge().status is status
