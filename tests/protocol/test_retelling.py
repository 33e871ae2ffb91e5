"""What is told again goes a few at a time, and is told until it is answered."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from protocol.retelling import AT_ONCE, PATIENCE_S, PAUSE_S, Retelling


def test_the_next_go_when_these_are_answered_and_after_a_pause() -> None:
    """Never more than a few are on their way."""
    retelling = Retelling("c", 0, range(100))
    first = retelling.due(0.0)
    assert first == list(range(AT_ONCE))
    assert retelling.due(PAUSE_S) == []
    retelling.settle(first[:-1])
    assert retelling.due(PAUSE_S) == []
    retelling.settle(first)
    assert retelling.due(PAUSE_S / 2) == []
    assert retelling.wait_s(PAUSE_S / 2) == PAUSE_S / 2
    assert retelling.due(PAUSE_S) == list(range(AT_ONCE, 2 * AT_ONCE))


def test_what_is_not_answered_is_told_again() -> None:
    """After a while, or at once in a new session."""
    retelling = Retelling("c", 0, range(3))
    retelling.due(0.0)
    retelling.settle([1])
    assert retelling.due(PATIENCE_S) == [0, 2]
    assert retelling.due(PATIENCE_S + 1) == []
    retelling.send_again()
    assert retelling.due(PATIENCE_S + 1) == [0, 2]
    retelling.settle([0, 2])
    assert (retelling.is_over, retelling.due(math.inf)) == (True, [])


@given(st.integers(0, 200), st.data())
def test_each_is_told_and_none_after_its_answer(count: int, data: st.DataObject) -> None:
    """Whatever of it is lost on the way."""
    retelling, now_s = Retelling("c", 0, range(count)), 0.0
    answered: set[int] = set()
    while not retelling.is_over:
        now_s += retelling.wait_s(now_s)
        due = retelling.due(now_s)
        assert 0 < len(due) <= AT_ONCE
        assert not answered & {*due}
        lost = data.draw(st.sets(st.sampled_from(due))) if len(answered) < count / 2 else set()
        answered |= {*due} - lost
        retelling.settle({*due} - lost)
        if now_s > 10_000:
            break
    assert answered == {*range(count)} or now_s > 10_000
