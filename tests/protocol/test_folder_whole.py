"""A file written whole is the old one or the new one, however the writing ends."""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import protocol.folder
from protocol.folder import EVERYBODY, OWNER_ONLY, whole_file, write_whole
from tests.protocol.killed_writer import BACKUP, NAME, NEW, OLD, OLDER, prepare
from tests.waiting import LIMIT_S

LATER = b"later"


def parts(folder: Path) -> list[Path]:
    """What a writer left behind."""
    return [each for each in folder.iterdir() if each.name not in {NAME, BACKUP}]


# --- processes killed


def test_killed_at_any_step_the_old_or_the_new_file_is_whole(tmp_path: Path) -> None:
    """So is the backup; and whoever writes next writes as if nothing had been."""
    program = Path(__file__).with_name("killed_writer.py")
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=LIMIT_S,
        check=True,
    )
    folders = sorted(tmp_path.iterdir())
    assert len(folders) == int(done.stdout) + 1 > 20
    left = [(each / NAME).read_bytes() for each in folders]
    assert left == sorted(left, key=[OLD, NEW].index)  # never back again
    assert {*left} == {OLD, NEW}
    assert any(parts(each) for each in folders)
    for folder in folders:
        assert (folder / BACKUP).read_bytes() in {OLDER, OLD}
        for part in parts(folder):
            assert part.stat().st_mode & 0o777 == OWNER_ONLY
            os.utime(part, (0, 0))
        write_whole(folder / NAME, LATER, OWNER_ONLY)
        assert (folder / NAME).read_bytes() == LATER
        assert parts(folder) == []


# --- a model of a disk


class Disk(NamedTuple):
    """What a disk holds: files by name, the bytes of each; None: whatever a cut leaves."""

    names: dict[str, int]
    files: dict[int, bytes | None]


class Model:
    """Notes what a write asks of the disk; `after_a_cut` tells all that may be left of it.

    POSIX promises bytes after the file's fsync and names after the folder's, and nothing before:
    until then any of the renames may be there.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.steps: list[Disk] = []
        self._synced = self._now()
        self._pending: list[dict[str, int | None]] = []
        for target, name in ((os, "fsync"), (Path, "replace"), (Path, "hardlink_to")):
            monkeypatch.setattr(target, name, self._noted(name, getattr(target, name)))

    def after_a_cut(self) -> Iterator[Disk]:
        """Every state in which the disk may be now."""
        for chosen in itertools.product([False, True], repeat=len(self._pending)):
            names = dict(self._synced.names)
            for renamed in itertools.compress(self._pending, chosen):
                for name, inode in renamed.items():
                    if inode is None:
                        names.pop(name, None)
                    else:
                        names[name] = inode
            yield Disk(names, self._synced.files)

    def _now(self) -> Disk:
        names = {each.name: each.stat().st_ino for each in self.folder.iterdir()}
        return Disk(names, {(self.folder / each).stat().st_ino: (self.folder / each).read_bytes()
                            for each in names})  # fmt: skip

    def _noted(self, name: str, real: object) -> object:
        def noting(*args: object) -> object:
            before = self._now().names
            done = real(*args)  # type: ignore[operator]
            if name == "fsync":
                self._sync(os.fstat(args[0]).st_ino)  # type: ignore[arg-type]
            else:
                after = self._now().names
                changed = dict(set(before.items()) ^ set(after.items()))
                self._pending.append({each: after.get(each) for each in changed})
            self.steps.extend(self.after_a_cut())
            return done

        return noting

    def _sync(self, inode: int) -> None:
        now = self._now()
        if inode == self.folder.stat().st_ino:
            self._synced = Disk(now.names, self._synced.files)
            self._pending = []
        else:
            self._synced.files[inode] = now.files[inode]


def content(disk: Disk, name: str) -> bytes | None:
    """The file's bytes; None: it is gone, empty or cut."""
    return disk.files.get(disk.names.get(name, -1))


def test_whenever_the_power_goes_the_disk_has_the_old_or_the_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the write has come back, it is the new one."""
    prepare(tmp_path / "data")
    model = Model(tmp_path / "data", monkeypatch)
    write_whole(model.folder / NAME, NEW, OWNER_ONLY, backup=model.folder / BACKUP)
    assert {content(each, NAME) for each in model.steps} == {OLD, NEW}
    assert {content(each, BACKUP) for each in model.steps} <= {OLDER, OLD}
    assert {content(each, NAME) for each in model.after_a_cut()} == {NEW}


@pytest.mark.parametrize("unsynced", ["_sync_file", "_sync_folder"])
def test_the_model_sees_a_missing_fsync(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unsynced: str
) -> None:
    """A write without one of the two is found out."""
    prepare(tmp_path / "data")
    model = Model(tmp_path / "data", monkeypatch)
    forgetful = {
        "_sync_file": lambda path, _mode: path.open("xb"),
        "_sync_folder": lambda _path: None,
    }
    monkeypatch.setattr(protocol.folder, unsynced, forgetful[unsynced])
    write_whole(model.folder / NAME, NEW, OWNER_ONLY)
    assert {content(each, NAME) for each in model.after_a_cut()} != {NEW}


# --- errors, modes, two at once


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is the caller's."""
    prepare(tmp_path / "data")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(tmp_path / "data" / NAME, NEW, OWNER_ONLY, backup=tmp_path / "data" / BACKUP)
    assert (tmp_path / "data" / NAME).read_bytes() == OLD
    assert (tmp_path / "data" / BACKUP).read_bytes() == OLDER
    assert parts(tmp_path / "data") == []


