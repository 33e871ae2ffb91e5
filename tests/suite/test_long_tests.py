"""Tests that are written down as long ones are there, all but a few."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.long_tests import LISTS, LONG, SLOW, Spent, listed, mean_of, name_of

ROOT = Path(__file__).parents[2]
LEFT_BEHIND = 0.05  # tests that got another name since: they are measured again some day


def is_there(test: str) -> bool:
    """Whether its file has something of its name."""
    file, name, *_ = test.split("::")
    text = (ROOT / file).read_text() if (ROOT / file).exists() else ""
    return any(sign in text for sign in (f"def {name}(", f"{name} = ", f"class {name}("))


@pytest.mark.parametrize("path", LISTS.values(), ids=LISTS)
def test_each_line_names_a_test(path: Path) -> None:
    """Else the list would tell of a suite of long ago."""
    gone = [test for test in listed(path) if not is_there(test)]
    assert len(gone) <= LEFT_BEHIND * len(listed(path)), gone


def test_a_test_is_in_one_list() -> None:
    """Long, or slow, or neither."""
    assert not listed(LONG) & listed(SLOW)


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ([Spent(0.02, 0.02, 0.0), Spent(0.04, 5.0, 4.9)], None),  # the machine was busy
        ([Spent(0.02, 0.9, 0.1)], SLOW),
        ([Spent(0.06, 0.06, 0.0)], SLOW),
        ([Spent(0.0, 0.0, 0.0), Spent(0.3, 0.3, 0.0)], LONG),
    ],
    ids=["quick", "waits", "works", "long"],
)
def test_a_test_is_judged_by_the_mean_of_its_cases(
    cases: list[Spent], expected: Path | None
) -> None:
    """By what it works and waits for, not by what a busy machine kept it from."""
    assert mean_of(cases).list == expected


def test_what_went_by_is_parted() -> None:
    """Work, and waiting for something."""
    began = Spent.now()
    time.sleep(0.2)
    slept = Spent.now().since(began)
    assert slept.waited_s > 0.1 > slept.cpu_s


def test_a_case_is_its_test() -> None:
    """Whatever stands in its name."""
    assert name_of("tests/a.py::test_b[c::d[e]]") == "tests/a.py::test_b"
