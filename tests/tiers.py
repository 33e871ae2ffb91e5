"""This file parts the suite in two: what each change must pass, and the wide plays beside it.

    make test          --tier=short: all but the wide; long searches by a part of their examples
    make test-wide     --tier=wide: the wide, and those searches in full
    .venv/bin/pytest   --tier=all: everything in full, each once

A test is wide by `@pytest.mark.wide`, a case of one by `*wide(…)` in its list of cases. A short one
stands in its file, or the mark names it: `@pytest.mark.wide("tests/….py::test_…")`. A search is
hypothesis's; it is long where `tests/long_tests.txt` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pytest
from hypothesis import settings

TIERS: Final = ("short", "wide", "all")
SHORT_PART: Final = 8  # of a long search, what each change plays is so small a part
FEWEST: Final = 4  # examples that are left of a search
COLLECTED: Final = pytest.StashKey[list[pytest.Item]]()  # before tiers and marks leave any out
_SETTINGS: Final = "_hypothesis_internal_use_settings"  # where hypothesis keeps a test's own


def wide(*cases: Any) -> list[Any]:
    """Cases that are wide, for a list of cases that begins with a short one.

    A case of several arguments is a tuple; so is one that is a tuple, within another.
    """
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), marks=pytest.mark.wide)
        for case in cases
    ]


def one_short(cases: Iterable[Any], short: int = 1) -> list[Any]:
    """Cases of which only the first are short: seeds, and all ways to one place."""
    listed = [*cases]
    return [*listed[:short], *wide(*listed[short:])]


def choose_tier(tier: str, items: list[pytest.Item]) -> list[pytest.Item]:
    """Leave the tests of a tier in the list, searches as long as it has them; returns the others.

    Each test is marked already.
    """
    if tier == "all":
        return []
    others: list[pytest.Item] = []
    chosen: list[pytest.Item] = []
    for item in items:
        is_wide = item.get_closest_marker("wide") is not None
        is_long_search = item.get_closest_marker("long") is not None and is_search(item)
        if is_long_search and not is_wide and tier == "short":
            shorten(item)
        here = is_wide or is_long_search if tier == "wide" else not is_wide
        (chosen if here else others).append(item)
    items[:] = chosen
    return others


def is_search(item: pytest.Item) -> bool:
    """Whether hypothesis chooses its examples, or the steps of its machine."""
    return _own_settings(item) is not None


def shorten(item: pytest.Item) -> None:
    """Have a search play a part of its examples."""
    own = _own_settings(item)
    assert own is not None
    name, holder = _holder(item)
    if not hasattr(holder, "whole_search"):  # a test of many cases is met at each of them
        holder.whole_search = own.max_examples
        few = max(FEWEST, own.max_examples // SHORT_PART)
        setattr(holder, name, settings(own, max_examples=min(few, own.max_examples)))


def _own_settings(item: pytest.Item) -> settings | None:
    name, holder = _holder(item)
    found = getattr(holder, name, None)
    return found if isinstance(found, settings) else None


def _holder(item: pytest.Item) -> tuple[str, Any]:
    """Where a test keeps its settings: a machine's class, or the function itself."""
    machine = getattr(item, "cls", None)
    if machine is not None and hasattr(machine, "settings"):
        return "settings", machine
    function = getattr(item, "function", None)
    return _SETTINGS, getattr(function, "__func__", function)
