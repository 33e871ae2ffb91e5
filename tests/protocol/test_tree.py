"""A folder is walked through while its programs work: what goes meanwhile is passed over."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.leftovers import files_naming
from protocol.tree import paths_below

ROOT: Final = Path(__file__).parents[2]
# Folders of the project itself, and one that its maker alone knows.
STILL: Final = {"protocol/locale/build.py", "controller/copies/restore.py"}
NAMES: Final = st.lists(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join), max_size=12
)


def fill(folder: Path, names: list[str]) -> None:
    """Folders of these names, each with a file."""
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "file").touch()


def replaced(path: Path) -> None:
    """By a file."""
    shutil.rmtree(path)
    path.touch()


@given(NAMES)
def test_everything_is_met_once_and_no_link_followed(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    """As the standard library says it of a folder in which nobody works."""
    folder = tmp_path_factory.mktemp("still")
    fill(folder, names)
    (folder / "link").symlink_to(folder, target_is_directory=True)
    met = [*paths_below(folder)]
    assert len(met) == len({*met})
    assert {*met} == {path for path in folder.rglob("*") if "link" not in path.parts[:-1]}


@given(NAMES, st.integers(0, 30), st.sampled_from([shutil.rmtree, replaced]))
def test_what_goes_meanwhile_is_passed_over(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[str],
    turn: int,
    remove: Callable[[Path], None],
) -> None:
    """Whichever folder goes as it is met; whatever else there is comes all the same."""
    folder = tmp_path_factory.mktemp("living")
    fill(folder, names)
    before = {*folder.rglob("*")}
    gone, met = folder / "none", []
    for number, path in enumerate(paths_below(folder)):
        met.append(path)
        if number == turn and path.is_dir():
            remove(gone := path)
    assert {*met} == {path for path in before if gone not in path.parents}


def test_a_folder_that_cannot_be_read_is_said_or_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy without it would pass for whole."""
    fill(tmp_path, ["closed", "open"])
    real = os.scandir

    def scandir(path: str) -> object:
        if path.endswith("closed"):
            raise PermissionError(13, "no", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(PermissionError):
        list(paths_below(tmp_path))
    assert tmp_path / "open" / "file" in paths_below(tmp_path, past=(OSError,))
    within = paths_below(tmp_path, into=lambda path: path.name != "closed")
    assert {path.name for path in within} == {"closed", "open", "file"}


def test_words_are_looked_for_while_the_broker_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder of one consumer goes between being listed and being looked into."""
    fill(tmp_path, ["obs/one", "obs/two"])
    (tmp_path / "obs/two/file").write_text("hs-1400000001")
    real = os.scandir

    def scandir(path: str | int) -> object:
        if str(path).endswith("one"):
            shutil.rmtree(path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert files_naming(tmp_path, ["hs-1400000001"]) == [tmp_path / "obs/two/file"]


@pytest.mark.parametrize("package", ["agent", "controller", "hardware", "protocol", "simulators"])
def test_a_living_folder_is_walked_through_in_one_place(package: str) -> None:
    """Pathlib's own walks end with an error where a folder goes meanwhile."""
    walks = re.compile(r"\.rglob\(|os\.walk\(|glob\([^)\n]*\*\*")
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / package).rglob("*.py")
        if walks.search(path.read_text("utf-8"))
    }
    assert found - STILL <= {"protocol/tree.py"}
