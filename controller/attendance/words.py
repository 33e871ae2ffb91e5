"""This file says a lesson, a correction, and what a room opened beyond its timetable in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from controller.attendance.correction import CorrectionRecord
from controller.attendance.lessons import is_entered
from controller.attendance.openings import Opening
from controller.attendance.said import RoomWord
from controller.fleet.records import LessonRecord
from protocol.correction import reason_words
from protocol.model import AttendanceStatus
from protocol.words import N_, PROOF_WORDS

IN_LESSON: Final = N_("in lesson")
PERIOD: Final = N_("period {n}")
NOT_CONFIRMED: Final = N_("not confirmed")
ENTERED: Final = N_("entered by the school")
ESTIMATED: Final = N_("day estimated: the room's clock was wrong")
_OPENED: Final = N_("Today this room also opened class {class_code}.")
_REFUSED: Final = N_(
    "Today this room also asked for the list of class {class_code} and was given none: it is more"
    " than a room may open in a day. If the class learns here, put it into the timetable."
)
_MOVED: Final = N_("Today computer {agent} of room {home} was given this room's class lists.")
_NOT_MOVED: Final = N_(
    "Today computer {agent} of room {home} asked for this room's class lists and was given none: it"
    " was in too many rooms."
)
STATUS_WORDS: Final[Mapping[AttendanceStatus, str]] = {
    AttendanceStatus.PRESENT: N_("Present"),
    AttendanceStatus.ABSENT_EXCUSED: N_("Absent with leave"),
    AttendanceStatus.ABSENT_UNEXCUSED: N_("Absent without leave"),
    AttendanceStatus.LATE: N_("Came late"),
    AttendanceStatus.LEFT_EARLY: N_("Left early"),
}
_ACTORS: Final[Mapping[str, str]] = {
    "teacher": N_("a teacher"),
    "substitute": N_("a substitute teacher"),
}
_SAID: Final[Mapping[str, str]] = {
    "confirmed": N_("Attendance confirmed"),
    "reopened": N_("Confirmation undone"),
    "undone": N_("correction undone"),
}
NO_MARK: Final = N_("no mark")
_ROOMS_MARK: Final = N_("the room's mark")
Say = Callable[..., str]


def lesson_words(record: LessonRecord | None, roll: str, say: Say) -> str:
    """A lesson in a row of words, such as 10A1, Maths, period 1, 42/39/3."""
    if record is None:
        return say(IN_LESSON)
    period = "" if record.period is None else say(PERIOD, n=record.period)
    late = _lateness(record, say)
    estimated = say(ESTIMATED) if record.estimated else ""
    facts = ("+".join(record.classes), record.subject, period, roll, late, estimated)
    return " · ".join(fact for fact in facts if fact) or say(IN_LESSON)


def lesson_short(record: LessonRecord | None, roll: str, say: Say) -> str:
    """The same where there is little space: the class, and the figures or what is missing."""
    if record is None or not record.classes:
        return say(IN_LESSON)
    rest = roll if is_entered(record) else _lateness(record, say) or roll
    return f"{'+'.join(record.classes)} {rest}".strip()


def opening_words(opening: Opening, say: Say) -> str:
    """What was opened in a room, or refused there."""
    if opening.class_code:
        text = _OPENED if opening.allowed else _REFUSED
        return say(text, class_code=opening.class_code)
    text = _MOVED if opening.allowed else _NOT_MOVED
    return say(text, agent=opening.place.agent, home=opening.home)


def correction_words(record: CorrectionRecord, say: Say) -> str:
    """A correction: what the mark was, what it is, and why."""
    return change_words(record.was, record.status, record.reason, record.note, say)


def room_words(word: RoomWord, say: Say) -> str:
    """What a room said of a roll: what, by whose word, and by what that was shown."""
    what = say(_SAID[word.what]) if word.what in _SAID else ""
    mark = say(STATUS_WORDS[word.status]) if word.status else ""
    actor = say(_ACTORS[word.actor]) if word.actor in _ACTORS else word.actor
    name = word.voucher.name if word.voucher else ""
    proof = say(PROOF_WORDS[word.voucher.proof]) if word.voucher else ""
    return " · ".join(filter(None, (mark, what, name or actor, proof)))


def change_words(
    was: AttendanceStatus | None,
    status: AttendanceStatus | None,
    reason: str,
    note: str,
    say: Say,
) -> str:
    """The same of its parts."""
    before = say(STATUS_WORDS[was]) if was else say(NO_MARK)
    after = say(STATUS_WORDS[status]) if status else say(_ROOMS_MARK)
    return " · ".join(filter(None, (f"{before} → {after}", say(reason_words(reason)), note)))


def _lateness(record: LessonRecord, say: Say) -> str:
    """Whose word is missing, or stands in its place; empty where the room has confirmed."""
    if is_entered(record):
        return say(ENTERED)
    return say(NOT_CONFIRMED) if record.how is not None and not record.confirmed else ""
