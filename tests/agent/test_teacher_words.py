"""What the teacher is told: every code has its words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from agent.lessons.lesson import RunningLesson
from agent.lessons.sheet import LessonSheet, SheetEntry, SheetPupil, Suggestion
from agent.lessons.teaching import ReportedFault, Undoable
from agent.lessons.timetable import LessonProposal, ProposalReason
from agent.local.teacher import words
from agent.local.teacher.phase import LessonPhase
from protocol.health import ReasonCode
from protocol.messages import Part
from protocol.model import AttendanceStatus, DeviceKind, Method, Reason
from protocol.words import Translate, translator

VI, EN = translator("vi"), translator("en")
MORNING_MS = 1_757_203_200_000
PUPILS = tuple(
    SheetPupil(student=f"S{number}", class_code="10A1", number=number, name=name)
    for number, name in enumerate(("An", "Bình", ""), 1)
)
ABSENT = AttendanceStatus.ABSENT_UNEXCUSED
LESSON = RunningLesson(lesson="l1", since_ms=0, classes=("10A1",), period=2, subject="Toán")


@pytest.mark.parametrize("say", [VI, EN])
@pytest.mark.parametrize(
    ("codes", "table"),
    [
        (LessonPhase, words.HEADLINES),
        (ProposalReason, words.PROPOSAL_REASONS),
        (AttendanceStatus, {status: text for status, (_, text) in words.MARKS.items()}),
        (Part, words.PARTS),
        (Undoable, words.UNDONE),
        (("start", "confirm", "end"), words.ACTIONS),
    ],
)
def test_every_code_has_words_of_its_own_language(
    codes: list[str], table: Mapping[str, str], say: Translate
) -> None:
    """And none shows a code."""
    for code in codes:
        text = say(table[code])
        assert text
        assert text != code
    first = table[next(iter(codes))]
    assert VI(first) != EN(first)


def test_the_logbook_names_whoever_is_away() -> None:
    """A pupil without a name by the number; the school's own letters count."""
    entry = SheetEntry(
        status=ABSENT, method=Method.MANUAL, actor="teacher", at_ms=0, why="confirmed"
    )
    sheet = LessonSheet(pupils=PUPILS, entries={"S2": (entry,), "S3": (entry,)}, confirmed_ms=1)
    letters = words.letters_of({ABSENT: "V"})
    line = words.logbook_line(LESSON, sheet, letters, VI)
    assert line == "10A1 · Toán · Tiết 2 · điểm danh 3/1/2 · Bình (V), 3 (V)"


@pytest.mark.parametrize(
    ("lesson", "proposal", "line"),
    [
        (None, LessonProposal(), "Thầy/cô chọn lớp"),
        (None, LessonProposal(("10A1",), begins_min=435, ends_min=480), "10A1 · 07:15 - 08:00"),
        (LESSON, LessonProposal(("10A2",)), "10A1 · Toán · Tiết 2"),
        (
            RunningLesson(lesson="l1", since_ms=0, classes=("10A1", "10A2"), substitute=True),
            LessonProposal(),
            "10A1 + 10A2 · Dạy thay",
        ),
    ],
)
def test_the_line_below_says_what_is_taught_and_when(
    lesson: RunningLesson | None, proposal: LessonProposal, line: str
) -> None:
    """Of the lesson that runs, else of the one that is proposed."""
    assert words.subline(lesson, proposal, VI) == line


def test_a_change_says_when_what_who_and_why() -> None:
    """What is not known by a word is shown as it is."""
    entry = SheetEntry(
        status=ABSENT,
        method=Method.MANUAL,
        actor="principal",
        at_ms=MORNING_MS,
        why="corrected",
    )
    time, text = words.entry_words(entry, words.letters_of({}), EN).split(" ", 1)
    assert len(time) == len("07:00")
    assert text == "K · principal · corrected"


def test_a_suggestion_says_where_and_when() -> None:
    """Who was not seen among others is said so; flags have words."""
    suggestion = Suggestion(method=Method.TABLET, at_ms=MORNING_MS, tablet="Máy 07")
    assert words.sighting_words(suggestion, unseen=False, say=EN).startswith("Máy 07 · ")
    assert words.sighting_words(None, unseen=True, say=EN) == "not seen by tablet or card"
    assert words.sighting_words(None, unseen=False, say=EN) == ""
    assert words.flag_words("second_tablet", EN) == "Checked in on two tablets"
    assert words.flag_words("newer_flag", EN) == "newer_flag"


def test_a_fault_says_whether_the_school_has_it() -> None:
    """Kept is not received."""
    fault = ReportedFault(part=Part.BOARD, at_ms=MORNING_MS, event_id="e1")
    assert words.fault_words(fault, delivered=False, say=EN).startswith("Kept, will be sent: Board")
    assert words.fault_words(fault, delivered=True, say=EN).startswith("Received: Board, ")


def test_what_is_missing_has_something_to_do() -> None:
    """For each kind that a kit names, and for all else."""
    reason = Reason(ReasonCode.KIT_MISSING, DeviceKind.BOARD)
    assert words.gap_sentences([reason, reason], EN).count(".") == 2
    kinds = (DeviceKind.BOARD, DeviceKind.CAMERA, DeviceKind.HOST, None)
    assert len({words.todo(kind, EN) for kind in kinds}) == 3


def test_a_roll_says_since_when_it_is_confirmed() -> None:
    """Before that, that nothing is recorded."""
    sheet = LessonSheet(pupils=PUPILS)
    assert words.confirmation(sheet, EN) == "Nothing is recorded before you confirm."
    confirmed = sheet.confirm("teacher", MORNING_MS)
    assert words.confirmation(confirmed, EN).startswith("Confirmed at ")


def test_what_is_not_there_or_switched_off_has_words_too() -> None:
    """Neither is a fault."""
    assert words.chip_words([], EN) == ("absent", "not seen")
    assert words.camera_label(off=True, locked=False, say=EN) == "Camera on"
    assert words.camera_label(off=False, locked=False, say=EN) == "Camera off"
    assert words.camera_label(off=True, locked=True, say=EN) == "Camera off by settings"
