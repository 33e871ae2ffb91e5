from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.database import DOCUMENTS
from agent.database.documents import Documents, SavedState
from agent.database.generations import DocumentError, backup_of
from agent.equipment.switch import CameraSwitch
from agent.lessons.lesson import RunningLesson
from protocol.model import Device, DeviceKind, Reason, Status
from protocol.plan import ClassList, Plan, Pupil
from tests.agent.classrooms import DAY


def device(name: str = "Máy chiếu", *, last_seen_ms: int = 2000) -> Device:
    """A projector that was here."""
    return Device(
        device_id="usb-1",
        kind=DeviceKind.PROJECTOR,
        name=name,
        status=Status.UNKNOWN,
        reasons=(Reason("unplugged"),),
        first_seen_ms=1000,
        last_seen_ms=last_seen_ms,
    )


PUPIL = Pupil(number=1, student="0012", name="Lò Thị Ánh")
OLD = SavedState(agent_id="laptop-6a1", devices=(device(),))
NEW = SavedState(
    agent_id="laptop-6a1",
    devices=(device("Máy chiếu 2"),),
    plan=Plan(classes=("10A1",), lists=(ClassList(code="10A1", pupils=(PUPIL,)),)),
)


def saved(folder: Path, *generations: SavedState) -> Path:
    """A document file after these generations."""
    documents = Documents(folder / DOCUMENTS)
    documents.load()
    for each in generations:
        assert documents.save(each)
    return folder / DOCUMENTS


def test_a_first_start_remembers_nothing(tmp_path: Path) -> None:
    """No file is an empty start; it makes no file either."""
    assert Documents(tmp_path / DOCUMENTS).load() == SavedState()
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    """Devices and class lists come back whole."""
    path = saved(tmp_path, OLD, NEW)
    assert Documents(path).load() == NEW


def test_the_file_can_be_read_by_people_and_by_nobody_else(tmp_path: Path) -> None:
    """Vietnamese stays Vietnamese; pupils' codes are for this user only."""
    path = saved(tmp_path, NEW)
    assert '"name": "Máy chiếu 2"' in path.read_text("utf-8")
    assert path.stat().st_mode & 0o077 == 0
    assert set(json.loads(path.read_text("utf-8"))) == {
        *("identity", "devices", "traces", "decisions"),
        *("place", "typed", "plan"),
    }


def test_a_newer_last_seen_alone_is_not_written(tmp_path: Path) -> None:
    """A memory card lives from few writes."""
    path = saved(tmp_path, OLD)
    documents = Documents(path)
    documents.load()
    before = path.stat().st_mtime_ns
    assert not documents.save(SavedState(agent_id="laptop-6a1", devices=(device(last_seen_ms=9),)))
    assert path.stat().st_mtime_ns == before


def test_the_generation_before_is_kept(tmp_path: Path) -> None:
    """The backup is the state one change before."""
    path = saved(tmp_path, OLD, NEW)
    assert Documents(backup_of(path)).load() == OLD


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"identity": {', b"\xff\xfe", b"[]", b'{"devices": []}', b"null"],
    ids=["empty", "brace", "cut", "no text", "list", "without identity", "null"],
)
def test_a_damaged_file_is_said_and_never_an_empty_start(tmp_path: Path, content: bytes) -> None:
    """The error names the command that mends it."""
    path = saved(tmp_path, OLD)
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        Documents(path).load()
    assert caught.value.code == "documents_damaged"
    assert f"lophoc-agent repair --data {tmp_path}" in str(caught.value)


def test_a_file_that_is_gone_while_its_backup_is_not_is_damage(tmp_path: Path) -> None:
    """Somebody or something took it away: no silent empty start."""
    path = saved(tmp_path, OLD, NEW)
    path.unlink()
    with pytest.raises(DocumentError, match="its backup is not"):
        Documents(path).load()


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("devices", {"device_id": "usb-1"}),
        ("roll", {"student": 12}),
        ("plan", {"classes": "10A1"}),
        ("lesson", {"lesson": "l1"}),
        ("identity", {"agent_id": 7}),
        ("marbles", {}),
    ],
)
def test_rows_that_make_no_sense_are_damage(
    tmp_path: Path, table: str, row: dict[str, object]
) -> None:
    """Sound JSON with unsound content is refused too."""
    path = saved(tmp_path, OLD)
    tree = json.loads(path.read_text("utf-8"))
    tree[table] = {"1": row}
    path.write_text(json.dumps(tree), "utf-8")
    with pytest.raises(DocumentError, match="damaged"):
        Documents(path).load()


