"""A copy that a browser sends stands there whole, or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from controller.setup.moving import GIVEN, Moving
from protocol.errors import ActionError


def test_the_copy_before_stands_until_another_one_is_whole(tmp_path: Path) -> None:
    """And only one is kept, for its owner alone."""
    moving = Moving(tmp_path, lambda: None)
    assert moving.given() == []
    for content in (b"first", b"second"):
        taking = moving.taking()
        taking.write(content)
        taking.finish()
        taking.close()
    cut = moving.taking()
    cut.write(b"half")
    cut.close()
    (found,) = moving.given()
    assert found.path.read_bytes() == b"second"
    assert found.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [GIVEN]


def test_a_copy_for_which_there_is_no_room_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the disk is full."""
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr("controller.setup.moving.shutil.disk_usage", lambda _path: usage)
    taking = Moving(tmp_path, lambda: None).taking()
    with pytest.raises(ActionError, match="too little room"):
        taking.write(b"x")
    taking.close()
    assert [*tmp_path.iterdir()] == []
