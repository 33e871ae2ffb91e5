"""What a damaged document file still holds is saved, row by row and field by field."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from agent.database.documents import Documents, SavedState
from agent.database.generations import backup_of
from agent.database.salvage import salvage
from agent.equipment.switch import CameraSwitch
from agent.lessons.lesson import RunningLesson
from agent.lessons.marks import PupilMark
from hardware.readings import Kind
from protocol.model import AttendanceStatus, Device, DeviceKind, Method
from protocol.plan import ClassList, Plan, Pupil
from tests.agent.test_documents import saved
from tests.agent.test_repair import repaired

PUPILS = tuple(Pupil(number=n, student=f"00{n}", name="Lò Thị Ánh") for n in range(1, 30))
FULL = SavedState(
    agent_id="laptop-6a1",
    devices=tuple(
        Device(
            device_id=f"usb-{n}",
            kind=DeviceKind.CAMERA,
            name='Máy "chiếu" {1}: {',
            first_seen_ms=1,
            last_seen_ms=2,
        )
        for n in range(30)
    ),
    answers={"usb-1": Kind.BOARD},
    camera=CameraSwitch(off=True),
    plan=Plan(classes=("10A1",), lists=(ClassList(code="10A1", pupils=PUPILS),)),
)
# What an agent of format 2 had: the lesson and its marks stood in the document.
OLDER = SavedState(
    agent_id="laptop-6a1",
    devices=FULL.devices[:3],
    marks=tuple(
        PupilMark(
            student=f"00{n}",
            status=AttendanceStatus.LATE,
            method=Method.MANUAL,
            day="2025-11-29",
            at_ms=n,
            event_id=f"e{n}",
        )
        for n in range(30)
    ),
    running=RunningLesson(lesson="l1", since_ms=1000, classes=("10A1",)),
)


def of_format_2(folder: Path) -> Path:
    """A document as an agent of that time wrote it."""
    path = saved(folder, OLDER)
    tree = json.loads(path.read_bytes())
    tree["identity"]["1"]["format"] = 2
    del tree["traces"]
    path.write_text(json.dumps(tree, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of format 2 of a room in its lesson."""
    return of_format_2(tmp_path_factory.mktemp("older")).read_bytes()


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The file of a room with thirty devices."""
    return saved(tmp_path_factory.mktemp("room"), FULL).read_bytes()


def test_a_sound_file_is_read_whole(content: bytes) -> None:
    """As the program itself reads it."""
    read = salvage(content)
    assert (read.saved, read.refused) == (FULL, 0)


@given(st.data())
def test_every_row_in_front_of_the_cut_is_saved(content: bytes, data: st.DataObject) -> None:
    """Counted by where each row ends in the text; nothing is made up."""
    length = data.draw(st.integers(0, len(content)))
    read = salvage(content[:length]).saved
    whole = [
        device.device_id for device in FULL.devices if _end_of(content, device.device_id) <= length
    ]
    assert [device.device_id for device in read.devices] == whole
    assert all(device in FULL.devices for device in read.devices)
    assert read.plan in [Plan(), FULL.plan]


def _end_of(content: bytes, device_id: str) -> int:
    at = content.index(b'"device_id": "%s"' % device_id.encode())
    return content.index(b"\n    }", at) + len(b"\n    }")


@given(st.data())
def test_whatever_is_overwritten_the_rows_elsewhere_are_saved(
    content: bytes, data: st.DataObject
) -> None:
    """Bytes that open no text and no object cost the devices that they lie in, and no others."""
    bounds = [_bounds_of(content, device.device_id) for device in FULL.devices]
    begin = data.draw(st.integers(bounds[0][1], bounds[-1][1]))
    bad = data.draw(st.binary(min_size=1, max_size=4).filter(lambda b: not set(b) & set(b'"{}\\')))
    bad *= data.draw(st.integers(1, 200))
    torn = content[:begin] + bad + content[begin + len(bad) :]
    read = [device.device_id for device in salvage(torn).saved.devices]
    for device, (first, end) in zip(FULL.devices, bounds, strict=True):
        if end <= begin or begin + len(bad) <= first:
            assert device.device_id in read


@pytest.mark.parametrize("no", range(len(FULL.devices) - 1))
def test_a_row_without_an_end_swallows_no_other(content: bytes, no: int) -> None:
    """It could be read as one that holds all that follow."""
    _, end = _bounds_of(content, FULL.devices[no].device_id)
    torn = content[: end - 1] + b" " + content[end:]
    read = salvage(torn).saved.devices
    assert read == FULL.devices[:no] + FULL.devices[no + 1 :]


def _bounds_of(content: bytes, device_id: str) -> tuple[int, int]:
    at = content.index(b'"device_id": "%s"' % device_id.encode())
    return content.rindex(b'": {', 0, at) - 4, _end_of(content, device_id)


@given(st.binary(max_size=400))
def test_any_bytes_are_read(garbage: bytes) -> None:
    """And nothing raises."""
    assert salvage(garbage + b'"devices": {' + garbage).rows >= 0


def test_a_field_that_makes_no_sense_costs_that_field_alone(content: bytes) -> None:
    """A row without what it must have is left out, and counted."""
    tree = json.loads(content)
    tree["devices"]["1"]["name"] = 7
    tree["devices"]["2"]["kind"] = "kamera"
    tree["place"]["1"]["stay"] = 3
    read = salvage(json.dumps(tree).encode())
    first, *others = FULL.devices
    assert read.saved.devices == (replace(first, name=""), *others[1:])
    assert (read.saved.camera.off, read.refused) == (True, 1)
    assert read.saved.plan == FULL.plan


def test_repair_saves_what_it_can_where_both_generations_are_damaged(tmp_path: Path) -> None:
    """And says how much; the program then starts with it."""
    path = saved(tmp_path, SavedState(agent_id="first"), FULL)
    backup_of(path).write_bytes(b"{")
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.index(b'"device_id": "usb-20"')])
    lines = repaired(tmp_path)
    assert any("20 entries" in line or "21 entries" in line for line in lines), lines
    loaded = Documents(path).load()
    assert loaded.agent_id == "laptop-6a1"
    assert loaded.devices == FULL.devices[:20]
    assert len(list(tmp_path.glob("documents.json*.damaged-*"))) == 2


def test_what_only_the_generation_before_still_holds_is_saved_from_it(tmp_path: Path) -> None:
    """The newer file is empty, the older one is cut."""
    path = saved(tmp_path, FULL, msgspec.structs.replace(FULL, camera=CameraSwitch()))
    path.write_bytes(b"")
    backup = backup_of(path)
    backup.write_bytes(backup.read_bytes()[:-30])
    repaired(tmp_path)
    assert Documents(path).load().devices == FULL.devices


def test_a_sound_file_of_an_older_lophoc_is_read_whole(older: bytes, tmp_path: Path) -> None:
    """The lesson and its marks, too; as the program itself reads it."""
    read = salvage(older)
    assert (read.saved, read.refused) == (OLDER, 0)
    path = tmp_path / "documents.json"
    path.write_bytes(older)
    assert Documents(path).load() == OLDER


@given(st.data())
def test_every_mark_in_front_of_the_cut_is_saved(older: bytes, data: st.DataObject) -> None:
    """Of a file of format 2, counted by where each mark ends in the text."""
    length = data.draw(st.integers(0, len(older)))
    read = salvage(older[:length]).saved
    ends = [older.index(b"\n    }", older.index(b'"event_id": "e%d"' % n)) for n in range(30)]
    assert read.marks == tuple(
        mark for mark, end in zip(OLDER.marks, ends, strict=True) if end + 6 <= length
    )
    assert read.running in [None, OLDER.running]


def test_repair_keeps_the_marks_of_an_older_lophoc(tmp_path: Path) -> None:
    """Saved from both damaged generations, they stand in the mended file."""
    path = of_format_2(tmp_path)
    backup_of(path).write_bytes(b"{")
    path.write_bytes(path.read_bytes().replace(b'"event_id": "e7"', b'"event_id": 7777'))
    repaired(tmp_path)
    loaded = Documents(path).load()
    assert loaded.marks == OLDER.marks[:7] + OLDER.marks[8:]
    assert loaded.running == OLDER.running


def test_the_backup_of_an_older_lophoc_comes_back_with_its_marks(tmp_path: Path) -> None:
    """That the cameras are switched off in it costs nothing else."""
    path = of_format_2(tmp_path)
    path.rename(backup_of(path))
    repaired(tmp_path)
    loaded = Documents(path).load()
    assert loaded == replace(OLDER, camera=CameraSwitch(off=True))
    assert Documents(path).save(replace(loaded, marks=(), running=None))
    assert json.loads(path.read_bytes()).keys().isdisjoint({"roll", "lesson"})
