"""A repair that is killed at any moment is begun again, and nothing is lost."""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType

import pytest

from controller.database import repair as repairs
from controller.database.repair import repair
from controller.database.upkeep import is_sound
from controller.features import is_readable
from protocol import folder as folders
from protocol import salvage
from tests.controller.database.test_lost_rows import (
    PAGE,
    repaired,
    school_of,
    students_by_page,
    students_in,
)


def damaged_school(folder: Path) -> tuple[Path, bytes]:
    """A database with an overwritten page of marks, all of which the copy has."""
    path = school_of(folder, copied=400)
    content = bytearray(path.read_bytes())
    page = min(students_by_page(content))
    content[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)
    return path, bytes(content)


def killed_at(module: ModuleType, step: str, path: Path) -> None:
    """Repair in a process that ends as by a power cut where this step would begin."""

    def end(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def work() -> None:
        setattr(module, step, end)
        repair(path, path.parent / "backups", "first", is_readable)

    child = get_context("fork").Process(target=work)
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("module", "step"),
    [
        (salvage, "_fill"),
        (repairs, "_add_copy"),
        (repairs, "_begin_anew"),
        (folders, "_keep_old"),
        (folders, "_sync_folder"),
    ],
    ids=["reading", "copying", "filled", "before the exchange", "after the exchange"],
)
def test_a_killed_repair_loses_nothing(tmp_path: Path, module: ModuleType, step: str) -> None:
    """The file is the damaged one or the new one, whole; the damaged one is kept as it was."""
    path, content = damaged_school(tmp_path)
    killed_at(module, step, path)
    if not is_sound(path):
        assert path.read_bytes() == content
        repair(path, tmp_path / "backups", "second", is_readable)
    assert students_in(path) == set(range(400))
    asides = [aside.read_bytes() for aside in tmp_path.glob("lophoc.db.damaged-*")]
    assert set(asides) == {content}


def test_the_same_repair_twice_changes_nothing_more(tmp_path: Path) -> None:
    """What is whole is found sound."""
    path, _ = damaged_school(tmp_path)
    students, _ = repaired(path)
    assert students == set(range(400))
    assert is_sound(path)
