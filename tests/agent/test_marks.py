from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.lessons.marks import MAX_MARKS, MarkBook, MarkBookFull, MarkResult
from agent.room import Messages
from protocol.messages import AttendanceMarked
from protocol.model import AttendanceStatus, Method
from tests.agent.classrooms import DAY, moment, room

PRESENT, LATE = AttendanceStatus.PRESENT, AttendanceStatus.LATE
TAP = Method.MANUAL


def empty() -> MarkBook:
    """A roll without marks."""
    return MarkBook(room=room())


def mark(
    roll: MarkBook,
    student: str = "0012",
    status: AttendanceStatus = PRESENT,
    lesson: str | None = "l1",
    day: str = DAY,
) -> tuple[MarkBook, MarkResult, Messages]:
    """One mark, made by hand."""
    return roll.mark(student, status, TAP, lesson, moment(day=day))


def test_a_mark_is_an_event_of_this_room_and_lesson() -> None:
    """Leading zeros of a pupil's code survive."""
    _, marked, [event] = mark(empty())
    assert isinstance(event, AttendanceMarked)
    assert marked.new
    assert (event.student, event.status, event.lesson, event.room) == ("0012", PRESENT, "l1", "6A1")
    assert event.id == marked.mark.event_id


def test_the_same_mark_again_is_the_same_event() -> None:
    """A teacher who taps twice makes one mark."""
    roll, first, _ = mark(empty())
    again, second, said = mark(roll)
    assert (again, said, second.new) == (roll, [], False)
    assert second.mark.event_id == first.mark.event_id


def test_a_mark_repeated_after_a_crash_has_the_same_event_id() -> None:
    """The roll forgot what the outbox kept: the event is still the same one."""
    _, before, _ = mark(empty())
    _, after, [event] = mark(empty())
    assert after.new
    assert event.id == before.mark.event_id  # type: ignore[union-attr]


def test_a_corrected_mark_is_a_new_event_each_time() -> None:
    """Present, late, present again: three events, the last one counts."""
    roll, first, _ = mark(empty())
    roll, second, _ = mark(roll, status=LATE)
    roll, third, _ = mark(roll)
    ids = {each.mark.event_id for each in (first, second, third)}
    assert len(ids) == 3
    assert [each.status for each in roll.marks.values()] == [PRESENT]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"student": "0012"}, {"student": "0013"}),
        ({"lesson": "l1"}, {"lesson": "l2"}),
        ({"lesson": "l1"}, {"lesson": None}),
        ({"lesson": None, "day": "2026-09-07"}, {"lesson": None, "day": "2026-09-08"}),
        ({"status": PRESENT}, {"status": LATE}),
    ],
)
def test_different_marks_have_different_ids(one: dict[str, str], other: dict[str, str]) -> None:
    """Pupil, lesson or day, and status all tell events apart."""
    ids = [mark(empty(), **each)[1].mark.event_id for each in (one, other)]  # type: ignore[arg-type]
    assert ids[0] != ids[1]


def test_another_day_lets_go_of_the_roll_but_not_of_a_lesson_that_runs() -> None:
    """What is not needed today is not kept about children."""
    roll, _, _ = mark(empty(), lesson="l1")
    roll, _, _ = mark(roll, lesson=None)
    assert roll.only(DAY) is roll
    assert set(roll.only("2026-09-08", {"l1"}).marks) == {("l1", "0012")}
    assert roll.only("2026-09-08").marks == {}


def test_a_runaway_program_cannot_fill_the_card() -> None:
    """The roll is bounded; marks in it can still be corrected."""
    marks = [mark(empty(), student=str(number))[1].mark for number in range(MAX_MARKS)]
    roll = MarkBook(room=room(), marks={(made.sheet, made.student): made for made in marks})
    with pytest.raises(MarkBookFull):
        mark(roll, student="one too many")
    assert mark(roll, student="7", status=LATE)[1].new


TAPS = st.lists(
    st.tuples(st.sampled_from(["01", "02"]), st.sampled_from(list(AttendanceStatus))), max_size=20
)


@given(TAPS, st.integers(0, 20))
def test_a_crash_between_outbox_and_documents_never_doubles_a_mark(
    taps: list[tuple[str, AttendanceStatus]], crash: int
) -> None:
    """However often a tap is repeated on an older roll, the outbox sees one event for it."""

    def play(*, crashing: bool) -> list[str]:
        roll, ids = empty(), []
        for number, (student, status) in enumerate(taps):
            if crashing and number == crash:
                _, _, said = mark(roll, student, status)  # kept by the outbox, not by the roll
                ids += [each.id for each in said]  # type: ignore[union-attr]
            roll, _, said = mark(roll, student, status)
            ids += [each.id for each in said]  # type: ignore[union-attr]
        return ids

    assert set(play(crashing=True)) == set(play(crashing=False))
    assert len(set(play(crashing=False))) == len(play(crashing=False))
