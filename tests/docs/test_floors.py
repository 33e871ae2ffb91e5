"""These tests hold the tool that holds each package to its floor of tested lines."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.floors import FLOORS, below, main, measured_percent

ROOT = Path(__file__).parents[2]


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in which three of the four lines of one package, and all of another, were run."""
    for package, text in (
        ("protocol", "x = 1\nif not x:\n    x = 2\nx = 3\n"),
        ("agent", "x = 1\n"),
    ):
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text(text)
    (tmp_path / "both.py").write_text("import agent, protocol\n")
    command = [sys.executable, "-m", "coverage", "run", "--source=.", "both.py"]
    subprocess.run(command, cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)


def test_each_package_has_a_floor() -> None:
    """Those that the wheel holds."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert list(FLOORS) == project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert all(50 <= floor <= 100 for floor in FLOORS.values())


@pytest.mark.usefixtures("recorded")
def test_the_lines_of_a_package_are_measured_by_itself() -> None:
    """What another package does well is no help."""
    assert (measured_percent("protocol"), measured_percent("agent")) == (75.0, 100.0)


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(("floor", "code"), [(75, 0), (76, 1)])
def test_a_package_below_its_floor_fails_the_run_and_is_named(
    floor: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """At its floor it holds."""
    monkeypatch.setattr("tools.floors.FLOORS", {"protocol": floor, "agent": 100})
    assert main() == code
    assert ("below its floor: protocol" in capsys.readouterr().out) == bool(code)


def test_packages_are_named_in_their_order() -> None:
    """All that are too low."""
    assert below({"a": 1.0, "b": 50.0, "c": 2.0}, {"c": 3, "b": 50, "a": 3}) == ["c", "a"]
