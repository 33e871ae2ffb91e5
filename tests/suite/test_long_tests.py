"""Tests that are written down as long ones are there, all but a few."""

from __future__ import annotations

from pathlib import Path

from tests.long_tests import long_tests, name_of

ROOT = Path(__file__).parents[2]
LEFT_BEHIND = 0.05  # tests that got another name since: they are measured again some day


def is_there(test: str) -> bool:
    """Whether its file has something of its name."""
    file, name, *_ = test.split("::")
    text = (ROOT / file).read_text() if (ROOT / file).exists() else ""
    return any(sign in text for sign in (f"def {name}(", f"{name} = ", f"class {name}("))


def test_each_line_names_a_test() -> None:
    """Else the list would tell of a suite of long ago."""
    gone = [test for test in long_tests() if not is_there(test)]
    assert len(gone) <= LEFT_BEHIND * len(long_tests()), gone


def test_a_case_is_its_test() -> None:
    """Whatever stands in its name."""
    assert name_of("tests/a.py::test_b[c::d[e]]") == "tests/a.py::test_b"
