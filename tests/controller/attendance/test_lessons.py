"""A lesson and its present marks follow from what was told, in any order and however often."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.attendance.lessons import figures_of, lesson_of, sheet_of
from controller.attendance.store import (
    erase_pupil,
    keep,
    lesson_at,
    lessons_of,
    lessons_of_class,
    log_of,
    marks_of,
    marks_of_pupil,
    rolls_of,
)
from controller.database.forgetting import forget_before
from controller.database.store import Store
from controller.evidence.chains import chain_findings
from controller.evidence.store import evidence_of
from controller.features import ages_of_pupils, keep_batch
from controller.fleet.fleet import Change, Fleet
from controller.fleet.records import AttendanceRecord, EventRecord, LessonRecord, Logged, RollRecord
from controller.fleet.store import events_of
from controller.repairs.actions import handle_fault
from controller.repairs.store import faults_of
from protocol.chain import ROOT, link_record
from protocol.messages import (
    AttendanceMarked,
    Chained,
    Ending,
    Event,
    FaultReported,
    LessonEnded,
    LessonResumed,
    LessonStarted,
    Part,
    RollConfirmed,
    RollLine,
    RollReopened,
)
from protocol.model import AttendanceStatus, Method, Place
from tests.databases import Database

SCHOOL = Place("14", "00140708")
AGENT = SCHOOL.of_agent("p203")
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
BEGAN = 1_793_750_400_000 + 900_000  # 2026-11-04 in Vietnam
P, K, LATE, HERE = (
    AttendanceStatus.ABSENT_EXCUSED,
    AttendanceStatus.ABSENT_UNEXCUSED,
    AttendanceStatus.LATE,
    AttendanceStatus.PRESENT,
)


def lines(**marks: AttendanceStatus) -> tuple[RollLine, ...]:
    return tuple(
        RollLine(
            student=student,
            class_code="10A1",
            status=status,
            method=Method.DEFAULT if status is HERE else Method.MANUAL,
        )
        for student, status in marks.items()
    )


def a_lesson() -> list[Event]:
    """Confirmed, reopened, confirmed anew, corrected twice; ended, ended by the bell."""
    place = {"boot": "b1", "room": "P203", "lesson": "l1"}
    roll = {"day": "2026-11-04", "classes": ("10A1",), "period": 1, "subject": "Toán"}
    actor = {"actor": "teacher"}
    said: list[Event] = [
        LessonStarted(id="e1", at_ms=BEGAN, classes=("10A1",), period=1, subject="Toán", **place),
        RollConfirmed(
            id="e2", at_ms=BEGAN + 1000, lines=lines(a=HERE, b=K, c=HERE), **place, **roll, **actor
        ),
        RollReopened(id="e3", at_ms=BEGAN + 2000, **place, **actor),
        RollConfirmed(
            id="e4", at_ms=BEGAN + 3000, lines=lines(a=HERE, b=P, c=K), **place, **roll, **actor
        ),
        *(
            AttendanceMarked(
                id=f"e{number}",
                at_ms=BEGAN + 4000,  # a clock that stands still changes no order
                student="c",
                status=status,
                method=Method.MANUAL,
                class_code="10A1",
                why=why,
                **place,
                **actor,
            )
            for number, status, why in ((5, HERE, "corrected"), (6, LATE, "corrected"))
        ),
        LessonEnded(id="e7", at_ms=BEGAN + 5000, confirmed=True, **place),
        LessonResumed(id="e8", at_ms=BEGAN + 6000, **place),
        LessonEnded(id="e9", at_ms=BEGAN + 7000, how=Ending.BELL, confirmed=True, **place),
    ]
    before, numbered = ROOT, []
    for seq, event in enumerate(said, 1):
        made = replace(event, seq=seq)
        if isinstance(made, Chained):
            made = link_record(made, before)
            before = made.hash
        numbered.append(made)
    return numbered


def records_of(said: list[Event]) -> list[Change]:
    fleet = Fleet(SCHOOL, ZONE)
    return [change for event in said for change in fleet.hear("p203", event, BEGAN)]


def attendance_of(changes: list[Change]) -> list[Logged]:
    return [each for each in changes if isinstance(each, AttendanceRecord | RollRecord)]


def folded(changes: list[Change]) -> LessonRecord:
    events = [each for each in changes if isinstance(each, EventRecord)]
    return lesson_of(AGENT, "l1", events, attendance_of(changes))


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    with Store(database.url) as store:
        yield store


def test_a_correction_wins_over_the_roll_and_a_new_roll_over_the_old() -> None:
    """The teacher's last word on each pupil counts."""
    sheet = sheet_of(attendance_of(records_of(a_lesson())))
    assert sheet.confirmed
    assert {student: mark.status for student, mark in sheet.marks.items()} == {
        "a": HERE,
        "b": P,
        "c": LATE,
    }


