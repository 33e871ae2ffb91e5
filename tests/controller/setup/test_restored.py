"""A restored folder takes the place of what stood there, whatever moment the power goes at."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from controller.cli.restored import RESTORED, take_restored

OLD, NEW = (
    {"lophoc.db": "old", "office.json": "old", "tls": "old"},
    {"lophoc.db": "new", "tls": "new"},
)


def filled(folder: Path) -> Path:
    """A controller's folder, in which a restore has ended."""
    for path, content in ((folder, OLD), (folder / RESTORED, NEW)):
        path.mkdir(parents=True)
        for name, text in content.items():
            (path / name).write_text(text)
    return folder


def content_of(folder: Path) -> dict[str, str]:
    """The files in it, but for the lock's."""
    return {
        path.name: path.read_text()
        for path in folder.iterdir()
        if path.is_file() and not path.name.startswith("lock")
    }


def test_what_stood_there_is_put_aside(tmp_path: Path) -> None:
    """Whole; and there is nothing to do twice."""
    folder = filled(tmp_path / "data")
    assert take_restored(folder)
    assert content_of(folder) == NEW
    assert content_of(folder / "before-restore-1") == OLD
    assert not take_restored(folder)


@pytest.mark.parametrize("moves", range(8))
def test_a_power_cut_at_any_move_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    """The next start goes on."""
    folder = filled(tmp_path / "data")
    left = [moves]
    move = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if left[0] == 0:
            raise OSError
        left[0] -= 1
        return move(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    try:
        take_restored(folder)
    except OSError:
        monkeypatch.undo()
        take_restored(folder)
    assert content_of(folder) == NEW
    aside = {}
    for path in sorted(folder.glob("before-restore-*")):
        aside |= content_of(path)
    assert aside == OLD
    shutil.rmtree(folder)
