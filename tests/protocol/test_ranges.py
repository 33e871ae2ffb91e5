"""A stream knows which of an agent's events arrived, in whatever order they come."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from protocol.ranges import Stream, ranges_of

numbers = st.lists(st.integers(1, 60), max_size=80)


@given(numbers)
def test_a_stream_is_a_set_of_numbers(arrivals: list[int]) -> None:
    """New or seen, missing, and the text form, held against a plain set."""
    stream, seen = Stream(), set[int]()
    for number in arrivals:
        assert stream.add(number) == (number not in seen)
        seen.add(number)
        assert stream.missing == max(seen) - len(seen)
    again = Stream.from_text(stream.to_text())
    assert again.ranges == stream.ranges
    assert again.missing == stream.missing


@given(numbers)
def test_ranges_are_the_fewest_that_hold_the_numbers(arrivals: list[int]) -> None:
    """No two of them touch, and together they hold every number once."""
    ranges = ranges_of(arrivals)
    assert sorted(n for low, high in ranges for n in range(low, high + 1)) == sorted(set(arrivals))
    assert all(left[1] + 1 < right[0] for left, right in pairwise(ranges))