def tapped_records(*, confirmed: bool) -> list[Logged]:
    """Two taps of a roll that ended unconfirmed; then, perhaps, the confirmation."""
    place = {"boot": "b1", "room": "P203", "lesson": "l1", "actor": "teacher"}
    said: list[Event] = [
        AttendanceMarked(
            id=f"t{number}",
            at_ms=BEGAN + number,
            student=student,
            status=status,
            method=Method.MANUAL,
            class_code="10A1",
            why="tapped",
            **place,
        )
        for number, (student, status) in enumerate((("a", K), ("b", P), ("a", LATE)))
    ]
    if confirmed:
        roll = {"day": "2026-11-04", "classes": ("10A1",), "lines": lines(a=LATE, b=P, c=HERE)}
        said.append(RollConfirmed(id="r", at_ms=BEGAN + 9, **roll, **place))
    return attendance_of(records_of([replace(each, seq=seq) for seq, each in enumerate(said, 1)]))


def test_what_was_tapped_and_not_confirmed_stands_apart_until_it_is() -> None:
    """It counts nowhere, and the last tap of a pupil is the one that is known."""
    sheet = sheet_of(tapped_records(confirmed=False))
    assert (sheet.confirmed, sheet.marks) == (False, {})
    assert {one: mark.status for one, mark in sheet.tapped.items()} == {"a": LATE, "b": P}
    sheet = sheet_of(tapped_records(confirmed=True))
    assert (sheet.confirmed, sheet.tapped) == (True, {})
    assert {one: mark.status for one, mark in sheet.marks.items()} == {"a": LATE, "b": P, "c": HERE}


@pytest.mark.parametrize(
    ("kept", "figures", "confirmed", "how"),
    [
        (("e1",), None, False, None),
        (("e1", "e2"), (3, 2, 1, 0), True, None),
        (("e1", "e2", "e3"), None, False, None),
        (("e1", "e2", "e3", "e4"), (3, 1, 2, 0), True, None),
        (("e1", "e2", "e3", "e4", "e5", "e6"), (3, 2, 1, 1), True, None),
        (("e1", "e7"), None, True, Ending.TEACHER),
        (("e1", "e7", "e8"), None, False, None),
        (("e2", "e4", "e3", "e9"), (3, 1, 2, 0), True, Ending.BELL),
    ],
)
def test_a_lesson_is_what_was_told_of_it(
    kept: tuple[str, ...],
    figures: tuple[int, ...] | None,
    confirmed: bool,  # noqa: FBT001 - a column of the table
    how: Ending | None,
) -> None:
    """Class, subject and figures; an end that was taken back is none."""
    lesson = folded(records_of([each for each in a_lesson() if each.id in kept]))
    assert (figures_of(lesson), lesson.confirmed, lesson.how) == (figures, confirmed, how)
    assert (lesson.classes, lesson.subject, lesson.day) == (("10A1",), "Toán", "2026-11-04")


