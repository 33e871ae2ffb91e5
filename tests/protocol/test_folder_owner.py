"""What root writes into a service's folder is the service's to read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import protocol.folder
from protocol.folder import OWNER_ONLY, changing, give_to_owner, lock_folder, write_whole

SERVICE = 12_345


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Who was given which file: by name, user and group; real for root, noted for all."""
    noted: list[tuple[str, int, int]] = []
    owner = os.stat_result((0o40700, 1, 1, 1, SERVICE, SERVICE, 0, 0, 0, 0))
    stat = Path.stat

    def chown(path: Path, uid: int, gid: int, *, follow_symlinks: bool = True) -> None:
        assert not follow_symlinks
        noted.append((path.name, uid, gid))

    def fchown(descriptor: int, uid: int, gid: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink()
        noted.append((name.suffix, uid, gid))

    def owned(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        return owner if path == tmp_path else stat(path, follow_symlinks=follow_symlinks)

    def rooted(path: Path) -> os.stat_result:
        real = os.lstat(path)
        uid = SERVICE if path == tmp_path or path.name == "own" else 0
        return os.stat_result((*real[:4], uid, uid, *real[6:10]))

    monkeypatch.setattr(protocol.folder, "is_root", lambda: True)
    monkeypatch.setattr(os, "chown", chown)
    monkeypatch.setattr(os, "fchown", fchown)
    monkeypatch.setattr(Path, "stat", owned)
    monkeypatch.setattr(Path, "lstat", rooted)
    return noted


def test_a_file_written_whole_is_the_folders_before_it_has_its_name(
    tmp_path: Path, given: list[tuple[str, int, int]]
) -> None:
    """At no moment is there one that the service cannot read."""
    write_whole(tmp_path / "agents.json", b"{}", OWNER_ONLY)
    assert given == [(".part", SERVICE, SERVICE)]


def test_what_root_holds_at_a_change_the_service_can_hold_too(
    tmp_path: Path, given: list[tuple[str, int, int]]
) -> None:
    """The lock is the folder's as soon as it is there."""
    for _ in range(2):
        with changing(tmp_path / "agents.json"):
            assert given == [(".lock", SERVICE, SERVICE)]


def test_what_else_root_left_is_given_when_the_folder_is_let_go(
    tmp_path: Path, given: list[tuple[str, int, int]]
) -> None:
    """A database made anew, the lock; links themselves, never what they point to."""
    (tmp_path / "own").touch()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "new.db").touch()
    (tmp_path / "link").symlink_to("/etc/passwd")
    with lock_folder(tmp_path):
        assert given == []
    names = {name for name, uid, gid in given if (uid, gid) == (SERVICE, SERVICE)}
    assert names == {"deep", "new.db", "link", "lock"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_really_gives_it(tmp_path: Path) -> None:
    """With the system's own answer."""
    os.chown(tmp_path, SERVICE, SERVICE)
    write_whole(tmp_path / "agents.json", b"{}", OWNER_ONLY)
    (tmp_path / "new.db").touch()
    give_to_owner(tmp_path)
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in tmp_path.iterdir()}
    assert owners == dict.fromkeys(("agents.json", "new.db"), (SERVICE, SERVICE))
