"""Figures, areas, forecast, exports and feed agree with plain sums of our own, at any moment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.books.play import wrongs_of
from tests.controller.web_department import a_department
from tests.tiers import one_short


@pytest.mark.parametrize("seed", one_short(range(3)))
def test_every_reader_says_what_plain_sums_say(tmp_path: Path, seed: int) -> None:
    """Of 25 groups of four schools' books: `python -m tests.books.play` tries many more."""
    with a_department(tmp_path) as store:
        assert [*wrongs_of(seed, store)] == []
