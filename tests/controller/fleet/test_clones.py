"""Two computers of one identity are seen by their births, and restarts are never taken for them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count, pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.fleet.clones import (
    ASK_EVERY_S,
    ASKS,
    CALM_S,
    MAX_AGENTS,
    MAX_BOOTS,
    PROOF_S,
    SILENT_S,
    Clones,
    as_cloned,
)
from controller.fleet.records import AgentRecord
from protocol.health import ReasonCode
from protocol.messages import REASONS, Birth, Health, Presence
from protocol.model import Place, Reason, Status

NAME = "p1"
COMPUTER = AgentRecord(place=Place("14", "001", NAME), since_ms=5)


class Step(NamedTuple):
    """What one of the computers does, so many seconds after the step before."""

    computer: int
    restarts: bool
    after_s: float


class Heard(NamedTuple):
    """A birth as it comes in. start: the number of its boot among all boots."""

    at_s: float
    start: int
    rev: int


STEPS = st.builds(
    Step, st.integers(0, 2), st.booleans(), st.floats(0, PROOF_S * 1.5, allow_nan=False)
)


def births_of(steps: Iterable[Step]) -> list[Heard]:
    """The births of these computers; each begins with a boot of its own, numbered as they come."""
    starts, at_s = count(), 0.0
    running: dict[int, tuple[int, int]] = {}
    births = []
    for step in steps:
        at_s += step.after_s
        start, rev = running.get(step.computer, (-1, 0))
        if step.restarts or start < 0:
            start, rev = next(starts), 0
        running[step.computer] = start, rev + 1
        births.append(Heard(at_s, start, rev + 1))
    return births


def birth(start: int, rev: int) -> Birth:
    """As an agent says it."""
    boot = f"boot-{start}"
    return Birth(boot=boot, at_ms=1, rev=rev, session=1, room="6A1", beat_s=60, status=Status.OK)


def told(births: Iterable[Heard], clones: Clones | None = None) -> Clones:
    """What hears these."""
    clones = clones or Clones()
    for heard in births:
        now_ms = int(heard.at_s * 1000)
        clones.hear_birth(NAME, birth(heard.start, heard.rev), heard.at_s, now_ms)
    return clones


def proof_s(births: list[Heard]) -> float | None:
    """The model: when two returns were near; a return is held against the whole past."""
    returns = []
    for no, heard in enumerate(births):
        own = [place for place in range(no) if births[place].start == heard.start]
        if own and any(one.start > heard.start for one in births[own[-1] + 1 : no]):
            returns.append(heard.at_s)
    near = (later for first, later in pairwise(returns) if later - first <= PROOF_S)
    return next(near, None)


@given(st.lists(STEPS, max_size=MAX_BOOTS))
def test_it_agrees_with_who_remembers_everything(steps: list[Step]) -> None:
    """One to three computers, each restarted at any time."""
    births = births_of(steps)
    proven_s = proof_s(births)
    since_ms = told(births).since_ms(NAME)
    assert since_ms == (None if proven_s is None else int(proven_s * 1000))


@given(st.lists(STEPS, max_size=40), st.integers(0, 39))
def test_restarts_alone_never_accuse(steps: list[Step], late: int) -> None:
    """Nor do they with all of it brought twice, and one late message of a boot before."""
    births = births_of(step._replace(computer=0) for step in steps)
    clones = told([*births, *births])
    if births:
        old = births[late % len(births)]
        told([old._replace(at_s=births[-1].at_s, rev=1_000)], clones)
        told([births[-1]._replace(rev=births[-1].rev + more) for more in (1, 2)], clones)
    assert clones.since_ms(NAME) is None


@given(st.lists(STEPS, max_size=20), st.floats(0, PROOF_S / 2))
def test_two_that_alternate_are_always_seen(steps: list[Step], pause_s: float) -> None:
    """Whatever was before, by the fifth birth."""
    before = births_of(steps)
    at_s = before[-1].at_s if before else 0.0
    turns = [Heard(at_s + pause_s * no, 1_000 + no % 2, 1 + no // 2) for no in range(5)]
    assert told([*before, *turns]).since_ms(NAME) is not None


def test_the_proof_ends_after_an_hour_without_a_return() -> None:
    """Once, and one more return begins it anew."""
    turns = [Heard(float(no), no % 2, 1 + no // 2) for no in range(7)]
    clones = told(turns)
    assert clones.since_ms(NAME) == 4_000
    assert clones.take_ended(6 + CALM_S - 1) == frozenset()
    assert clones.take_ended(6 + CALM_S) == {NAME}
    assert (clones.since_ms(NAME), clones.take_ended(6 + CALM_S)) == (None, frozenset())


def test_who_was_enrolled_anew_begins_anew() -> None:
    """Who was no two is not told of."""
    clones = told(Heard(float(no), no % 2, 1 + no // 2) for no in range(5))
    clones.forget(NAME)
    clones.forget("p2")
    assert clones.since_ms(NAME) is None
    assert clones.take_ended(6.0) == {NAME}


def test_what_is_kept_of_boots_and_names_is_bounded() -> None:
    """The eight boots that spoke last; the names that spoke last."""
    clones = told(Heard(float(no), no, 1) for no in range(100))
    assert len(clones._agents[NAME].boots) == MAX_BOOTS
    for no in range(MAX_AGENTS):
        clones.hear_birth(f"x{no}", birth(1, 1), 1.0, 1)
    assert len(clones._agents) == MAX_AGENTS
    assert NAME not in clones._agents


@pytest.mark.parametrize(
    ("before", "after", "since_ms"),
    [(Status.OK, Status.WARNING, 7), (Status.CRITICAL, Status.CRITICAL, 5)],
)
def test_a_healthy_room_warns_and_a_sick_one_stays_as_urgent(
    before: Status, after: Status, since_ms: int
) -> None:
    """The reason stands first and once; a list that is full stays within the wire's bound."""
    others = (Reason(ReasonCode.DISK_LOW),) * REASONS
    shown = as_cloned(replace(COMPUTER, status=before, reasons=others), 7, "A / B")
    assert (shown.status, shown.since_ms, len(shown.reasons)) == (after, since_ms, REASONS)
    assert shown.reasons[0] == Reason(ReasonCode.CLONED, "A / B")
    assert as_cloned(shown, 9, "A / B") == shown


