"""This file is a mark that the school corrected after the lesson: who, what it was, why. Pure.

A correction is a record of its own, linked to the one before it; it changes no record of the room.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from controller.fleet.records import ChainHeadRecord
from controller.sheets.text import clean
from protocol.chain import link_record
from protocol.correction import CorrectionReason
from protocol.errors import ActionError
from protocol.messages import ERASED, Chained
from protocol.model import AttendanceStatus, Place
from protocol.topics import CONTROLLER
from protocol.words import N_

MAX_NOTE: Final = 200


TROUBLES: Final = {
    "lesson_unknown": N_("There is no such lesson of this class."),
    "roll_unconfirmed": N_("The room has not confirmed this roll yet."),
    "roll_confirmed": N_("The room has confirmed this roll meanwhile; look again."),
    "roll_incomplete": N_("Every pupil of the class needs a mark."),
    "pupil_unknown": N_("This pupil is not in the lesson's class."),
    "mark_changed": N_("The mark has changed meanwhile; look again."),
    "mark_same": N_("The pupil has this mark already."),
    "note_missing": N_("Write the reason in a few words."),
    "form_invalid": N_("The form was not understood; try again."),
}


class CorrectionRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One correction. place: whose lesson it is. number: from 1 on, of the school's corrections.

    was: the mark that it replaced, None where there was none. status: None where the room's own
    mark counts again. seen: the mark as the page showed it (`seen_of`). actor: the account.
    before, hash: links of the school's own chain. erased: a tombstone, whose pupil is forgotten.
    """

    place: Place
    event_id: str
    number: int
    room: str
    lesson: str
    day: str
    class_code: str
    student: str
    seen: str
    was: AttendanceStatus | None
    status: AttendanceStatus | None
    reason: str
    note: str = ""
    actor: str = ""
    before: str = ""
    hash: str = ""
    erased: bool = False
    received_ms: int
    no: int = 0


class ChainedCorrection(Chained, frozen=True, kw_only=True, tag_field="kind", tag="correction"):
    """What the hash of a correction is of; it goes over no wire."""

    agent: str
    number: int
    room: str
    lesson: str
    day: str
    class_code: str
    student: str
    seen: str
    was: AttendanceStatus | None
    status: AttendanceStatus | None
    reason: str
    note: str


class CorrectionWish(NamedTuple):
    """What a person asks for. seen: the mark that the page showed, by `seen_of`."""

    lesson: str
    class_code: str
    student: str
    seen: str
    status: AttendanceStatus | None
    reason: CorrectionReason
    note: str
    actor: str


class RollWish(NamedTuple):
    """The marks of a class in a roll that its room has not confirmed, a wish for each pupil."""

    lesson: str
    class_code: str
    wishes: tuple[CorrectionWish, ...]


def roll_of(lesson: str, class_code: str, actor: str, form: Mapping[str, str]) -> RollWish:
    """What a form asks for: student-1, seen-1, status-1 and so on, one reason. Raises ActionError.

    Taken back, the statuses are left out.
    """
    numbers = [name.removeprefix("student-") for name in form if name.startswith("student-")]
    shared = {name: form.get(name, "") for name in ("reason", "note")}
    wishes = [
        wish_of(
            lesson,
            class_code,
            actor,
            shared | {name: form.get(f"{name}-{n}", "") for name in ("student", "seen", "status")},
        )
        for n in numbers
    ]
    if not wishes or len({wish.student for wish in wishes}) < len(wishes):
        raise refusal_of("form_invalid")
    return RollWish(lesson, class_code, tuple(wishes))


def wish_of(lesson: str, class_code: str, actor: str, form: Mapping[str, str]) -> CorrectionWish:
    """What a form asks for. Raises ActionError."""
    status, reason = form.get("status", ""), form.get("reason", "")
    is_back = reason == CorrectionReason.TAKEN_BACK
    if reason not in {*CorrectionReason} or (status not in {*AttendanceStatus}) != is_back:
        raise refusal_of("form_invalid")
    note = clean(form.get("note", ""))
    if len(note) > MAX_NOTE or not form.get("student"):
        raise refusal_of("form_invalid")
    if reason == CorrectionReason.OTHER and not note:
        raise refusal_of("note_missing")
    return CorrectionWish(
        lesson=lesson,
        class_code=class_code,
        student=form["student"],
        seen=form.get("seen", ""),
        status=None if is_back else AttendanceStatus(status),
        reason=CorrectionReason(reason),
        note=note,
        actor=actor,
    )


def latest_of(corrections: Iterable[CorrectionRecord]) -> dict[str, CorrectionRecord]:
    """The last correction of each pupil; those of erased ones are left out."""
    ordered = sorted(corrections, key=lambda record: record.number)
    return {record.student: record for record in ordered if record.student != ERASED}


def seen_of(status: AttendanceStatus | None, last: CorrectionRecord | None) -> str:
    """The mark as a page shows it: what it is, and by which correction."""
    return f"{status or ''} {last.event_id if last else ''}"


def corrected(
    wish: CorrectionWish,
    place: Place,
    status: AttendanceStatus | None,
    last: CorrectionRecord | None,
    *,
    is_roll: bool = False,
) -> CorrectionRecord | None:
    """The correction, still without its link; None for the last one asked for again.

    status, last: the pupil's present mark, and the last correction of it. is_roll: it is given
    with a whole roll, and may say what is there already. Raises ActionError.
    """
    name = _name_of(wish, place)
    if last and last.event_id == name:
        return None
    if wish.seen != seen_of(status, last):
        raise refusal_of("mark_changed")
    is_same = wish.status == status if wish.status else last is None or last.status is None
    if is_same and not is_roll:
        raise refusal_of("mark_same")
    return CorrectionRecord(
        place=place,
        event_id=name,
        number=0,
        room="",
        lesson=wish.lesson,
        day="",
        class_code=wish.class_code,
        student=wish.student,
        seen=wish.seen,
        was=status,
        status=wish.status,
        reason=wish.reason,
        note=wish.note,
        actor=wish.actor,
        received_ms=0,
    )


def linked(record: CorrectionRecord, newest: CorrectionRecord | None) -> CorrectionRecord:
    """The correction behind the school's newest one."""
    numbered = replace(record, number=newest.number + 1 if newest else 1)
    link = link_record(chained(numbered), newest.hash if newest else "")
    return replace(numbered, before=link.before, hash=link.hash)


def chained(record: CorrectionRecord) -> ChainedCorrection:
    """What its hash is of, and its links."""
    names = {*ChainedCorrection.__struct_fields__} & {*record.__struct_fields__}
    content = {name: getattr(record, name) for name in names}
    return ChainedCorrection(
        boot="",
        id=record.event_id,
        at_ms=record.received_ms,
        agent=record.place.agent,
        **content,
    )


def end_of(record: CorrectionRecord) -> ChainHeadRecord:
    """How far the school's corrections go with it: a head that nobody signed and no room told."""
    place = Place(record.place.province, record.place.school, CONTROLLER)
    return ChainHeadRecord(
        place=place,
        room="",
        head=record.hash,
        links=record.number,
        at_ms=record.received_ms,
        received_ms=record.received_ms,
    )


def _name_of(wish: CorrectionWish, place: Place) -> str:
    """One name for one press, however often it comes."""
    asked = (place.agent, *wish)
    return hashlib.sha256(msgspec.json.encode(asked)).hexdigest()[:32]


def refusal_of(code: str) -> ActionError:
    """Why nothing was corrected."""
    return ActionError(code, TROUBLES[code])
