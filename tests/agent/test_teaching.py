"""What a teacher does in a lesson, and what is left of it after a power cut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.lessons import memos
from agent.lessons.lesson import Lesson
from agent.lessons.marks import MarkBook
from agent.lessons.sheet import NotOnRoll, Suggestion
from agent.lessons.teaching import NoLesson, Teaching, TeachingStep
from agent.room import Messages
from protocol import chain
from protocol.messages import (
    AttendanceMarked,
    Chained,
    Ending,
    FaultReported,
    LessonEnded,
    LessonResumed,
    Part,
    RollConfirmed,
    RollReopened,
)
from protocol.model import AttendanceStatus, Method
from protocol.plan import ClassList, Plan, Pupil
from tests.agent.classrooms import moment, room

PRESENT, LATE = AttendanceStatus.PRESENT, AttendanceStatus.LATE
AWAY = AttendanceStatus.ABSENT_UNEXCUSED
LISTS = tuple(
    ClassList(
        code=code,
        pupils=tuple(
            Pupil(number=number, student=f"{code}-{number}", name=f"Em {number}")
            for number in (1, 2, 3)
        ),
    )
    for code in ("10A1", "10A2")
)
PLAN = Plan(lists=LISTS, classes=("10A1", "10A2", "10A3"))


def idle(plan: Plan = PLAN) -> Teaching:
    """A room before its lesson."""
    here = room()
    return Teaching(room=here, lesson=Lesson(room=here), roll=MarkBook(room=here), plan=plan)


def in_lesson(*classes: str, plan: Plan = PLAN) -> Teaching:
    """A lesson of these classes."""
    return idle(plan).start("l1", moment(), classes or ("10A1",)).teaching


def seen(method: Method = Method.TABLET, at_s: float = 60, *flags: str) -> Suggestion:
    """A machine's word."""
    return Suggestion(method=method, at_ms=moment(at_s).at_ms, tablet="Máy 07", flags=flags)


def statuses(teaching: Teaching) -> dict[str, AttendanceStatus]:
    """How everyone is, as the teacher sees it."""
    present = teaching.lesson.present
    assert present
    assert present.sheet
    return {each.student: present.sheet.status_of(each.student) for each in present.sheet.pupils}


def test_everyone_is_present_and_nothing_is_said_before_the_confirmation() -> None:
    """Taps and tablets only prepare the teacher's word."""
    teaching = in_lesson()
    teaching, said = teaching.tap("10A1-2", AWAY, moment(10))
    assert said == []
    teaching, said = teaching.suggest("10A1-1", seen())
    assert said == []
    teaching, [roll_] = teaching.confirm(moment(90))
    assert isinstance(roll_, RollConfirmed)
    assert [(each.student, each.status, each.method) for each in roll_.lines] == [
        ("10A1-1", PRESENT, Method.TABLET),
        ("10A1-2", AWAY, Method.MANUAL),
        ("10A1-3", PRESENT, Method.DEFAULT),
    ]
    assert (roll_.actor, roll_.classes, roll_.day) == ("teacher", ("10A1",), "2026-09-07")
    assert teaching.confirm(moment(91)) == TeachingStep(teaching, [])


def test_a_correction_is_a_new_record_and_the_old_one_is_kept() -> None:
    """The pupil who was missing comes in at 07:24."""
    teaching = in_lesson().tap("10A1-2", AWAY, moment(5)).teaching.confirm(moment(10)).teaching
    teaching, [mark] = teaching.tap("10A1-2", LATE, moment(600))
    assert isinstance(mark, AttendanceMarked)
    assert (mark.status, mark.why, mark.class_code, mark.lesson) == (
        *(LATE, "corrected"),
        *("10A1", "l1"),
    )
    assert teaching.lesson.sheet
    assert [each.status for each in teaching.lesson.sheet.entries["10A1-2"]] == [AWAY, LATE]
    assert teaching.tap("10A1-2", LATE, moment(601)).messages == []
    teaching, [back] = teaching.undo(moment(605))
    assert isinstance(back, AttendanceMarked)
    assert (back.status, back.why) == (AWAY, "undone")