def test_an_undone_start_leaves_no_count() -> None:
    """What was confirmed in a lesson that never was is kept in the log and counts nowhere."""
    said = [*a_lesson()[:2], replace(a_lesson()[6], seq=3, how=Ending.UNDONE)]
    lesson = folded(records_of(said))
    assert (lesson.how, lesson.confirmed, lesson.counts) == (Ending.UNDONE, False, {})


def test_a_tap_wins_over_a_tablet_in_any_order() -> None:
    """Manual always beats automatic, whichever arrives last."""
    base = {"boot": "b1", "room": "P203", "lesson": "l1", "student": "a"}
    tapped = AttendanceMarked(id="m1", seq=1, at_ms=5, status=K, method=Method.MANUAL, **base)
    seen = AttendanceMarked(id="m2", seq=2, at_ms=9, status=HERE, method=Method.TABLET, **base)
    for said in ([tapped, seen], [seen, tapped]):
        assert sheet_of(attendance_of(records_of(said))).marks["a"].status is K


@given(order=st.lists(st.integers(0, 8), min_size=9, max_size=20), rest=st.permutations(range(9)))
def test_any_order_and_repetition_gives_the_same_lesson(order: list[int], rest: list[int]) -> None:
    """Brokers repeat and reorder; the present marks do not notice."""
    said = a_lesson()
    told = records_of([said[number] for number in (*order, *rest)])
    assert folded(told) == folded(records_of(said))
    assert sheet_of(attendance_of(told)) == sheet_of(attendance_of(records_of(said)))


@given(order=st.permutations(range(9)))
def test_an_end_that_arrives_before_its_start_still_ends(order: list[int]) -> None:
    """Which lesson runs is told by the agent's own numbers."""
    fleet = Fleet(SCHOOL, ZONE)
    fleet.hear("p203", a_lesson()[0], BEGAN)
    fleet.agents["p203"] = replace(fleet.agents["p203"], boot="b1", online=True)
    fleet._streams.clear()
    for number in order:
        fleet.hear("p203", a_lesson()[number], BEGAN)
    assert fleet.agents["p203"].lesson is None


def test_the_store_keeps_the_log_and_folds_the_lesson_batch_by_batch(store: Store) -> None:
    """Backwards, one event a batch, each of them twice."""
    changes = records_of(a_lesson())
    for change in reversed(changes):
        store.write(keep_batch, [change], BEGAN)
        store.write(keep_batch, [change], BEGAN)
    (lesson,) = store.read(lessons_of, SCHOOL, "2026-11-04", "2026-11-04")
    assert lesson == folded(changes) == store.read(lesson_at, AGENT, "l1")
    assert len(store.read(rolls_of, SCHOOL)) == 3
    assert len(store.read(marks_of, SCHOOL)) == 2
    assert chain_findings(store.read(log_of, SCHOOL, ["l1"])) == []


@pytest.mark.parametrize(
    ("deed", "why"),
    [
        ("UPDATE marks SET status = 'present' WHERE event_id = 'e6'", {("e6", "changed")}),
        (
            "UPDATE rolls SET lines = replace(lines, 'absent_excused', 'present')",
            {("e4", "changed")},
        ),
        ("UPDATE marks SET actor = 'nobody' WHERE event_id = 'e5'", {("e5", "changed")}),
        ("DELETE FROM rolls WHERE event_id = 'e3'", {("e4", "before_missing")}),
        ("UPDATE marks SET at_ms = at_ms + 1 WHERE event_id = 'e5'", {("e5", "changed")}),
    ],
)
def test_a_hand_in_the_database_is_named(
    store: Store, database: Database, deed: str, why: set[tuple[str, str]]
) -> None:
    """Who changes, takes out or backdates a record breaks the chain at that place."""
    store.write(keep_batch, records_of(a_lesson()), BEGAN)
    database.say(deed)
    found = chain_findings(store.read(evidence_of, SCHOOL).log)
    assert {(each.event_id, each.why) for each in found} == why
    assert {each.agent for each in found} == {"p203"}


