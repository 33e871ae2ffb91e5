"""A mark is corrected after the lesson: a record of its own, which every figure counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.attendance.correction import (
    CorrectionRecord,
    CorrectionWish,
    RollWish,
    corrected,
    linked,
    seen_of,
    wish_of,
)
from controller.attendance.lessons import (
    LessonEntry,
    LessonMarks,
    figures_of,
    is_entered,
    sheet_of,
)
from controller.attendance.papers import note_of
from controller.attendance.sheet import LogbookLine, attendance_of
from controller.attendance.store import (
    correct,
    enter_roll,
    erase_pupil,
    lesson_at,
    log_of,
    marks_of_pupil,
)
from controller.copies.heads import LAST_CORRECTIONS, heads_from
from controller.copies.manifest import CopiedHead
from controller.database.forgetting import forget_before
from controller.database.store import Store
from controller.department.brief import seal_told_of
from controller.evidence.chains import correction_findings
from controller.evidence.copies import compared_with
from controller.evidence.findings import Flaw
from controller.evidence.seals import KeptSeal, KeptSeals
from controller.evidence.signatures import is_signed
from controller.evidence.store import evidence_of
from controller.evidence.verdict import SealedHeads, verdict_on
from controller.evidence.words import verdict_lines
from controller.features import ages_of_pupils, keep_batch
from controller.fleet.noted_end import noted_end
from controller.fleet.records import AttendanceRecord, RollRecord
from controller.roster.plan import Lists, SchoolClass
from controller.roster.store import keep_lists
from controller.students.papers import as_xlsx, mark_words
from controller.students.store import data_of_pupil, erase
from protocol.chain import ROOT, link_record
from protocol.correction import CorrectionReason
from protocol.errors import ActionError
from protocol.messages import AttendanceMarked, Chained, Event, RollConfirmed, RollReopened
from protocol.model import AttendanceStatus, Method, Place, instant
from protocol.plan import Pupil
from tests.controller.attendance.test_lessons import (
    AGENT,
    BEGAN,
    HERE,
    LATE,
    SCHOOL,
    ZONE,
    K,
    P,
    a_lesson,
    lines,
    records_of,
)
from tests.controller.attendance.test_lessons import attendance_of as log_in
from tests.databases import Database, sqlite_in

NOW_MS = BEGAN + 86_400_000  # the letter comes the next day
DAY = "2026-11-04"
LETTER = CorrectionReason.LEAVE_LETTER
BACK = CorrectionReason.TAKEN_BACK


def a_wish(
    student: str, status: AttendanceStatus | None, seen: str, note: str = ""
) -> CorrectionWish:
    """What the office asks for."""
    reason = LETTER if status else BACK
    return CorrectionWish("l1", "10A1", student, seen, status, reason, note, "van-phong")


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """A school with one lesson, confirmed: a is there, b away with leave, c late."""
    with Store(database.url) as store:
        store.write(keep_batch, records_of(a_lesson()), BEGAN)
        yield store


def shown(store: Store, student: str) -> str:
    """The mark as a page would show it."""
    sheet = sheet_of(store.read(log_of, SCHOOL, ["l1"]))
    return seen_of(sheet.status_of(student), sheet.corrections.get(student))


def status_of(store: Store, student: str) -> AttendanceStatus | None:
    """The mark that counts."""
    return sheet_of(store.read(log_of, SCHOOL, ["l1"])).status_of(student)


def correct_in(
    store: Store,
    student: str,
    status: AttendanceStatus | None,
    seen: str | None = None,
    note: str = "",
) -> int:
    """Correct a mark as it is shown; how many lessons that changed."""
    wish = a_wish(student, status, shown(store, student) if seen is None else seen, note)
    return len(store.write(correct, AGENT, wish, NOW_MS))


def flaws_of(store: Store) -> set[Flaw]:
    """What verify finds."""
    evidence = store.read(evidence_of, SCHOOL)
    return {finding.why for finding in verdict_on(evidence, ZONE, is_signed).findings}


class Step(NamedTuple):
    """What happens next: the room says something, or the school does."""

    by: str
    student: str
    status: AttendanceStatus | None


STEPS = st.lists(
    st.builds(
        Step,
        st.sampled_from(["room", "roll", "reopen", "school", "school", "stale", "twice"]),
        st.sampled_from("abc"),
        st.sampled_from([HERE, P, K, LATE, None]),
    ),
    max_size=14,
)


class PlainModel:
    """A dictionary of what the room says, one of what the school says over it."""

    def __init__(self) -> None:
        self.confirmed = True
        self.room = {"a": HERE, "b": K, "c": HERE}
        self.school: dict[str, AttendanceStatus] = {}

    def take(self, step: Step) -> None:
        """What a step makes of it; what is refused never comes here."""
        match step:
            case Step("reopen"):
                self.confirmed, self.room = False, {}
            case Step("roll", student, status):
                self.confirmed = True
                self.room = {"a": HERE, "b": K, "c": HERE} | {student: status or HERE}
            case Step("room", student, status):
                self.room[student] = status or HERE
            case Step(_, student, None):
                self.school.pop(student)
            case Step(_, student, status) if status:
                self.school[student] = status

    @property
    def marks(self) -> dict[str, AttendanceStatus]:
        """What counts."""
        return {**self.room, **self.school}


class Played:
    """A room and an office, each with its own chain."""

    def __init__(self) -> None:
        self.model = PlainModel()
        self.said: list[Event] = []
        self.corrections: list[CorrectionRecord] = []
        self._head = ROOT
        self._say("roll", "a", HERE)

    @property
    def entries(self) -> list[LessonEntry]:
        """All that is stored."""
        return [*log_in(records_of(self.said)), *self.corrections]

    def do(self, step: Step) -> None:
        """Let it happen, here and in the model."""
        if step.by in {"school", "stale", "twice"}:
            self._correct(step)
        elif step.by != "room" or self.model.confirmed:
            self._say(*step)
            self.model.take(step)

    def _say(self, kind: str, student: str, status: AttendanceStatus | None) -> None:
        number = len(self.said) + 1
        place = {"boot": "b1", "room": "P203", "lesson": "l1", "actor": "teacher"}
        at = {"id": f"e{number}", "seq": number, "at_ms": BEGAN}  # a clock that stands still
        event: Chained
        if kind == "reopen":
            event = RollReopened(**at, **place)
        elif kind == "roll":
            marks = {"a": HERE, "b": K, "c": HERE} | {student: status or HERE}
            event = RollConfirmed(day=DAY, classes=("10A1",), lines=lines(**marks), **at, **place)
        else:
            mark = {"student": student, "status": status or HERE, "method": Method.MANUAL}
            event = AttendanceMarked(class_code="10A1", why="corrected", **mark, **at, **place)
        event = link_record(event, self._head)
        self._head = event.hash
        self.said.append(event)

    def _correct(self, step: Step) -> None:
        sheet = sheet_of(self.entries)
        if not sheet.confirmed:
            return
        status, last = sheet.status_of(step.student), sheet.corrections.get(step.student)
        seen = "other" if step.by == "stale" else seen_of(status, last)
        wish = a_wish(step.student, step.status, seen)
        is_wanted = step.student in self.model.school if step.status is None else True
        is_same = step.status is not None and step.status == self.model.marks[step.student]
        if step.by == "stale" or not is_wanted or is_same:
            with pytest.raises(ActionError):
                corrected(wish, AGENT, status, last)
            return
        made = corrected(wish, AGENT, status, last)
        assert made
        newest = self.corrections[-1] if self.corrections else None
        self.corrections.append(linked(replace(made, received_ms=BEGAN), newest))
        self.model.take(step)
        if step.by == "twice":
            sheet = sheet_of(self.entries)
            last = sheet.corrections[step.student]
            assert corrected(wish, AGENT, sheet.status_of(step.student), last) is None


@given(STEPS, st.randoms())
def test_room_and_school_in_any_order_and_repeated_are_a_plain_model(
    steps: list[Step], random: object
) -> None:
    """Whatever comes when, the school's word stands over the room's, and each press counts once."""
    played = Played()
    for step in steps:
        played.do(step)
        sheet = sheet_of(played.entries)
        assert {one: mark.status for one, mark in sheet.marks.items()} == played.model.marks
    entries = [*played.entries, *played.entries]
    random.shuffle(entries)  # type: ignore[attr-defined]
    assert sheet_of(entries) == sheet_of(played.entries)
    assert correction_findings(played.corrections) == []


def test_a_correction_counts_everywhere_and_can_be_taken_back(store: Store) -> None:
    """Figures, sheet, logbook; the room's records stay as they are, and its word comes back."""
    assert correct_in(store, "a", P) == 1
    lesson = store.read(lesson_at, AGENT, "l1")
    assert lesson
    assert str(figures_of(lesson)) == "3/1/2"
    now = instant(NOW_MS).astimezone(ZONE)
    told = attendance_of(store, SCHOOL, "10A1", DAY, DAY, now=now)
    assert {line.student: line.days for line in told.sheet.lines}["a"] == (P,)
    assert told.logbook[0].absent == ("a (P)", "b (P)")
    assert [line.record.was for line in told.corrections] == [HERE]
    assert correct_in(store, "a", None) == 1
    assert status_of(store, "a") is HERE
    assert [record.status for record in store.read(evidence_of, SCHOOL).corrections] == [P, None]
    assert flaws_of(store) == set()


