"""What a line's life means for the comparison of the book with what was seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.reconcile.evidence import Observation, SeenBy
from controller.reconcile.kpi import kpi_of
from controller.reconcile.reconcile import (
    DAY_MS,
    Action,
    LineFinding,
    LineState,
    action_of,
    reconcile,
)
from controller.reconcile.words import sentence_of
from controller.register.book import Line
from controller.register.life import Step, Why
from controller.register.merging import Kept
from controller.register.vocabulary import OUT_OF_USE, Condition
from tests.controller.web_school import ZONE

NOW = 1_793_600_000_000


def line(kind: str = "board", condition: str = "good") -> Kept:
    """A line whose record is complete."""
    data = Line(row=1, asset_tag="TS-1", type=kind, serial="SN-1", room="P203", year=2021,
                condition=condition)  # fmt: skip
    return Kept(no=1, data=data)


def seen(days: float, **told: Any) -> Observation:
    """It was seen so many days ago."""
    whole = {
        "by": SeenBy.AGENT,
        "room": "P203",
        "serial": "SN-1",
        "at_ms": NOW - round(days * DAY_MS),
    }
    return Observation(**(whole | told))


def said(condition: str, days: float) -> dict[int, Step]:
    """A person said so, so many days ago."""
    at_ms = NOW - round(days * DAY_MS)
    return {1: Step(no=1, line=1, condition=condition, why=Why.PERSON, at_ms=at_ms)}


def found(kept: Kept, steps: dict[int, Step], *sights: Observation) -> LineFinding:
    """How the line stands."""
    return reconcile([kept], sights, NOW, conditions=steps).findings[0]


@pytest.mark.parametrize("condition", sorted(OUT_OF_USE))
def test_what_is_said_to_be_out_of_use_is_never_missing(condition: str) -> None:
    """The book still says that it is good."""
    told = found(line(), said(condition, 90), seen(99))
    assert (told.state, told.condition) == (LineState.OK, condition)


def test_what_was_mended_is_missing_again_though_the_book_says_broken() -> None:
    """The newest word counts, not the book's."""
    assert found(line(condition="broken"), {}, seen(99)).state is LineState.OK
    assert found(line(condition="broken"), said("good", 98), seen(99)).state is LineState.MISSING


def test_a_scan_after_the_step_is_the_newest_word_and_one_before_it_is_not() -> None:
    """A person stood before it and told its condition."""
    scan = seen(2, by=SeenBy.PERSON_SCAN, condition="good")
    assert found(line(), said("broken", 3), scan).condition == "good"
    assert found(line(), said("broken", 1), scan).condition == "broken"
    assert found(line(), said("broken", 3), seen(2)).condition == "broken"


@pytest.mark.parametrize("kind", ["board", "chair"])
def test_what_is_said_to_be_lost_is_missing_at_once_whatever_it_is(kind: str) -> None:
    """Nobody is asked to search for what is known to be lost: it is found, or written off."""
    told = found(line(kind), said("lost", 1), seen(2))
    assert (told.state, told.lost, action_of(told)) == (
        LineState.MISSING,
        True,
        Action.FIND_OR_WRITE_OFF,
    )
    assert action_of(found(line(), {}, seen(99))) is Action.SEARCH


def test_a_lost_line_stays_in_the_figure_and_no_longer_counts() -> None:
    """It lowers the share: the line is declared, and its last sight proves nothing any more."""
    before = reconcile([line()], [seen(2)], NOW)
    after = reconcile([line()], [seen(2)], NOW, conditions=said("lost", 1))
    assert kpi_of(before.findings).digital_managed_pct == 100.0
    assert (kpi_of(after.findings).declared, kpi_of(after.findings).digital_managed_pct) == (1, 0.0)
    disposed = reconcile([line()], [seen(2)], NOW, conditions=said("disposed", 1))
    assert kpi_of(disposed.findings).complete_and_verified == 1


def test_what_is_seen_again_is_not_lost_and_its_condition_is_asked_for() -> None:
    """An agent cannot tell how it is; a person sets it."""
    told = found(line(), said("lost", 3), seen(1))
    assert (told.state, told.lost, told.verified) == (LineState.OK, False, True)
    assert action_of(told) is Action.SET_CONDITION
    assert sentence_of(told, NOW, str, ZONE).endswith("It is lost. Yet it was seen on "
                                                      f"{_day(told)}.")  # fmt: skip
    assert found(line(), said("disposed", 3), seen(1)).reappeared
    assert not found(line(), said("broken", 3), seen(1)).reappeared


def test_a_lost_line_that_nobody_ever_saw_is_told_without_a_day() -> None:
    """There is no last day to name."""
    told = found(line(), said("lost", 3))
    assert (told.state, told.also) == (LineState.MISSING, (LineState.NEVER_SEEN,))
    assert sentence_of(told, NOW, str, ZONE) == "Nobody has seen it yet. It is lost."


def _day(finding: LineFinding) -> str:
    return f"{datetime.fromtimestamp((finding.seen_ms or 0) / 1000, ZONE):%d/%m/%Y}"


@given(
    kind=st.sampled_from(["board", "desk"]),
    book=st.sampled_from(["", *Condition]),
    word=st.sampled_from([*Condition]),
    days=st.integers(0, 400),
    sights=st.lists(st.integers(0, 400), max_size=3),
)
def test_no_word_of_being_out_of_use_is_ever_missing(
    kind: str, book: str, word: Condition, days: int, sights: list[int]
) -> None:
    """And of a line that is said to be lost nothing is verified before it is seen again."""
    told = found(line(kind, book), said(word, days), *(seen(each) for each in sights))
    states = {told.state, *told.also}
    if word in OUT_OF_USE:
        assert LineState.MISSING not in states
    if word is Condition.LOST:
        later = any(each < days for each in sights)
        assert told.lost is not later
        assert told.verified is (later and min(sights) <= 365)
