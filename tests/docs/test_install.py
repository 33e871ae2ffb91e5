"""What is installed from the pinned files: chosen for this machine, counted as it comes."""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.install import Progress, pins

REQUIREMENTS = Path("requirements")
# What Wine alone can load is another's choice, for its tests (make test-windows).
ROLES = sorted(path.name for path in REQUIREMENTS.glob("*.txt") if path.name != "wine.txt")
HEAVY = {"numpy", "opencv-python-headless", "zxing-cpp"}


def named(name: str) -> dict[str, str]:
    """What a file pins, by name, whatever machine it is for."""
    lines = (REQUIREMENTS / name).read_text("utf-8").splitlines()
    pinned = (line.split()[0].partition("==") for line in lines if "==" in line.split("#")[0])
    return {one: version for one, _, version in pinned}


def test_only_what_is_meant_for_this_machine_is_counted() -> None:
    """A marker that does not hold here leaves its pin out; hashes and remarks are no pins."""
    text = """
one==1.0 \\
    --hash=sha256:00 \\
    --hash=sha256:11
    # via two==3
two[extra]==2.0 ; python_version >= '3' \\
    --hash=sha256:22
three==3.0 ; python_version < '3' \\
    --hash=sha256:33
"""
    assert [pin.split(";")[0].strip() for pin in pins(text)] == ["one==1.0", "two[extra]==2.0"]


@pytest.mark.parametrize("file", ROLES)
def test_every_pin_is_of_the_one_resolution(file: str) -> None:
    """No role has another version than what the tests ran with."""
    assert named(file).items() <= named("lock.txt").items()
    assert len(pins((REQUIREMENTS / file).read_text("utf-8"))) <= len(named(file))


def test_the_demonstration_has_all_but_what_looks_at_pictures() -> None:
    """And what installs LopHoc from its sources."""
    demo = {*named("demo.txt")}
    assert {*named("agent.txt"), *named("controller.txt")} - demo == HEAVY
    assert {"babel", "hatchling", "editables"} <= demo


@given(st.integers(1, 60), st.lists(st.integers(0, 90), max_size=20).map(sorted))
def test_a_count_never_passes_its_end(total: int, counts: list[int]) -> None:
    """On a terminal and elsewhere, each step once."""
    for is_terminal in (False, True):
        written: list[str] = []
        progress = Progress(total, is_terminal=is_terminal, write=written.append)
        for count in counts:
            progress.show("Packages", count)
        progress.end()
        shown = [line.rstrip().rpartition(" ")[2] for line in written if "/" in line]
        assert all(int(one.split("/")[0]) <= total for one in shown)
        assert all(before != after for before, after in pairwise(shown))
        assert is_terminal or len(shown) <= len(counts)


def test_it_needs_nothing_but_python_and_pip() -> None:
    """It runs before anything is installed."""
    text = Path("tools/install.py").read_text("utf-8")
    imports = {line.split()[1].split(".")[0] for line in text.splitlines()
               if line.startswith(("import ", "from "))}  # fmt: skip
    assert imports - {"__future__", "pip"} <= sys.stdlib_module_names