def test_what_the_room_says_later_changes_the_roll_and_not_the_correction(store: Store) -> None:
    """The lesson is made anew out of all that is stored, corrections too."""
    correct_in(store, "c", P)
    log = log_in(records_of(a_lesson()))
    unlinked = {"hash": "", "before": ""}
    roll = [one for one in log if isinstance(one, RollRecord)][-1]
    mark = [one for one in log if isinstance(one, AttendanceRecord)][-1]
    later = replace(mark, event_id="later", student="c", status=K, **unlinked)
    store.write(keep_batch, [replace(roll, event_id="again", **unlinked), later], NOW_MS)
    assert status_of(store, "c") is P
    lesson = store.read(lesson_at, AGENT, "l1")
    assert lesson
    assert lesson.counts["10A1"][P] == 2


def test_a_press_names_the_mark_that_its_page_showed(store: Store) -> None:
    """A second press of the same button makes one; of a page that is out of date nothing."""
    seen = shown(store, "a")
    assert correct_in(store, "a", P, seen) == 1
    assert correct_in(store, "a", P, seen) == 0
    with pytest.raises(ActionError) as refused:
        correct_in(store, "a", K, seen)
    assert refused.value.code == "mark_changed"
    with pytest.raises(ActionError) as refused:
        correct_in(store, "a", P)
    assert refused.value.code == "mark_same"
    assert len(store.read(evidence_of, SCHOOL).corrections) == 1


