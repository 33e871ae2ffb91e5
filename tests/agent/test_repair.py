from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from msgspec.structs import replace

from agent.database import DOCUMENTS, OUTBOX
from agent.database.documents import Documents, SavedState
from agent.database.repair import repair
from agent.equipment.switch import CameraSwitch
from protocol.folder import lock_folder
from protocol.messages import LessonStarted
from protocol.outbox import Outbox
from protocol.settings import SettingsError
from tests.agent.classrooms import PLACE
from tests.agent.test_documents import NEW, OLD, saved

OFF = CameraSwitch(off=True)  # nobody knows what was pressed last


def filled_outbox(folder: Path, count: int = 200) -> Path:
    """An outbox in which lessons wait."""
    path = folder / OUTBOX
    with Outbox(path, PLACE, "b1") as outbox:
        outbox.put(
            *(
                LessonStarted(boot="b1", at_ms=1, id=f"e{number}", room="6A1", lesson="l1")
                for number in range(count)
            )
        )
    return path


def repaired(folder: Path) -> list[str]:
    """What was done, as it is printed."""
    return [deed.text(str) for deed in repair(folder)]


def test_sound_files_are_left_alone(tmp_path: Path) -> None:
    """Repairing what works changes nothing."""
    saved(tmp_path, OLD, NEW)
    filled_outbox(tmp_path)
    (line,) = repaired(tmp_path)
    assert "damaged" in line
    assert Documents(tmp_path / DOCUMENTS).load() == NEW
    assert not list(tmp_path.glob("*.damaged-*"))


def test_damaged_documents_come_back_from_the_backup(tmp_path: Path) -> None:
    """The damaged file is kept beside, the generation before is used."""
    path = saved(tmp_path, OLD, NEW)
    path.write_bytes(b'{"identity"')
    lines = repaired(tmp_path)
    assert any("restored" in line for line in lines)
    assert Documents(path).load() == replace(OLD, camera=OFF)
    assert any("cameras are off" in line for line in lines)
    (aside,) = tmp_path.glob("documents.json.damaged-*")
    assert aside.read_bytes() == b'{"identity"'


def test_without_a_sound_backup_the_agent_starts_anew_and_says_so(tmp_path: Path) -> None:
    """Both files are kept beside; nothing is deleted."""
    path = saved(tmp_path, OLD, NEW)
    path.write_bytes(b"")
    path.with_name(DOCUMENTS + ".bak").write_bytes(b"{")
    lines = repaired(tmp_path)
    assert any("no sound backup" in line for line in lines)
    assert Documents(path).load() == SavedState(camera=OFF)
    assert len(list(tmp_path.glob("documents.json*.damaged-*"))) == 2


def test_documents_that_are_gone_come_back_from_the_backup(tmp_path: Path) -> None:
    """Nothing is there to be put aside."""
    path = saved(tmp_path, OLD, NEW)
    path.unlink()
    assert any("restored" in line for line in repaired(tmp_path))
    assert Documents(path).load() == replace(OLD, camera=OFF)


def test_a_damaged_outbox_gives_back_what_can_be_read(tmp_path: Path) -> None:
    """Messages in front of the damage are saved and will be sent."""
    path = filled_outbox(tmp_path)
    content = bytearray(path.read_bytes())
    content[-4096:] = b"\xff" * 4096
    path.write_bytes(content)
    lines = repaired(tmp_path)
    assert any("messages were saved" in line for line in lines)
    with Outbox(path, PLACE, "b2") as outbox:
        assert 0 < outbox.report().pending <= 200
    assert list(tmp_path.glob("outbox.sqlite.damaged-*"))


def test_a_running_agent_is_not_repaired_under_its_feet(tmp_path: Path) -> None:
    """The folder belongs to one process at a time."""
    with lock_folder(tmp_path), pytest.raises(SettingsError, match="Another program"):
        repair(tmp_path)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """A typo makes no new folder."""
    with pytest.raises(SettingsError, match="no folder"):
        repair(tmp_path / "typo")
    assert not (tmp_path / "typo").exists()


def test_the_outbox_of_a_sound_sqlite_file_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    """Only what is damaged is moved."""
    path = tmp_path / OUTBOX
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE other (x)")
    db.close()
    assert any("Nothing" in line for line in repaired(tmp_path))
    assert path.exists()
