"""What is under way follows how soon it is answered."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from protocol.window import AIM_S, LEAST, Window

MOST = 256


def delays(rate_per_s: float, senders: int, rounds: int) -> list[float]:
    """How long each answer takes where so many senders, all with much, share a receiver."""
    windows = [Window(MOST) for _ in range(senders)]
    under_way = [0] * senders
    line: deque[tuple[int, float]] = deque()
    now_s, seen = 0.0, []
    for _ in range(rounds * senders):
        for who, window in enumerate(windows):
            free = max(0, window.size - under_way[who])
            line.extend([(who, now_s)] * free)
            under_way[who] += free
        batch = [line.popleft() for _ in range(min(LEAST, len(line)))]
        now_s += len(batch) / rate_per_s
        for who, sent_s in batch:
            under_way[who] -= 1
            windows[who].note(sent_s, now_s, 1)
            seen.append(now_s - sent_s)
    return seen


@given(st.floats(20, 20_000), st.integers(1, 12))
def test_answers_come_to_take_about_a_second_or_as_long_as_the_fewest_take(
    rate_per_s: float, senders: int
) -> None:
    """However slow the receiver is; where it is quick, the window is wide."""
    seen = delays(rate_per_s, senders, 150)
    fewest_s = 2 * (senders + 1) * LEAST / rate_per_s
    assert max(seen[-LEAST * senders :]) <= max(2.2 * AIM_S, fewest_s)
    if senders * MOST / rate_per_s < AIM_S:
        window = Window(MOST)
        for _ in range(MOST):
            window.note(0, senders * MOST / rate_per_s, 1)
        assert window.size == MOST


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9), st.integers(1, 300)), max_size=30))
def test_it_stays_within_its_bounds(answers: list[tuple[float, float, int]]) -> None:
    """Never none, never more than allowed."""
    for most in (1, 2, MOST):
        window = Window(most)
        for sent_s, took_s, count in answers:
            window.note(sent_s, sent_s + took_s, count)
            assert min(LEAST, most) <= window.size <= most


def test_one_late_answer_to_many_that_were_sent_together_halves_once() -> None:
    """They were all late by the same cause."""
    window = Window(MOST)
    for _ in range(5):
        window.note(1.0, 3.0, 1)
    assert window.size == 32