@pytest.mark.parametrize(
    ("place", "change", "code"),
    [
        (AGENT, {"lesson": "l9"}, "lesson_unknown"),
        (AGENT, {"class_code": "10A2"}, "lesson_unknown"),
        (SCHOOL.of_agent("p999"), {}, "lesson_unknown"),
        (Place("14", "00999999", "p203"), {}, "lesson_unknown"),
        (AGENT, {"student": "z"}, "pupil_unknown"),
    ],
)
def test_what_is_not_there_is_not_corrected(
    store: Store, place: Place, change: dict[str, str], code: str
) -> None:
    """Neither of another school, nor another class's lesson or pupil."""
    wish = a_wish("a", P, shown(store, "a"))._replace(**change)
    with pytest.raises(ActionError) as refused:
        store.write(correct, place, wish, NOW_MS)
    assert refused.value.code == code


def test_a_roll_that_nobody_confirmed_is_not_corrected(tmp_path: Path) -> None:
    """There the room's own list waits for its teacher."""
    with Store(sqlite_in(tmp_path)) as store:
        store.write(keep_batch, records_of(a_lesson()[:3]), BEGAN)
        with pytest.raises(ActionError) as refused:
            correct_in(store, "a", P)
        assert refused.value.code == "roll_unconfirmed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"status": ""}, "form_invalid"),
        ({"status": "asleep"}, "form_invalid"),
        ({"reason": ""}, "form_invalid"),
        ({"reason": "taken_back"}, "form_invalid"),
        ({"student": ""}, "form_invalid"),
        ({"note": "x" * 201}, "form_invalid"),
        ({"reason": "other", "note": " "}, "note_missing"),
    ],
)
def test_a_form_that_says_too_little_is_refused(change: dict[str, str], code: str) -> None:
    """A reason is one of the list, and the last of them needs words."""
    form = {"student": "a", "seen": "", "status": "absent_excused", "reason": "leave_letter"}
    assert wish_of("l1", "10A1", "co.hoa", form).status is P
    with pytest.raises(ActionError) as refused:
        wish_of("l1", "10A1", "co.hoa", form | change)
    assert refused.value.code == code