def test_a_machine_never_changes_the_teachers_word() -> None:
    """Neither a tap nor a confirmed mark; but the teacher sees what it saw."""
    teaching = in_lesson().tap("10A1-2", AWAY, moment()).teaching
    teaching = teaching.suggest("10A1-2", seen()).teaching
    assert statuses(teaching)["10A1-2"] is AWAY
    teaching = teaching.confirm(moment(10)).teaching
    teaching = teaching.suggest("10A1-2", seen(Method.CARD, 70, "copied_card")).teaching
    assert statuses(teaching)["10A1-2"] is AWAY
    assert teaching.lesson.sheet
    kept = teaching.lesson.sheet.suggestions["10A1-2"]
    assert (kept.method, kept.flags) == (Method.TABLET, ("copied_card",))


def test_counts_are_as_teachers_write_them() -> None:
    """The late are in class."""
    teaching = in_lesson("10A1", "10A2")
    for student, status in [("10A1-1", AWAY), ("10A1-2", LATE), ("10A2-3", AWAY)]:
        teaching = teaching.tap(student, status, moment()).teaching
    assert teaching.lesson.sheet
    assert teaching.lesson.sheet.counts().text == "6/4/2"


def test_strangers_are_refused() -> None:
    """By whatever way they come."""
    teaching = in_lesson()
    with pytest.raises(NotOnRoll):
        teaching.tap("10A2-1", AWAY, moment())
    with pytest.raises(NotOnRoll):
        teaching.suggest("10A2-1", seen())
    confirmed = teaching.confirm(moment()).teaching
    with pytest.raises(NotOnRoll):
        confirmed.tap("10A2-1", PRESENT, moment())
    with pytest.raises(NoLesson):
        idle().suggest("10A1-1", seen())
    with pytest.raises(NoLesson):
        in_lesson("10A3").confirm(moment())


def test_a_list_that_comes_late_opens_the_roll_and_a_newer_one_is_followed() -> None:
    """The lesson never waits for it."""
    teaching = in_lesson(plan=Plan())
    assert teaching.lesson.running
    assert teaching.lesson.sheet is None
    teaching = teaching.take(PLAN, "d1").teaching.tap("10A1-1", AWAY, moment()).teaching
    new = ClassList(code="10A1", pupils=(*LISTS[0].pupils[:1], Pupil(number=9, student="new")))
    teaching = teaching.take(Plan(lists=(new,)), "d2").teaching
    assert statuses(teaching) == {"10A1-1": AWAY, "new": PRESENT}
    confirmed = teaching.confirm(moment()).teaching
    assert statuses(confirmed.take(PLAN, "d3").teaching) == statuses(teaching)


def test_each_deed_is_taken_back_within_ten_seconds_and_no_later() -> None:
    """By a record of its own: nothing is ever taken out of the log."""
    begun = in_lesson()
    [undone] = begun.undo(moment(9.9)).messages
    assert isinstance(undone, LessonEnded)
    assert undone.how is Ending.UNDONE
    assert begun.undo(moment(10)).messages == []
    confirmed = begun.tap("10A1-1", AWAY, moment()).teaching.confirm(moment(20)).teaching
    reopened, [record] = confirmed.undo(moment(25))
    assert isinstance(record, RollReopened)
    assert statuses(reopened)["10A1-1"] is AWAY
    assert reopened.lesson.sheet
    assert not reopened.lesson.sheet.is_confirmed
    ended = confirmed.end(moment(40)).teaching
    resumed, [record] = ended.undo(moment(45))
    assert isinstance(record, LessonResumed)
    assert resumed.lesson.sheet == confirmed.lesson.sheet
    assert resumed.undo(moment(46)).messages == []


def test_a_forgotten_lesson_closes_itself_unconfirmed() -> None:
    """And can still be confirmed until the next one starts."""
    teaching = in_lesson()
    assert teaching.beat(moment(179 * 60)).messages == []
    teaching, [ended] = teaching.beat(moment(181 * 60))
    assert isinstance(ended, LessonEnded)
    assert (ended.how, ended.confirmed) == (Ending.BELL, False)
    assert teaching.undo(moment(181 * 60 + 1)).messages == []
    [late] = teaching.confirm(moment(182 * 60)).messages
    assert isinstance(late, RollConfirmed)
    tomorrow = teaching.beat(moment(18 * 3600, day="2026-09-08")).teaching
    assert tomorrow.lesson.present is None


