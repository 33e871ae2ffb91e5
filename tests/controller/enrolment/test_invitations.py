"""Codes are few, live for a while, and die of guessing; held against a list of plain facts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.enrolment.invitations import (
    LIFE_S,
    MAX_OPEN,
    TRIES,
    TRIES_A_MINUTE,
    Invitations,
    InvitationState,
)
from protocol.errors import ActionError

deeds = st.one_of(
    st.tuples(st.just("invite"), st.just(0)),
    st.tuples(st.just("wrong"), st.integers(0, 9)),
    st.tuples(st.just("end"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, int(LIFE_S * 1.5))),
)


@given(st.lists(deeds, max_size=40))
def test_what_is_open_is_what_a_list_of_facts_says(steps: list[tuple[str, int]]) -> None:
    """Whatever is done in whatever order."""
    now = [0.0]
    invitations = Invitations(lambda: now[0])
    facts: list[dict[str, float]] = []
    made = []

    def alive(fact: dict[str, float]) -> bool:
        return now[0] < fact["until"] and fact["wrong"] < TRIES and not fact["ended"]

    for deed, number in steps:
        chosen = number % len(facts) if facts else None
        if deed == "invite":
            if sum(map(alive, facts)) >= MAX_OPEN:
                with pytest.raises(ActionError):
                    invitations.invite("6A1", "")
            else:
                made.append(invitations.invite("6A1", ""))
                facts.append({"until": now[0] + LIFE_S, "wrong": 0, "ended": 0})
        elif deed == "wait":
            now[0] += number
        elif chosen is not None and alive(facts[chosen]):
            if deed == "wrong":
                invitations.note_wrong(made[chosen])
                facts[chosen]["wrong"] += 1
            else:
                invitations.end(made[chosen].slot)
                facts[chosen]["ended"] = 1
        is_open = [one for one, fact in zip(made, facts, strict=True) if alive(fact)]
        assert invitations.open() == is_open
        assert len({one.slot for one in is_open}) == len(is_open)
        for one in is_open:
            assert invitations.named(one.slot) is one


@given(st.lists(st.floats(0, 30), max_size=60))
def test_in_any_minute_there_are_so_many_tries_at_most(gaps: list[float]) -> None:
    """And the first ones are always taken."""
    now, taken = 0.0, []
    invitations = Invitations(lambda: now)
    for gap in gaps:
        now += gap
        before = [at for at in taken if now - at < 60]
        may = invitations.may_try()
        assert may is (len(before) < TRIES_A_MINUTE)
        if may:
            taken.append(now)


def test_a_code_that_is_used_is_told_for_a_while_and_is_not_open() -> None:
    """Then it is forgotten."""
    now = [0.0]
    invitations = Invitations(lambda: now[0])
    one = invitations.invite("6A1", "")
    one.state = InvitationState.USED
    invitations.note_wrong(one)
    assert invitations.open() == []
    assert one.state is InvitationState.USED
    assert invitations.named(one.slot) is one
    now[0] = 3 * LIFE_S + 3600
    assert invitations.named(one.slot) is None
