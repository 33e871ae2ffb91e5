"""A test's name holds neither time nor chance: all who collect must find the same tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APART_S = 1.1  # files that hold the time hold whole seconds
OWN_OPTIONS = ("-o", "addopts=", "--import-mode=importlib", "-p", "no:cacheprovider")
BY_CHANCE = """
import gzip, pytest
@pytest.mark.parametrize("case", {cases})
def test_something(case):
    pass
"""


def collect(folder: Path, seed: str, *options: str) -> subprocess.CompletedProcess[str]:
    """What a pytest lists of a folder's tests. No time is promised: the test's own ends a hang."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *OWN_OPTIONS, *options]
    return subprocess.run(
        [*command, str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def names(listing: subprocess.CompletedProcess[str]) -> list[str]:
    """What it listed, in its order."""
    assert listing.returncode == 0, listing.stdout
    return [line for line in listing.stdout.splitlines() if "::" in line]


def collected_twice(folder: Path, *options: str) -> tuple[list[str], list[str]]:
    """The tests of a folder, collected a second apart by two who see sets in different orders.

    One after the other: of two that run at once on a busy machine the first may be the later.
    """
    first = names(collect(folder, "1", *options))
    time.sleep(APART_S)
    return first, names(collect(folder, "2", *options))


@pytest.mark.wide
@pytest.mark.timeout(1200)  # a busy machine gives twenty seconds of a core late
def test_the_suite_is_the_same_whenever_and_by_whomever_it_is_collected() -> None:
    """Else pytest-xdist refuses to begin, at random.

    Of both tiers, whichever is being run.
    """
    first, second = collected_twice(ROOT / "tests")
    assert len(first) > 4000
    assert first == second


@pytest.mark.parametrize(
    "cases",
    ["set('classroom')", "[gzip.compress(b'').hex()]", "[str(object())]"],
    ids=["order of a set", "time in a file", "address"],
)
def test_a_name_of_time_or_chance_is_found_out(tmp_path: Path, cases: str) -> None:
    """What the test above compares does differ where it should."""
    (tmp_path / "test_chance.py").write_text(BY_CHANCE.format(cases=cases))
    alone = (f"--rootdir={tmp_path}", "-c", os.devnull)
    first, second = collected_twice(tmp_path, *alone)
    assert len(first) == len(second) > 0
    assert first != second


def test_a_case_of_bytes_is_refused_unless_it_is_named(tmp_path: Path) -> None:
    """Whoever writes it learns so at once, not on the day when the bytes hold the time."""
    (tmp_path / "test_bytes.py").write_text(BY_CHANCE.format(cases="[b'any']"))
    alone = ("-p", "tests.conftest", f"--rootdir={tmp_path}", "-c", os.devnull)
    listing = collect(tmp_path, "1", *alone)
    assert listing.returncode != 0
    assert "case: a case that is bytes needs an id of its own" in listing.stdout