def test_a_substitute_is_named_in_the_log() -> None:
    """Who said it stands in every record."""
    teaching = idle().start("l1", moment(), ("10A1",), substitute=True).teaching
    [record] = teaching.confirm(moment()).messages
    assert isinstance(record, RollConfirmed)
    assert record.actor == "substitute"


def test_a_fault_is_reported_once_a_minute() -> None:
    """A teacher presses twice."""
    teaching, [said] = idle().report(Part.BOARD, moment())
    assert isinstance(said, FaultReported)
    assert teaching.report(Part.BOARD, moment(59)).messages == []
    assert len(teaching.report(Part.CAMERA, moment(1)).messages) == 1
    assert len(teaching.report(Part.BOARD, moment(60)).messages) == 1


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(
            ["start", "joint", "tap", "suggest", "confirm", "end", "undo", "beat", "mark", "plan"]
        ),
        st.integers(1, 3),
        st.sampled_from(list(AttendanceStatus)),
        st.sampled_from([1.0, 30.0, 4000.0]),
    ),
    max_size=30,
)


def done(  # noqa: PLR0911 - a deed, a line
    teaching: Teaching, deed: str, number: int, status: AttendanceStatus, at_s: float
) -> TeachingStep:
    """One deed; what is refused changes nothing."""
    student, at = f"10A1-{number}", moment(at_s)
    try:
        match deed:
            case "start":
                return teaching.start(f"l{at_s}", at, ("10A1",))
            case "joint":
                return teaching.start(f"l{at_s}", at, ("10A1", "10A2"))
            case "tap":
                return teaching.tap(student, status, at)
            case "suggest":
                return teaching.suggest(student, seen())
            case "confirm":
                return teaching.confirm(at)
            case "end":
                return teaching.end(at)
            case "undo":
                return teaching.undo(at)
            case "mark":
                return teaching.mark(student, status, Method.MANUAL, at)[0]
            case "plan":
                return teaching.take(PLAN if number > 1 else Plan(), f"d{number}")
            case _:
                return teaching.beat(at)
    except (NoLesson, NotOnRoll):
        return TeachingStep(teaching, [])


@settings(max_examples=150, deadline=None)
@given(DEEDS, st.integers(0, 30))
def test_a_power_cut_leaves_the_lesson_as_the_records_tell(
    deeds: list[tuple[str, int, AttendanceStatus, float]], cut: int
) -> None:
    """Cut between any two deeds: same records, an unbroken chain, the same lesson."""

    def play(*, cutting: bool) -> tuple[Messages, Teaching]:
        teaching, told, kept, at_s = idle(), Messages(), dict[str, bytes](), 0.0
        for number, (deed, pupil, status, wait_s) in enumerate(deeds):
            if cutting and number == cut:
                undoable = teaching.undoable  # lives in memory alone; kept here to compare
                teaching = memos.restore_teaching(room(), kept, teaching.plan, moment(at_s))
                teaching = replace(teaching, undoable=undoable)
            at_s += wait_s
            before = teaching
            teaching, said = done(teaching, deed, pupil, status, at_s)
            told += said
            for name, memo in memos.changes(before, teaching).items():
                if memo is None:
                    kept.pop(name)
                else:
                    kept[name] = memo
        return told, teaching

    said, teaching = play(cutting=False)
    said_cut, teaching_cut = play(cutting=True)
    assert [each.id for each in said_cut] == [each.id for each in said]  # type: ignore[union-attr]
    assert teaching_cut.lesson.present == teaching.lesson.present
    assert teaching_cut.roll.marks == teaching.roll.marks
    chained = [each for each in said_cut if isinstance(each, Chained)]
    assert chain.breaks(chained) == []
    ids = [each.id for each in said]  # type: ignore[union-attr]
    assert len(set(ids)) == len(ids)
