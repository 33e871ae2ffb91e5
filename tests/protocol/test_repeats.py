"""A log stays short whatever others do, and says how much it does not say."""

from __future__ import annotations

import logging
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol import repeats
from protocol.repeats import RepeatFilter, RepeatLimiter

LINES, EVERY_S = 3, 10.0
said = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 0.0, 1.0, 10.0])))


@given(said)
def test_of_a_kind_so_many_pass_in_a_while_and_the_others_are_counted(
    lines: list[tuple[str, float]],
) -> None:
    """Nothing is lost in silence: what was written and what was counted is all that was said."""
    now_s = 0.0
    limiter = RepeatLimiter(LINES, EVERY_S, now_s=lambda: now_s)
    written: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    times: dict[str, list[float]] = {}
    for kind, pause_s in lines:
        now_s += pause_s
        held = limiter.held_back(kind)
        if held is not None:
            written[kind] += 1
            counted[kind] += held
            times.setdefault(kind, []).append(now_s)
    for kind, passed_s in times.items():
        owed = limiter._passed.get(kind, [0, 0])[1]
        assert written[kind] + counted[kind] + owed == sum(name == kind for name, _ in lines)
        for first_s in passed_s:
            assert sum(first_s <= at_s < first_s + EVERY_S for at_s in passed_s) <= 2 * LINES
    now_s += EVERY_S
    for kind in times:
        assert limiter.held_back(kind) is not None, "a while later it is written again"


def test_kinds_without_end_share_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that memory is bounded too."""
    monkeypatch.setattr(repeats, "MAX_KINDS", 5)
    limiter = RepeatLimiter(LINES, EVERY_S, now_s=float)
    passed = [limiter.held_back(str(number)) for number in range(100)]
    assert sum(held is not None for held in passed) == 5 + LINES
    assert len(limiter._passed) == 6


def test_a_logger_says_how_many_like_it_were_not_written(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the template: the values are what a peer makes up."""
    now_s = 0.0
    logger = logging.getLogger("tests.repeats")
    monkeypatch.setattr(caplog.handler, "filters", [])  # a program may have set its own
    caplog.handler.addFilter(RepeatFilter(RepeatLimiter(2, now_s=lambda: now_s)))
    for number in range(4315):
        logger.warning("no such thing: %d", number)
    logger.warning("something else")
    now_s = 60.0
    logger.warning("no such thing: %d", 9999)
    assert [record.getMessage() for record in caplog.records] == [
        "no such thing: 0",
        "no such thing: 1",
        "something else",
        "no such thing: 9999 (and 4,313 like it)",
    ]
