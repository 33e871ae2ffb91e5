"""A batch takes about as long as whoever comes next may wait."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controller.broker.pace import AIM_S, LEAST, MOST, BatchPace


@given(st.floats(0, 0.5), st.floats(1e-6, 1e-2))
def test_batches_come_to_take_so_long_whatever_the_disk_costs(
    fixed_s: float, each_s: float
) -> None:
    """With as much waiting as anybody likes; or as the fewest take, or as many as may be."""
    pace, took_s = BatchPace(), 0.0
    for _ in range(8):
        count = pace.limit
        took_s = fixed_s + count * each_s
        pace.note(count, took_s)
        assert LEAST <= pace.limit <= MOST
    assert took_s <= max(2 * AIM_S, fixed_s + LEAST * each_s)
    if fixed_s + MOST * each_s <= AIM_S:
        assert pace.limit == MOST


@given(st.integers(1, MOST // 2 - 1), st.floats(0, 9))
def test_a_few_that_take_long_are_not_too_many(count: int, took_s: float) -> None:
    """What a slow disk costs for one says nothing of how many to take."""
    pace = BatchPace()
    pace.note(count, took_s)
    assert pace.limit == MOST


def test_it_grows_again() -> None:
    """After one slow moment."""
    pace = BatchPace()
    for _ in range(9):
        pace.note(pace.limit, 1.0)
    assert pace.limit == LEAST
    for _ in range(9):
        pace.note(pace.limit, 0.01)
    assert pace.limit == MOST