def test_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    """An older agent does not write over what it does not understand."""
    path = saved(tmp_path, OLD)
    path.write_text(path.read_text("utf-8").replace('"format": 5', '"format": 6'), "utf-8")
    with pytest.raises(DocumentError) as caught:
        Documents(path).load()
    assert caught.value.code == "documents_newer"


class PowerCut(BaseException):
    """The moment at which everything stops."""


STEPS = [(os, "fsync"), (Path, "hardlink_to"), (Path, "replace")]


@pytest.mark.parametrize("failure", [PowerCut(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("nth", [1, 2, 3])
@pytest.mark.parametrize("step", STEPS)
def test_a_stop_at_any_step_leaves_the_old_or_the_new_document_whole(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: tuple[object, str],
    nth: int,
    failure: BaseException,
) -> None:
    """Power cut or full disk between any two steps of a write."""
    path = saved(tmp_path, SavedState(agent_id="first"), OLD)
    documents = Documents(path)
    documents.load()
    real, calls = getattr(*step), 0

    def failing(*args: object, **more: object) -> object:
        nonlocal calls
        calls += 1
        if calls == nth:
            raise failure
        return real(*args, **more)

    monkeypatch.setattr(*step, failing)
    try:
        wrote = documents.save(NEW)
    except (PowerCut, DocumentError):
        wrote = False
    monkeypatch.undo()
    assert Documents(path).load() in ([NEW] if wrote else [OLD, NEW])
    assert Documents(backup_of(path)).load() in [SavedState(agent_id="first"), OLD]
    assert documents.save(SavedState(agent_id="later"))
    assert Documents(path).load() == SavedState(agent_id="later")


def test_without_hard_links_the_backup_is_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT has none."""

    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refused)
    path = saved(tmp_path, OLD, NEW)
    assert Documents(path).load() == NEW
    assert Documents(backup_of(path)).load() == OLD


@given(st.integers(0, 2000))
def test_a_file_cut_short_anywhere_is_never_taken_for_sound(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    """However much of the file a dying card returns, it is whole or it is damaged."""
    folder = tmp_path_factory.mktemp("card")
    path = saved(folder, OLD, NEW)
    whole = path.read_bytes()
    path.write_bytes(whole[:length])
    # The last line feed is no part of the document.
    if length >= len(whole) - 1:
        assert Documents(path).load() == NEW
    else:
        with pytest.raises(DocumentError, match="damaged"):
            Documents(path).load()
    shutil.rmtree(folder)


def test_what_an_older_lophoc_remembered_is_read(tmp_path: Path) -> None:
    """Format 1 has devices, marks and the lesson; the rest is heard anew."""
    path = tmp_path / DOCUMENTS
    device = {"device_id": "usb-1", "kind": "camera", "first_seen_ms": 1, "last_seen_ms": 2}
    mark = {"student": "0012", "status": "late", "method": "manual", "day": DAY}
    old = {
        "identity": {"1": {"format": 1, "agent_id": "laptop-6a1"}},
        "devices": {"1": device},
        "roll": {"1": mark | {"at_ms": 1, "event_id": "e1"}},
        "lesson": {"1": {"lesson": "l1", "since_ms": 1000}},
    }
    path.write_text(json.dumps(old), "utf-8")
    documents = Documents(path)
    remembered = documents.load()
    assert (remembered.agent_id, remembered.traces) == ("laptop-6a1", ())
    assert [each.device_id for each in remembered.devices] == ["usb-1"]
    assert [each.student for each in remembered.marks] == ["0012"]
    assert remembered.running == RunningLesson(lesson="l1", since_ms=1000)
    assert documents.save(msgspec.structs.replace(remembered, camera=CameraSwitch(off=True)))
    assert Documents(path).load().camera.off
