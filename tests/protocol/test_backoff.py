"""Waits double up to a cap, are shortened by chance, and begin anew after a success."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from protocol.backoff import Backoff


def test_waits_double_up_to_the_cap() -> None:
    """Exactly at the cap, not at the last power of two below it."""
    backoff = Backoff(0.5, 5.0, chance=lambda: 1.0)
    assert [backoff.next_s() for _ in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_success_begins_anew() -> None:
    """However long the trouble was."""
    backoff = Backoff(1.0, 60.0, chance=lambda: 1.0)
    for _ in range(2000):
        backoff.next_s()
    backoff.reset()
    assert (backoff.next_s(), backoff.next_s()) == (1.0, 2.0)


def test_the_bound_can_be_used_without_a_wait() -> None:
    """A patience grows alike."""
    patience = Backoff(5.0, 60.0)
    assert patience.bound_s == 5.0
    patience.lengthen()
    assert patience.bound_s == 10.0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_chance_shortens_a_wait_by_a_half_at_most(chances: list[float]) -> None:
    """What failed together comes back apart, and the doubling does not depend on luck."""
    numbers = iter(chances)
    backoff = Backoff(1.0, 8.0, chance=lambda: next(numbers))
    for number in range(len(chances)):
        bound_s = min(2.0**number, 8.0)
        assert bound_s / 2 <= backoff.next_s() <= bound_s
