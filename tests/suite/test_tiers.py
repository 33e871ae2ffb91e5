"""Each test is of one tier, a wide one has a short one beside it, a long search is in both."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.long_tests import name_of
from tests.tiers import COLLECTED, FEWEST, SHORT_PART, choose_tier, is_search, wide


@given(st.integers())
@settings(max_examples=400)
def searched(number: int) -> None:
    """A search."""
    assert isinstance(number, int)


class Machine(RuleBasedStateMachine):
    """A search by steps."""

    @rule()
    def step(self) -> None:
        """Do nothing."""


def plain() -> None:
    """No search."""


class Item:
    """A collected test, as far as tiers look at it."""

    def __init__(self, function: Any = plain, *marks: str, cls: Any = None) -> None:
        self.function, self.cls, self.marks = function, cls, marks

    def get_closest_marker(self, name: str) -> str | None:
        """A mark, if the test has it."""
        return name if name in self.marks else None


def chosen(tier: str, *items: Any) -> list[Any]:
    """Which of these tests are played in a tier."""
    left = list(items)
    others = choose_tier(tier, left)
    assert Counter(map(id, [*left, *others])) == Counter(map(id, items))
    return left


def test_each_test_is_of_one_tier_and_a_long_search_of_both() -> None:
    """So that both together leave nothing out."""
    short, wide_one = Item(), Item(plain, "wide")
    brief, long = Item(searched), Item(searched, "long")
    items = (short, wide_one, brief, long)
    assert chosen("all", *items) == [*items]
    assert chosen("wide", *items) == [wide_one, long]
    assert chosen("short", *items) == [short, brief, long]


def test_a_long_search_is_whole_in_all_tiers_but_the_short_one() -> None:
    """There it plays a part of its examples, however often its test is met."""
    played: list[int] = []

    @given(st.integers())
    @settings(max_examples=400)
    def search(number: int) -> None:
        played.append(number)

    item, case = Item(search, "long"), Item(search, "long")
    for tier, most in (("all", 400), ("wide", 400), ("short", 400 // SHORT_PART)):
        chosen(tier, item, case)
        played.clear()
        search()
        assert len(played) == most


def test_a_machines_steps_are_a_search_too() -> None:
    """And a few examples are left of the shortest."""
    case: Any = type("Case", (Machine.TestCase,), {"settings": settings(max_examples=5)})
    item: Any = Item(plain, "long", cls=case)
    assert is_search(item)
    chosen("short", item)
    assert case.settings.max_examples == FEWEST


def test_a_plain_test_is_no_search() -> None:
    """Nor is one of an ordinary class."""
    item: Any = Item(plain, cls=SimpleNamespace())
    assert not is_search(item)


def test_a_case_of_several_arguments_is_a_tuple() -> None:
    """And a tuple as one argument stands in another."""
    assert [each.values for each in wide("a", ("b", 1), ((2, 3),))] == [
        ("a",),
        ("b", 1),
        ((2, 3),),
    ]


def test_each_wide_play_has_a_short_one(request: pytest.FixtureRequest) -> None:
    """In its own file, or where its mark says: no kind is looked at by the wide tier alone."""
    everything = request.config.stash[COLLECTED]
    marks = {item: item.get_closest_marker("wide") for item in everything}
    short = {item.path for item, mark in marks.items() if mark is None}
    names = {name_of(item.nodeid) for item, mark in marks.items() if mark is None}
    collected = {item.path for item in everything}
    for item, mark in marks.items():
        if mark is not None and item.path not in short:
            assert mark.args, item.nodeid
            file = request.config.rootpath / mark.args[0].partition("::")[0]
            assert file.exists()
            assert mark.args[0] in names or file not in collected, item.nodeid
