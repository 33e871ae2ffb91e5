"""A chain of attendance records shows what was done to it."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.chain import breaks, link_record
from protocol.messages import AttendanceMarked, Chained, RollConfirmed, RollLine
from protocol.model import AttendanceStatus, Method

MARKS = st.lists(
    st.tuples(st.text(min_size=1, max_size=20), st.sampled_from(AttendanceStatus)),
    min_size=3,
    max_size=12,
)


def linked(marks: list[tuple[str, AttendanceStatus]]) -> list[AttendanceMarked]:
    """Marks as one agent chains them."""
    chain: list[AttendanceMarked] = []
    for number, (student, status) in enumerate(marks):
        mark = AttendanceMarked(
            boot="3f2a",
            at_ms=number,
            id=f"mark-{number}",
            seq=number + 1,
            room="P203",
            student=student,
            status=status,
            method=Method.MANUAL,
        )
        chain.append(link_record(mark, chain[-1].hash if chain else ""))
    return chain


@given(MARKS, st.randoms())
def test_a_whole_chain_holds_in_any_order(
    marks: list[tuple[str, AttendanceStatus]], chance: random.Random
) -> None:
    """The outbox may give boot and seq anew, and the broker may change the order."""
    chain: list[Chained] = [replace(each, boot="b7", seq=99) for each in linked(marks)]
    chance.shuffle(chain)
    assert breaks(chain) == []


@given(MARKS, st.data())
def test_a_changed_record_is_named(
    marks: list[tuple[str, AttendanceStatus]], data: st.DataObject
) -> None:
    """Whoever edits the database is found out."""
    chain = linked(marks)
    at = data.draw(st.integers(0, len(chain) - 1))
    chain[at] = replace(chain[at], student=chain[at].student + "x")
    assert [found.id for found in breaks(chain)] == [f"mark-{at}"]


@given(MARKS, st.data())
def test_a_record_taken_out_is_missed(
    marks: list[tuple[str, AttendanceStatus]], data: st.DataObject
) -> None:
    """All but the last: nothing stands on that one yet."""
    chain = linked(marks)
    at = data.draw(st.integers(0, len(chain) - 2))
    del chain[at]
    assert [found.id for found in breaks(chain)] == [f"mark-{at + 1}"]


def test_a_record_put_in_is_named() -> None:
    """Two records cannot stand on one."""
    chain = linked([("a", AttendanceStatus.PRESENT), ("b", AttendanceStatus.LATE)])
    forged = link_record(replace(chain[1], id="forged", hash="", student="c"), chain[0].hash)
    assert [found.id for found in breaks([*chain, forged])] == ["forged"]


def test_every_line_of_a_roll_counts() -> None:
    """A roll's lines are in its hash."""
    line = RollLine(
        student="a", class_code="10A1", status=AttendanceStatus.PRESENT, method=Method.DEFAULT
    )
    roll = RollConfirmed(
        boot="b", at_ms=1, id="r", room="P203", lesson="l", day="2026-11-05", lines=(line,)
    )
    kept = link_record(roll, "")
    changed = replace(kept, lines=(replace(line, status=AttendanceStatus.LATE),))
    assert breaks([kept]) == []
    assert [found.why for found in breaks([changed])] == ["changed"]


def test_records_of_older_agents_are_passed_over() -> None:
    """Schemas 1 and 2 chained nothing."""
    old = replace(linked([("a", AttendanceStatus.PRESENT)])[0], hash="", before="")
    assert breaks([old]) == []
