"""Whatever command root runs, and however it ends, the agent's folder holds the service's files."""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent import __main__ as command_line
from agent.database import DOCUMENTS, OUTBOX
from protocol.folder import lock_folder
from protocol.outbox import Outbox
from tests.agent.classrooms import PLACE
from tests.agent.test_documents import NEW, saved

SERVICE = 12_345
# As somebody types it first, wrongly or rightly; what senses a room for long is left out.
TYPED = {
    "run": ["run", "--province", "14", "--school", "1", "--room", "6A1"],
    "run by its file": ["run", "--config", "{config}"],
    "explain": ["explain", "usb-1"],
    "check-camera": ["check-camera", "{config}"],
    "read-cards": ["read-cards", "{config}"],
    "enrol": ["enrol", "ABCDEF", "--controller", "127.0.0.1:1"],
    "repair": ["repair"],
    "repair what is damaged": ["repair"],
    "doctor": ["doctor", "--province", "14", "--school", "1", "--room", "6A1"],
    "doctor by its file": ["doctor", "--config", "{config}"],
    "page": ["page", "--door-folder", "{data}"],
}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root leaves root's files")
@pytest.mark.parametrize("name", TYPED)
def test_no_file_of_roots_is_left(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Done, refused, or beside the service that runs; the log, journals and what is put aside."""
    monkeypatch.setenv("LOPHOC_AGENT_LANG", "en")
    monkeypatch.chdir(tmp_path)
    data, config = tmp_path / "data", tmp_path / "agent.toml"
    config.write_text(f'data = "{data}"\nprovince = "14"\nschool = "1"\nroom = "6A1"\n')
    data.mkdir()
    saved(data, NEW)
    with Outbox(data / OUTBOX, PLACE, "boot"):
        pass
    if "damaged" in name:
        (data / DOCUMENTS).write_bytes(b"{")
        (data / OUTBOX).write_bytes(bytes(9000))
    with ExitStack() as stack:
        if name.startswith("run"):
            stack.enter_context(lock_folder(data))
        for path in (data, *data.rglob("*")):
            shutil.chown(path, SERVICE, SERVICE)
        words = [word.format(config=config, data=data) for word in TYPED[name]]
        if not {"--config", "page"} & {*words}:
            words += ["--data", str(data)]
        command_line.main(words)
        capsys.readouterr()
        left = {path.name: path.lstat().st_uid for path in data.rglob("*")}
    assert {file: owner for file, owner in left.items() if owner != SERVICE} == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root leaves root's files")
@pytest.mark.parametrize("error", [OSError(28, "full", "x"), KeyboardInterrupt()])
def test_what_a_command_left_half_done_is_given_too(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it is that a later version writes, and however it is stopped."""

    def half(folder: Path) -> None:
        (folder / "half").touch()
        raise error

    os.chown(tmp_path, SERVICE, SERVICE)
    monkeypatch.setattr("agent.database.repair.repair", half)
    assert command_line.main(["repair", "--data", str(tmp_path)])
    assert (tmp_path / "half").stat().st_uid == SERVICE
