"""A program's folder is its own: made for it, and held by one process at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from protocol.folder import LOCK, lock_folder
from protocol.settings import SettingsError


def test_two_programs_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second one says which folder is taken; when the first ends it is free."""
    folder = tmp_path / "data"
    with lock_folder(folder), pytest.raises(SettingsError) as caught, lock_folder(folder):
        pytest.fail("two programs in one folder")
    assert caught.value.code == "data_in_use"
    assert str(folder) in str(caught.value)
    with lock_folder(folder):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_somebody_made_is_closed_and_one_that_is_not_ours_stays(
    tmp_path: Path,
) -> None:
    """Empty, or held before; a folder of other things is nobody's to close but its owner's."""
    before = os.umask(0o022)
    try:
        ours, used, other = tmp_path / "new", tmp_path / "used", tmp_path / "home"
        for folder in (ours, used, other):
            folder.mkdir()
        (used / LOCK).touch()
        (other / "letter").touch()
        for folder in (ours, used, other):
            with lock_folder(folder):
                (folder / "written").touch()
            (folder / "after").touch()
            assert (folder / "written").stat().st_mode & 0o777 == 0o600
            assert (folder / "after").stat().st_mode & 0o777 == 0o644
        assert [each.stat().st_mode & 0o077 for each in (ours, used, other)] == [0, 0, 0o055]
    finally:
        os.umask(before)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A file in the way is no folder."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be used"), lock_folder(tmp_path / "file"):
        pytest.fail("a file is no folder")
