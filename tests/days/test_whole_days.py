"""Whole school days of several teachers, rooms and tablets, with every fault, against plain sense.

As a program it plays as many as one likes: python -m tests.days.play FIRST LAST.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.days.play import wrongs_of


@pytest.mark.wide("tests/agent/test_school_days.py::TestSchoolDays::runTest")
@pytest.mark.parametrize("seed", [3, 6])  # of one day each
def test_every_word_is_there_once_and_every_figure_right(tmp_path: Path, seed: int) -> None:
    """Kills at any write, a copy put back, false clocks, new lists, many fingers, a bad line."""
    assert [*wrongs_of(seed, tmp_path)] == []
