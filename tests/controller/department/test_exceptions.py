"""Exceptions are told of the schools that somebody sees, and of no other."""

from __future__ import annotations

from itertools import chain, combinations
from pathlib import Path

import pytest

from controller.department.exceptions import Oddity, count_of, odd_items
from tests.controller.department.test_department_pages import A, B, C, three_schools
from tests.controller.web_department import department_of, fill, line

SEEN = [*map(frozenset, chain.from_iterable(combinations((A, B, C), n) for n in range(4)))]


@pytest.mark.parametrize("seen", SEEN, ids=lambda codes: "+".join(sorted(codes)) or "nobody")
def test_nothing_of_a_school_that_somebody_does_not_see(
    tmp_path: Path, seen: frozenset[str]
) -> None:
    """Held against what whoever sees all is told; also of what a school says a moment later."""
    with three_schools(tmp_path) as store:
        department = department_of(store)
        overview = department.overview(seen)
        everything = department.overview()
        fill(store, [line(C, 9, serial="TWICE"), line(C, 10, serial=f"{A}S00001")])
        for what in Oddity:
            odds, _ = odd_items(department, overview, what, limit=100)
            of_all, _ = odd_items(department, everything, what, limit=100)
            expected = {
                (odd.asset.place.school, odd.asset.device_id)
                for odd in of_all
                if odd.asset.place.school in seen and seen.issuperset(odd.schools)
            }
            told = {(odd.asset.place.school, odd.asset.device_id) for odd in odds}
            assert told == expected, what
            assert bool(count_of(overview, what)) == bool(expected)