def test_marks_are_forgotten_and_the_lesson_keeps_its_counts(store: Store) -> None:
    """After attendance_keep_days nobody can say who was away, only how many."""
    store.write(keep_batch, records_of(a_lesson()), BEGAN)
    assert store.write(forget_before, ages_of_pupils(), BEGAN + 1) == 5
    assert store.read(evidence_of, SCHOOL).log == []
    (lesson,) = store.read(lessons_of, SCHOOL, "2026-11-04", "2026-11-04")
    assert str(figures_of(lesson)) == "3/2/1"


def test_a_fault_waits_until_it_is_dealt_with_and_stays_in_the_history(store: Store) -> None:
    """Dealt with once; a second time finds nothing to do."""
    fault = FaultReported(boot="b1", seq=1, id="f1", at_ms=BEGAN, room="P203", part=Part.BOARD)
    store.write(keep_batch, records_of([fault]), BEGAN)
    (waiting,) = store.read(faults_of, SCHOOL)
    assert (waiting.part, waiting.room, waiting.at_ms) == (Part.BOARD, "P203", BEGAN)
    assert len(store.write(handle_fault, SCHOOL, "f1", BEGAN + 5)) == 2
    assert store.write(handle_fault, SCHOOL, "f1", BEGAN + 6) == []
    assert store.read(faults_of, SCHOOL) == []
    assert store.read(faults_of, SCHOOL, everything=True)[0].done_ms == BEGAN + 5
    assert [each.kind for each in store.read(events_of, SCHOOL)] == [
        "fault_reported",
        "fault_handled",
    ]


def test_an_erased_pupil_leaves_a_tombstone_in_a_chain_that_still_holds(store: Store) -> None:
    """The log tells no more of the pupil; the lesson keeps its figures."""
    store.write(keep_batch, records_of(a_lesson()), BEGAN)
    assert len(store.read(marks_of_pupil, SCHOOL, "c")) == 4
    assert store.write(erase_pupil, SCHOOL, "c") == 4
    assert store.read(marks_of_pupil, SCHOOL, "c") == []
    log = store.read(evidence_of, SCHOOL).log
    assert chain_findings(log) == []
    assert sum(bool(each.erased) for each in log) == 4
    assert set(sheet_of(log).marks) == {"a", "b"}
    (lesson,) = store.read(lessons_of, SCHOOL, "2026-11-04", "2026-11-04")
    assert str(figures_of(lesson)) == "3/2/1"


def test_a_classs_lessons_are_those_of_all_that_name_it(store: Store) -> None:
    """On both databases, however the class is written; in the order of all."""
    codes = ("10A1", "10A11", "10a1", "Lớp Đ", 'a"b\\c', "10_1", "10%")
    rolls = [
        RollRecord(
            place=AGENT,
            event_id=f"r{number}",
            reopened=False,
            room="P203",
            lesson=f"l{number}",
            day="2026-11-04",
            classes=classes,
            at_ms=BEGAN + number,
            received_ms=BEGAN,
        )
        for number, classes in enumerate([*zip(codes), ("10A1", "Lớp Đ")])
    ]
    store.write(keep, rolls, BEGAN)
    everything = store.read(lessons_of, SCHOOL, "2026-11-01", "2026-11-30")
    assert len(everything) == len(rolls)
    for code in codes:
        asked = store.read(lessons_of_class, SCHOOL, code, "2026-11-01", "2026-11-30")
        assert asked == [one for one in everything if code in one.classes]


def test_a_confirmation_that_is_taken_back_leaves_the_taps() -> None:
    """Their room says none of them again, for they are as they were said."""
    told = tapped_records(confirmed=True)
    roll = next(one for one in told if isinstance(one, RollRecord))
    back = replace(roll, event_id="back", reopened=True, lines=(), at_ms=roll.at_ms + 1, hash="")
    sheet = sheet_of([*told, back])
    assert not sheet.confirmed
    assert {one: mark.status for one, mark in sheet.tapped.items()} == {"a": LATE, "b": P}