def test_who_fails_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    """Whatever went wrong in the block."""
    prepare(tmp_path / "data")
    with pytest.raises(AttributeError), whole_file(tmp_path / "data" / NAME, EVERYBODY) as file:
        file.writelines(each.encode() for each in ("half", 0))  # type: ignore[attr-defined]
    assert (tmp_path / "data" / NAME).read_bytes() == OLD
    assert parts(tmp_path / "data") == []


@pytest.mark.parametrize(("mode", "expected"), [(OWNER_ONLY, 0o600), (EVERYBODY, 0o640)])
def test_the_mode_is_there_from_the_start(tmp_path: Path, mode: int, expected: int) -> None:
    """Nobody can open the file before it is protected; a person's umask holds."""
    before = os.umask(0o027)
    try:
        with whole_file(tmp_path / NAME, mode) as file:
            assert Path(file.name).stat().st_mode & 0o777 == expected
    finally:
        os.umask(before)
    assert (tmp_path / NAME).stat().st_mode & 0o777 == expected


def test_a_folder_that_cannot_be_synced_is_as_safe_as_it_gets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows opens no folder, some network file systems sync none; other faults are told."""
    real = os.open

    def refused(name: object, flags: int, *mode: int) -> int:
        if name == tmp_path:
            raise PermissionError(13, "a folder")
        return real(name, flags, *mode)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refused)
    write_whole(tmp_path / NAME, NEW, OWNER_ONLY)
    assert (tmp_path / NAME).read_bytes() == NEW


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(22, contextlib.nullcontext()), (5, pytest.raises(OSError, match="fsync"))],
    ids=["not known there", "the disk is dying"],
)
def test_a_disk_fault_under_the_folder_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: int,
    outcome: contextlib.AbstractContextManager[object],
) -> None:
    """The file is in its place all the same."""
    real, inode = os.fsync, tmp_path.stat().st_ino

    def failing(file: int) -> None:
        if os.fstat(file).st_ino == inode:
            raise OSError(error, "fsync")
        real(file)

    monkeypatch.setattr(os, "fsync", failing)
    with outcome:
        write_whole(tmp_path / NAME, NEW, OWNER_ONLY)
    assert (tmp_path / NAME).read_bytes() == NEW


def test_two_who_write_one_file_never_mix(tmp_path: Path) -> None:
    """A command and a running server, say: the file is always one of theirs, whole."""
    texts = [bytes([letter]) * 200_000 for letter in b"abcd"]
    write_whole(tmp_path / NAME, texts[0], OWNER_ONLY)

    def write_often(text: bytes) -> None:
        for _ in range(20):
            write_whole(tmp_path / NAME, text, OWNER_ONLY)

    writers = [threading.Thread(target=write_often, args=[text]) for text in texts]
    for each in writers:
        each.start()
    while any(each.is_alive() for each in writers):
        assert (tmp_path / NAME).read_bytes() in texts
    for each in writers:
        each.join()
    assert parts(tmp_path) == []


def test_what_another_is_writing_now_is_left_alone(tmp_path: Path) -> None:
    """Only what has lain there for an hour was abandoned."""
    with whole_file(tmp_path / NAME, OWNER_ONLY) as file:
        write_whole(tmp_path / BACKUP, OLD, OWNER_ONLY)
        file.write(NEW)
    assert (tmp_path / NAME).read_bytes() == NEW


# --- Windows, where nothing replaces a file that somebody reads


def refusing(times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: so many tries to replace a file are refused."""
    left, move = itertools.count(times, -1), Path.replace

    def replace(path: Path, target: Path) -> Path:
        if next(left) > 0:
            raise PermissionError(13, "in use")
        return move(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    monkeypatch.setattr(protocol.folder, "_WHILE_READ_S", (0.0, 0.0))


@pytest.mark.parametrize("times", [0, 1, 2, 3, 4])
def test_a_file_that_is_read_for_a_moment_is_replaced_then(
    times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the tries it is the new one; else the old one stays, and the writer hears of it."""
    path = tmp_path / NAME
    path.write_bytes(OLD)
    refusing(times, monkeypatch)
    is_late = times > 2
    with pytest.raises(PermissionError) if is_late else contextlib.nullcontext():
        write_whole(path, NEW, OWNER_ONLY)
    assert path.read_bytes() == (OLD if is_late else NEW)
    assert [*tmp_path.iterdir()] == [path]