def here(boot: str, *, online: bool = True) -> Presence:
    """What a start says first and last."""
    return Presence(boot=boot, at_ms=1, session=1, online=online)


def beat(boot: str) -> Health:
    """A state of a start's."""
    return Health(boot=boot, at_ms=1, status=Status.OK)


@pytest.mark.parametrize("says_goodbye", [True, False])
def test_a_start_beside_another_one_has_both_asked(*, says_goodbye: bool) -> None:
    """Three times, a while apart; after a goodbye it is a restart, and nobody is asked."""
    clones = Clones()
    clones.hear_presence(NAME, here("a"), 0.0)
    if says_goodbye:
        clones.hear_presence(NAME, here("a", online=False), 1.0)
    clones.hear_presence(NAME, here("b"), 1.0)
    asked = [clones.take_asks(1.0 + no * ASK_EVERY_S) for no in range(ASKS + 1)]
    assert clones.take_asks(2.0) == {}
    both = {NAME: ["a", "b"]}
    assert asked == ([{}] * (ASKS + 1) if says_goodbye else [both] * ASKS + [{}])


def test_two_that_answer_are_proven_and_one_of_them_speaks() -> None:
    """The other is passed over until the one has gone or was silent; both are told."""
    clones = told(Heard(float(no), no % 2, 1 + no // 2) for no in range(5))
    said = [clones.is_passed_over(NAME, beat(boot), 5.0) for boot in ("boot-0", "boot-1")]
    assert said == [False, True]
    assert {one.boot for one in clones.computers(NAME, 5.0)} == {"boot-0", "boot-1"}
    assert [clones.take_tellings(at_s) for at_s in (5.0, 6.0)] == [[NAME], []]
    assert not clones.is_passed_over(NAME, beat("boot-1"), 5.1 + SILENT_S)
    assert clones.is_passed_over(NAME, beat("boot-0"), 6.0 + SILENT_S)
    clones.hear_presence(NAME, here("boot-1", online=False), 7.0 + SILENT_S)
    assert not clones.is_passed_over(NAME, beat("boot-0"), 8.0 + SILENT_S)
    assert [one.boot for one in clones.computers(NAME, 8.0 + SILENT_S)] == ["boot-0"]
    assert clones.take_ended(6.0 + CALM_S) == frozenset()  # it was seen since
