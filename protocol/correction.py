"""This file says what a school's correction of a mark is, and whose mark stands.

The controller and the rooms ask here, so that both show the same mark.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, TypeVar

import msgspec

from protocol.language import N_
from protocol.model import AttendanceStatus, Code, Millis

Mark = TypeVar("Mark")


class CorrectionReason(StrEnum):
    """Why a mark was corrected. TAKEN_BACK: the room's own mark counts again.

    NOT_CONFIRMED: the school entered the roll, since the room's teacher could not confirm it.
    """

    LEAVE_LETTER = "leave_letter"
    PARENTS_CALLED = "parents_called"
    CAME_LATER = "came_later"
    MISTAKE = "mistake"
    OTHER = "other"
    NOT_CONFIRMED = "not_confirmed"
    TAKEN_BACK = "taken_back"


REASON_WORDS: Final = {
    CorrectionReason.LEAVE_LETTER: N_("a leave letter came"),
    CorrectionReason.PARENTS_CALLED: N_("the parents called"),
    CorrectionReason.CAME_LATER: N_("came, or left, after the roll"),
    CorrectionReason.MISTAKE: N_("marked by mistake"),
    CorrectionReason.OTHER: N_("another reason"),
    CorrectionReason.NOT_CONFIRMED: N_("the room did not confirm the roll"),
    CorrectionReason.TAKEN_BACK: N_("correction undone"),
}


class CorrectedMark(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pupil's mark in a lesson by the school's word: which, why, and when it was said.

    reason: a code of CorrectionReason, or one of a newer school's.
    """

    lesson: Code
    student: Code
    status: AttendanceStatus
    reason: Code
    at_ms: Millis


def standing(room: Mapping[str, Mark], school: Mapping[str, Mark]) -> dict[str, Mark]:
    """The marks that count, by pupil: the school's word stands over whatever its room says."""
    return {**room, **school}


def marks_in(marks: Iterable[CorrectedMark], lesson: str) -> dict[str, CorrectedMark]:
    """The school's marks of one lesson, by pupil."""
    return {mark.student: mark for mark in marks if mark.lesson == lesson}


def reason_words(reason: str) -> str:
    """Why, as a text to be translated; a reason that is not known as it is."""
    return REASON_WORDS[CorrectionReason(reason)] if reason in {*CorrectionReason} else reason