HANDS = {
    "UPDATE corrections SET status = 'late' WHERE number = 1": {Flaw.CHANGED, Flaw.RECOUNTED},
    "UPDATE corrections SET reason = 'mistake' WHERE number = 2": {Flaw.CHANGED},
    "UPDATE corrections SET actor = 'nobody' WHERE number = 1": {Flaw.CHANGED},
    "UPDATE corrections SET number = 9 WHERE number = 1": {Flaw.CHANGED},
    "UPDATE corrections SET received_ms = received_ms - 1 WHERE number = 2": {Flaw.CHANGED},
    "UPDATE corrections SET hash = '', before = '' WHERE number = 2": {
        Flaw.UNHASHED,
        Flaw.CORRECTION_MISSING,
    },
    "UPDATE corrections SET status = 'sleepy' WHERE number = 2": {
        Flaw.UNREADABLE,
        Flaw.RECOUNTED,
        Flaw.CORRECTION_MISSING,
    },
    "DELETE FROM corrections WHERE number = 1": {Flaw.BEFORE_MISSING, Flaw.RECOUNTED},
    "DELETE FROM corrections WHERE number = 2": {Flaw.RECOUNTED, Flaw.CORRECTION_MISSING},
    "UPDATE lessons SET counts = '{}'": {Flaw.RECOUNTED},
    "UPDATE corrections SET student = '-', note = '', erased = true, status = 'late'"
    " WHERE number = 1": {Flaw.ERASED_UNASKED, Flaw.RECOUNTED},
    "UPDATE corrections SET student = '-', erased = true WHERE number = 2": {
        Flaw.ERASED_UNASKED,
        Flaw.RECOUNTED,
    },
}


@pytest.mark.parametrize("deed", HANDS)
def test_a_hand_in_the_corrections_is_found(store: Store, database: Database, deed: str) -> None:
    """By the school's own chain, or by the totals that they no longer give."""
    correct_in(store, "a", P)
    correct_in(store, "b", K)
    assert flaws_of(store) == set()
    database.say(deed)
    assert flaws_of(store) == HANDS[deed]


def test_a_tail_that_no_total_shows_is_missed_here_in_copies_and_at_the_department(
    store: Store, database: Database
) -> None:
    """Corrected and taken back: without both all counts agree, and the chain ends in its root."""
    correct_in(store, "a", P)
    correct_in(store, "a", None)
    (end,) = store.read(noted_end, SCHOOL)
    assert (end.links, end.place.agent) == (2, "controller")
    (copied,) = _copied_ends(store)
    assert (copied.links, copied.head, copied.agent) == (2, end.head, "controller")
    seal = seal_told_of(end)
    fields = {name: getattr(seal, name) for name in seal.__struct_fields__}
    kept = KeptSeal(**fields, heard_ms=NOW_MS)
    seals = KeptSeals(province=SCHOOL.province, school=SCHOOL.school, seals=(kept,))
    sealed = SealedHeads(frozenset({end}), carrying=1)

    def judged() -> set[Flaw]:
        evidence = store.read(evidence_of, SCHOOL)
        verdict = verdict_on(evidence, ZONE, is_signed, seals=seals, sealed=sealed)
        assert any("corrections" in line for line in verdict_lines(verdict, str)) == bool(
            verdict.findings
        )
        return {finding.why for finding in verdict.findings} - {Flaw.EMPTIED}

    assert judged() == set()
    database.say("DELETE FROM corrections")
    elsewhere = {Flaw.SEAL_MISSING, Flaw.COPIED_HEAD_MISSING}
    assert judged() == {Flaw.CORRECTION_MISSING}  # an end that is noted here speaks for itself
    database.say("DELETE FROM facts WHERE name = 'corrected'")
    assert judged() == elsewhere


