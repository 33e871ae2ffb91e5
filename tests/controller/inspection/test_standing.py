"""How an asked item stands follows from what arrived when: held against a model of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hypothesis import example, given
from hypothesis import strategies as st

from controller.department.school_record import SchoolRecord
from controller.inspection.delivery import DAYS_AFTER_MS, InspectionDelivery, Owed
from controller.inspection.inspection import (
    ArrivedAnswer,
    AskedSchool,
    Inspection,
    ItemStanding,
    fits,
    heard,
    inspected,
    news,
)
from protocol.inspection import AskedItem, InspectionAnswer, Outcome
from protocol.model import Place
from protocol.upward import InspectionTold

DUE = 1000
HERE = Place("14", "00140708")
INSPECTION = Inspection(inspection="kt-1", no=1, asked_ms=0, due_ms=DUE)
ITEM = AskedItem(no=1, item="line:1", line=1, room="P1")
NEWER = {"teleported": "not_found"}  # what only a newer school says
OUTCOMES = st.sampled_from(
    ["found", "relocated", "not_found", "refused", "removed", "open", *NEWER]
)


def told(*answers: InspectionAnswer, refused: str = "") -> InspectionTold:
    """A word of the school's."""
    return InspectionTold(
        boot="b", at_ms=0, inspection="kt-1", number=1, refused=refused, answers=answers
    )


class Said(NamedTuple):
    """A word of the school's. outcome: None where it says nothing of the item."""

    at_ms: int
    outcome: str | None
    is_refused: bool


def stood(words: Sequence[Said], at_ms: int) -> str | None:
    """What the department had been told of the item by then, and not been told to forget."""
    told = [word.outcome for word in words if word.outcome and word.at_ms <= at_ms]
    return told[-1] if told and told[-1] != "open" else None


def refused_since(words: Sequence[Said]) -> int | None:
    """When the refusal that holds came first; None where none does."""
    since = None
    for word in words:
        since = (word.at_ms if since is None else since) if word.is_refused else None
    return since


WORDS = st.lists(
    st.builds(Said, st.integers(1, 2000), st.none() | OUTCOMES, st.booleans()), max_size=6
)


@given(WORDS, st.integers(0, 3000))
@example([Said(1, "found", False), Said(2, "open", False), Said(1500, "not_found", False)], 0)
@example([Said(1, "found", False), Said(1500, "open", False)], 0)
@example([Said(1, None, True), Said(1500, None, True)], 0)
@example([Said(1, "teleported", False), Said(1500, "found", False)], 0)
def test_an_item_stands_as_what_arrived_last(words: list[Said], later_ms: int) -> None:
    """What is said of nothing stays, as after an old copy; a word that is said again is no news."""
    words = sorted(words, key=lambda word: word.at_ms)
    history: list[ArrivedAnswer] = []
    school = AskedSchool(place=HERE, inspection="kt-1", items=(ITEM,))
    for number, word in enumerate(words):
        standing = {1: history[-1]} if history else {}
        answers = (
            (InspectionAnswer(no=1, outcome=word.outcome, at_ms=number),) if word.outcome else ()
        )
        said = told(*answers, refused="exam" if word.is_refused else "")
        history += news(HERE, said, standing, word.at_ms)
        school = heard(school, said, word.at_ms)
    now_ms = (words[-1].at_ms if words else 0) + later_ms
    (item,) = inspected(INSPECTION, [school], history, now_ms).items
    last, in_time = stood(words, 10**9), stood(words, DUE)
    is_late = any(word.outcome and word.at_ms > DUE for word in words)
    since = refused_since(words)
    if last:
        expected = NEWER.get(last, last), is_late
    elif since is not None:
        expected = "refused", since > DUE
    else:
        expected = "missing" if now_ms > DUE else "waiting", False
    assert (item.standing.value, item.late) == expected
    assert (item.answer is None) == (last is None)
    shown = item.standing_in_time.value if item.standing_in_time else None
    assert shown == (NEWER.get(in_time or "", in_time) if is_late else None)


def test_an_outcome_of_a_newer_school_is_no_sight() -> None:
    """What this department does not know is never taken for found."""
    school = AskedSchool(place=HERE, inspection="kt-1", items=(ITEM,))
    answers = news(HERE, told(InspectionAnswer(no=1, outcome="teleported")), {}, 5)
    (item,) = inspected(INSPECTION, [school], answers, 6).items
    assert item.standing is ItemStanding.NOT_FOUND


def test_what_a_school_is_asked_goes_into_one_message() -> None:
    """400 items of full length in three-byte letters do not; as many ordinary ones do."""
    long = "ệ" * 80
    full = [
        AskedItem(no=n, item="i" * 80, line=n, asset_tag=long, name=long, serial=long, room=long)
        for n in range(1, 401)
    ]
    plain = [
        AskedItem(
            no=n, item=f"line:{n}", line=n, asset_tag=f"TB-{n:05}", name="Samsung", room="P203"
        )
        for n in range(1, 401)
    ]
    assert not fits(INSPECTION, AskedSchool(place=HERE, inspection="kt-1", items=tuple(full)))
    assert fits(INSPECTION, AskedSchool(place=HERE, inspection="kt-1", items=tuple(plain)))


def record(boot: str, session: int = 1, *, online: bool = True) -> dict[str, SchoolRecord]:
    """The school as it is heard now."""
    return {HERE.school: SchoolRecord(place=HERE, boot=boot, session=session, online=online)}


def test_a_word_is_said_until_it_is_held_and_anew_in_each_session() -> None:
    """Ever less often to who does not answer; never to who is away."""
    delivery = InspectionDelivery()
    owed = Owed(HERE.school, "kt-1", 1)
    here = record("b1")
    assert delivery.due([owed], record("b1", online=False), 0) == []
    assert delivery.due([owed], {}, 0) == []
    times = [at_ms for at_ms in range(0, 200_000, 1000) if delivery.due([owed], here, at_ms)]
    assert times == [0, 10_000, 30_000, 70_000, 150_000]
    held = owed._replace(held=1, arrived_ms=160_000)
    assert delivery.due([held], here, 9_000_000) == []
    assert delivery.due([held], record("b1", 2), 9_000_000) == [held]
    assert delivery.due([held], record("b1", 2), 9_010_000) == [held], "not answered since"
    assert delivery.due([held._replace(arrived_ms=9_000_500)], record("b1", 2), 9_100_000) == []
    withdrawn = held._replace(number=2)
    assert delivery.due([withdrawn], record("b1", 2), 9_100_000) == [withdrawn]
    assert DAYS_AFTER_MS > 45 * 86_400_000, "a summer without the school"


def test_every_outcome_of_the_wire_has_a_standing() -> None:
    """But the answer that was taken back, which is none."""
    assert {*map(str, Outcome)} - {"open"} == {*map(str, ItemStanding)} - {"waiting", "missing"}
