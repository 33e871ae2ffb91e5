"""How an asked item stands follows from what arrived when: held against a model of its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from controller.department.school_record import SchoolRecord
from controller.inspection.delivery import DAYS_AFTER_MS, InspectionDelivery, Owed
from controller.inspection.inspection import (
    AskedSchool,
    Inspection,
    ItemStanding,
    fits,
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
OUTCOMES = st.sampled_from(["found", "relocated", "not_found", "refused", "removed", "open"])


def told(*answers: InspectionAnswer, refused: str = "") -> InspectionTold:
    """A word of the school's."""
    return InspectionTold(
        boot="b", at_ms=0, inspection="kt-1", number=1, refused=refused, answers=answers
    )


@given(
    st.lists(st.tuples(st.one_of(OUTCOMES, st.none()), st.integers(1, 2000)), max_size=6),
    st.integers(0, 3000),
    st.booleans(),
)
def test_an_item_stands_as_what_arrived_last(
    words: list[tuple[str | None, int]],
    later_ms: int,
    refused: bool,  # noqa: FBT001 - drawn
) -> None:
    """None: the school says nothing of it, as after an old copy; then what stood stays."""
    words = sorted(words, key=lambda word: word[1])
    history: list = []
    last: tuple[str, int] | None = None
    timely: str | None = None
    for outcome, at_ms in words:
        standing = {history[-1].no: history[-1]} if history else {}
        said = (InspectionAnswer(no=1, outcome=outcome, at_ms=at_ms),) if outcome else ()
        history += news(HERE, told(*said), standing, at_ms)
        if outcome:
            last = outcome, at_ms
            timely = outcome if at_ms <= DUE and outcome != "open" else timely
    now_ms = (words[-1][1] if words else 0) + later_ms
    school = AskedSchool(
        place=HERE, inspection="kt-1", items=(ITEM,), refused="exam" if refused else ""
    )
    (item,) = inspected(INSPECTION, [school], history, now_ms).items
    if last is None or last[0] == "open":
        nothing = ItemStanding.MISSING if now_ms > DUE else ItemStanding.WAITING
        assert item.standing == (ItemStanding.REFUSED if refused else nothing)
        assert item.answer is None
    else:
        assert (item.standing.value, item.late) == (last[0], last[1] > DUE)
        assert (item.in_time.outcome if item.in_time else None) == (
            timely if last[1] > DUE else None
        )


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