def _copied_ends(store: Store) -> list[CopiedHead]:
    """What a copy's manifest would say of the database."""
    return [*heads_from(store.read(lambda db: db.exec_driver_sql(LAST_CORRECTIONS).all()))]


def open_lesson() -> tuple[list[Event], list[Event]]:
    """A lesson whose roll was taken back and tapped in; and the same with all that came later."""
    said = a_lesson()
    tap = AttendanceMarked(
        boot="b1",
        id="tap",
        at_ms=BEGAN + 2500,
        room="P203",
        student="b",
        status=K,
        method=Method.MANUAL,
        lesson="l1",
        class_code="10A1",
        why="tapped",
        actor="teacher",
    )
    whole: list[Event] = []
    before = ROOT
    for seq, event in enumerate([*said[:3], tap, *said[3:]], 1):
        made = replace(event, seq=seq)
        if isinstance(made, Chained):
            made = link_record(made, before)
            before = made.hash
        whole.append(made)
    return whole[:4], whole


class EnteredRoll:
    """A school's office before a roll that its room has not confirmed."""

    def __init__(self, store: Store) -> None:
        self.store = store

    @property
    def sheet(self) -> LessonMarks:
        """What counts."""
        return sheet_of(self.store.read(log_of, SCHOOL, ["l1"]))

    def wish(self, **marks: AttendanceStatus | None) -> RollWish:
        """What a page that was opened now would ask for."""
        sheet = self.sheet
        reason = BACK if None in marks.values() else CorrectionReason.NOT_CONFIRMED
        wishes = []
        for one, status in marks.items():
            seen = seen_of(sheet.status_of(one), sheet.corrections.get(one))
            wishes.append(
                CorrectionWish("l1", "10A1", one, seen, status, reason, "cô ốm", "van-phong")
            )
        return RollWish("l1", "10A1", tuple(wishes))

    def press(self, wish: RollWish) -> str:
        """How many lessons that changed, or why none."""
        try:
            return str(len(self.store.write(enter_roll, AGENT, wish, NOW_MS)))
        except ActionError as error:
            return error.code


def test_a_roll_that_nobody_confirmed_is_entered_by_the_school(database: Database) -> None:
    """The whole class at once; the teacher's later word stands beside it, and not over it."""
    early, whole = open_lesson()
    pupils = tuple(Pupil(number=n, student=one) for n, one in enumerate("abc", 1))
    lists = Lists(classes=(SchoolClass(code="10A1", pupils=pupils),))
    with Store(database.url) as store:
        store.write(keep_lists, SCHOOL, lists, day="2026-09-05")
        store.write(keep_batch, records_of(early), BEGAN)
        office = EnteredRoll(store)
        assert {one: mark.status for one, mark in office.sheet.tapped.items()} == {"b": K}
        assert office.press(office.wish(a=HERE, b=K)) == "roll_incomplete"
        assert office.press(office.wish(a=HERE, b=K, c=HERE, z=HERE)) == "pupil_unknown"
        first, stale = office.wish(a=HERE, b=P, c=HERE), office.wish(a=LATE, b=P, c=HERE)
        assert [office.press(wish) for wish in (first, first, stale)] == ["1", "0", "mark_changed"]
        lesson = store.read(lesson_at, AGENT, "l1")
        assert lesson
        assert not lesson.confirmed
        figures = figures_of(lesson)
        assert (str(figures), is_entered(lesson, "10A1")) == ("3/2/1", True)
        assert note_of(LogbookLine(lesson, figures, ())) == "nhà trường nhập"
        now = instant(NOW_MS).astimezone(ZONE)
        told = attendance_of(store, SCHOOL, "10A1", DAY, DAY, now=now)
        assert {line.student: line.days for line in told.sheet.lines}["b"] == (P,)
        assert flaws_of(store) == set()
        assert office.press(office.wish(a=None, b=None, c=None)) == "1"
        assert (dict(office.sheet.marks), flaws_of(store)) == ({}, set())
        assert office.press(office.wish(a=LATE, b=P, c=P)) == "1"
        store.write(keep_batch, records_of(whole), NOW_MS)
        after = office.sheet
        assert (after.confirmed, after.status_of("a"), after.status_of("c")) == (True, LATE, P)
        assert [after.room[one].status for one in "abc"] == [HERE, P, LATE]
        assert office.press(office.wish(a=HERE, b=HERE, c=HERE)) == "roll_confirmed"
        correct_in(store, "a", None)
        assert office.sheet.status_of("a") is HERE
        assert flaws_of(store) == set()


def test_an_emptied_table_and_what_a_copy_has_more_are_missed(tmp_path: Path) -> None:
    """Corrections are in the daily copies like all else."""
    with Store(sqlite_in(tmp_path)) as store:
        store.write(keep_batch, records_of(a_lesson()), BEGAN)
        correct_in(store, "a", P)
        copy = tmp_path / "copy.db"
        store.back_up(copy)

        def against() -> set[Flaw]:
            records = store.read(evidence_of, SCHOOL).records
            found = compared_with([copy], records, school=SCHOOL.school, forgotten_before_ms=0)
            assert found.unread == []
            return {finding.why for finding in found.findings}

        assert against() == set()
        store.write(erase_pupil, SCHOOL, "a")
        assert against() == set()
        store.write(lambda db: db.exec_driver_sql("UPDATE corrections SET reason = 'mistake'"))
        assert against() == {Flaw.COPY_HAS_MORE}
        store.write(lambda db: db.exec_driver_sql("DELETE FROM corrections"))
        assert against() == {Flaw.COPY_HAS_MORE}
        assert Flaw.EMPTIED in flaws_of(store)


def test_an_erased_pupil_leaves_no_word_in_the_corrections(store: Store) -> None:
    """The tombstone keeps its links; the words, which may name the pupil, are gone."""
    correct_in(store, "a", P, note="mẹ em An gọi")
    correct_in(store, "c", P)
    mine, *_ = [one for one in store.read(marks_of_pupil, SCHOOL, "a") if "reason" in one]
    assert (mine["was"], mine["status"], mine["note"]) == (HERE, P, "mẹ em An gọi")
    correct_in(store, "a", None)
    assert b"PK" in as_xlsx(store.read(data_of_pupil, SCHOOL, "a"), ZONE)
    written = [mark_words(one, str) for one in store.read(marks_of_pupil, SCHOOL, "a")]
    assert written[-2:] == [
        "Present → Absent with leave · a leave letter came · mẹ em An gọi",
        "Absent with leave → the room's mark · correction undone",
    ]
    store.write(erase, SCHOOL, "a", actor="van-phong", copies={}, now_ms=NOW_MS + 1)
    first, second, third = store.read(evidence_of, SCHOOL).corrections
    assert (first.student, first.note, first.erased) == ("-", "", True)
    assert (second.student, second.before) == ("c", first.hash)
    assert third.erased
    assert store.read(marks_of_pupil, SCHOOL, "a") == []
    assert flaws_of(store) == set()


def test_corrections_go_by_the_term_of_pupils_data(store: Store) -> None:
    """Half of them let go, the other half still holds."""
    correct_in(store, "a", P)
    wish = a_wish("b", K, shown(store, "b"))
    store.write(correct, AGENT, wish, NOW_MS + 5)
    store.write(forget_before, ages_of_pupils(), NOW_MS + 1)
    (left,) = store.read(evidence_of, SCHOOL).corrections
    assert left.student == "b"
    assert correction_findings([left], NOW_MS + 1) == []
    assert {finding.why for finding in correction_findings([left])} == {Flaw.BEFORE_MISSING}
