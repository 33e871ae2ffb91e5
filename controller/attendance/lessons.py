"""This file folds a lesson and its present marks out of what was told of it, in any order. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from controller.attendance.correction import CorrectionRecord, latest_of
from controller.fleet.records import (
    AttendanceRecord,
    EventRecord,
    LessonRecord,
    Logged,
    RollRecord,
)
from controller.fleet.runs import said_at
from protocol.correction import standing
from protocol.messages import ERASED, Ending
from protocol.model import AttendanceStatus, Method, Place
from protocol.shapes import json_decoder

LessonEntry = Logged | CorrectionRecord  # the room's log, and what the school corrected
KINDS: Final = frozenset({"lesson_started", "lesson_ended", "lesson_resumed"})
AWAY: Final = frozenset({AttendanceStatus.ABSENT_EXCUSED, AttendanceStatus.ABSENT_UNEXCUSED})
_body: Final = json_decoder(dict[str, Any]).decode


class Mark(NamedTuple):
    """A pupil's present mark in a lesson; alone: by itself, outside a roll."""

    status: AttendanceStatus
    method: Method
    class_code: str
    at_ms: int
    alone: bool = False


class LessonMarks(NamedTuple):
    """A lesson's present marks by pupil, and whether its roll stands confirmed.

    tapped: what the teacher tapped in a roll that nobody has confirmed; it counts nowhere.
    corrections: by pupil, the school's last one. room: the room's own marks, without them.
    """

    confirmed: bool
    marks: Mapping[str, Mark]
    tapped: Mapping[str, Mark] = MappingProxyType({})
    corrections: Mapping[str, CorrectionRecord] = MappingProxyType({})
    room: Mapping[str, Mark] = MappingProxyType({})

    @property
    def school(self) -> Mapping[str, CorrectionRecord]:
        """By pupil, the corrections that count: those that were not taken back."""
        return {student: one for student, one in self.corrections.items() if one.status}

    @property
    def counted(self) -> Mapping[str, Mark]:
        """A roll's marks; of one that the room has not confirmed, those of the school alone."""
        if self.confirmed:
            return self.marks
        return {student: self.marks[student] for student in self.school}

    def is_entered(self, class_code: str) -> bool:
        """Whether the school gave a class's marks, and the room has not confirmed its roll."""
        codes = {one.class_code for one in self.school.values()}
        return not self.confirmed and class_code in codes

    def has_roll(self, class_code: str) -> bool:
        """Whether somebody vouches for the class's marks: its teacher, or the school."""
        return self.confirmed or self.is_entered(class_code)

    def status_of(self, student: str) -> AttendanceStatus | None:
        """The pupil's mark; None without one."""
        mark = self.marks.get(student)
        return mark.status if mark else None


def sheet_of(entries: Iterable[LessonEntry]) -> LessonMarks:
    """What counts now of a lesson: the school's corrections over what its room last said.

    Whichever came first: who corrects later knows of both (0084). Also where the room has not
    confirmed: then they are all that counts (0087).
    """
    records, corrections = parted(entries)
    sheet = _room_sheet(records)
    latest = latest_of(corrections)
    school = {
        one.student: Mark(one.status, Method.MANUAL, one.class_code, one.received_ms)
        for one in latest.values()
        if one.status
    }
    marks = standing(sheet.marks, school)
    return sheet._replace(marks=marks, corrections=latest, room=sheet.marks)


def parted(entries: Iterable[LessonEntry]) -> tuple[list[Logged], list[CorrectionRecord]]:
    """The room's records, and the school's corrections."""
    records: list[Logged] = []
    corrections: list[CorrectionRecord] = []
    for entry in entries:
        if isinstance(entry, CorrectionRecord):
            corrections.append(entry)
        else:
            records.append(entry)
    return records, corrections


def _room_sheet(records: Iterable[Logged]) -> LessonMarks:
    """What the room last said: a correction there wins over its roll, a new roll over all.

    By the chain where it holds, else by time; a mark that was tapped wins over one that was not.
    A confirmation that is taken back leaves the taps of before: their room says none twice.
    """
    confirmed = False
    marks: dict[str, Mark] = {}
    tapped: dict[str, Mark] = {}
    for record in in_order(records):
        match record:
            case AttendanceRecord(erased=False, why="tapped"):
                _take(tapped, record)
            case RollRecord(reopened=True):
                confirmed = False
                marks = _alone(marks)
            case RollRecord():
                confirmed = True
                lines = [(line.student, line) for line in record.lines if line.student != ERASED]
                marks = _alone(marks) | {
                    student: Mark(line.status, line.method, line.class_code, record.at_ms)
                    for student, line in lines
                }
            case AttendanceRecord(erased=False):
                _take(marks, record)
    return LessonMarks(confirmed, marks, {} if confirmed else tapped)


def _alone(marks: Mapping[str, Mark]) -> dict[str, Mark]:
    return {student: mark for student, mark in marks.items() if mark.alone}


def _take(marks: dict[str, Mark], record: AttendanceRecord) -> None:
    mark = marks.get(record.student)
    alone = record.why == "marked"
    tapped = mark is not None and mark.method is Method.MANUAL
    if alone and tapped and record.method is not Method.MANUAL:
        return
    code = record.class_code or (mark.class_code if mark else "")
    marks[record.student] = Mark(record.status, record.method, code, record.at_ms, alone)


def in_order(records: Iterable[Logged]) -> list[Logged]:
    """The records of one agent as it made them, by its own numbers; no clock is asked.

    Those of before numbers were kept come first: along the chain, its pieces by time.
    """
    by_event_id = {record.event_id: record for record in records}
    old = [record for record in by_event_id.values() if not record.run]
    placed = [record for record in by_event_id.values() if record.run]
    return [*_along_the_chain(old), *sorted(placed, key=said_at)]


def _along_the_chain(records: Sequence[Logged]) -> list[Logged]:
    by_hash = {record.hash: record for record in records if record.hash}
    after: dict[str, list[Logged]] = {}
    heads: list[Logged] = []
    for record in sorted(records, key=_by_time):
        if record.hash and record.before in by_hash and record.before != record.hash:
            after.setdefault(record.before, []).append(record)
        else:
            heads.append(record)
    ordered: list[Logged] = []
    for head in heads:
        waiting = [head]
        while waiting:
            record = waiting.pop()
            ordered.append(record)
            waiting += reversed(after.pop(record.hash, []) if record.hash else [])
    return ordered


def _by_time(record: Logged) -> tuple[int, str]:
    return record.at_ms, record.event_id


def lesson_of(
    place: Place, lesson: str, events: Sequence[EventRecord], entries: Sequence[LessonEntry]
) -> LessonRecord:
    """One lesson out of its events, its log and its corrections."""
    log, _ = parted(entries)
    ordered = sorted(events, key=lambda one: (*said_at(one), one.at_ms, one.event_id))
    began = next(
        (event_record for event_record in ordered if event_record.kind == "lesson_started"), None
    )
    rolls = [roll for roll in in_order(log) if isinstance(roll, RollRecord) and not roll.reopened]
    sheet = sheet_of(entries)
    end = _end_in(ordered)
    end_body = _body(end.body) if end else {}
    how = Ending(end_body.get("how", Ending.TEACHER)) if end else None
    start_body = _body(began.body) if began else {}
    newest = rolls[-1] if rolls else None
    known_room = [record.room for record in (*ordered, *log)]
    days = [record.day for record in (newest, began, *log, *ordered) if record and record.day]
    undone = how is Ending.UNDONE
    confirmed = sheet.confirmed if rolls else bool(end_body.get("confirmed", False))
    return LessonRecord(
        place=place,
        lesson=lesson,
        room=known_room[0] if known_room else "",
        classes=tuple(start_body.get("classes") or (newest.classes if newest else ())),
        period=start_body.get("period", newest.period if newest else None),
        subject=start_body.get("subject") or (newest.subject if newest else ""),
        substitute=bool(start_body.get("substitute", False)),
        day=days[0] if days else "",
        began_ms=began.at_ms if began else None,
        ended_ms=end.at_ms if end else None,
        how=how,
        confirmed=confirmed and not undone,
        counts={} if undone else counts_of(sheet),
        estimated=any(map(_is_estimated, (*events, *log))),
    )


def _end_in(ordered: Iterable[EventRecord]) -> EventRecord | None:
    """The end that holds: the last turn if it is one; of before there were numbers by their count.

    Each resumption takes back one end, so that their order needs no clock.
    """
    turns = [one for one in ordered if one.kind in KINDS]
    ends = [one for one in turns if one.kind == "lesson_ended"]
    if turns and turns[-1].run:
        return turns[-1] if turns[-1].kind == "lesson_ended" else None
    resumed = sum(one.kind == "lesson_resumed" for one in turns)
    return ends[-1] if len(ends) > resumed else None


def _is_estimated(record: EventRecord | Logged) -> bool:
    told_day = record.told_day if isinstance(record, RollRecord) else None
    return record.told_ms is not None or told_day is not None


class StoredMark(NamedTuple):
    """A mark as its room told it, and what counts of it now.

    status: the pupil's mark in the lesson; what was told where none counts. counts: whether one
    does. corrected: whether it is the school's word.
    """

    record: AttendanceRecord
    status: AttendanceStatus
    counts: bool
    corrected: bool


def as_they_count(
    records: Iterable[AttendanceRecord], entries: Iterable[LessonEntry]
) -> list[StoredMark]:
    """Single marks by the sheets of their lessons; one outside lessons stands for itself.

    entries: all that is stored of these lessons.
    """
    by_lesson = by_lesson_of(entries)
    sheets = {lesson: sheet_of(some) for lesson, some in by_lesson.items()}
    return [_as_it_counts(record, sheets.get((record.place, record.lesson))) for record in records]


def _as_it_counts(record: AttendanceRecord, sheet: LessonMarks | None) -> StoredMark:
    if record.lesson is None or sheet is None:
        return StoredMark(record, record.status, not record.erased, corrected=False)
    status = sheet.status_of(record.student)
    is_counted = status is not None
    by_school = record.student in sheet.school
    return StoredMark(record, status or record.status, is_counted, by_school)


def by_lesson_of(
    entries: Iterable[LessonEntry],
) -> Mapping[tuple[Place, str | None], Sequence[LessonEntry]]:
    """What is stored of each lesson."""
    by_lesson = defaultdict[tuple[Place, str | None], list[LessonEntry]](list)
    for record in entries:
        by_lesson[record.place, record.lesson].append(record)
    return by_lesson


def counts_of(sheet: LessonMarks) -> dict[str, dict[AttendanceStatus, int]]:
    """How many pupils of each class have each mark."""
    counts: dict[str, Counter[AttendanceStatus]] = {}
    for mark in sheet.counted.values():
        counts.setdefault(mark.class_code, Counter())[mark.status] += 1
    return {code: dict(sorted(by_status.items())) for code, by_status in sorted(counts.items())}


def is_entered(record: LessonRecord, class_code: str = "") -> bool:
    """Whether the school gave the marks, of a class or of all, and the room has not confirmed."""
    codes = (class_code,) if class_code else record.classes
    is_given = bool(record.counts) and all(code in record.counts for code in codes)
    return is_given and not record.confirmed


class Figures(NamedTuple):
    """How many pupils a roll has, how many are there, away and late."""

    total: int
    present: int
    absent: int
    late: int

    def __str__(self) -> str:
        """As schools write it: 42/39/3."""
        return f"{self.total}/{self.present}/{self.absent}"


def figures_of(record: LessonRecord, class_code: str = "") -> Figures | None:
    """The figures of a lesson's roll, of one class or of all; None while nobody vouches for it."""
    counted = [count for code, count in record.counts.items() if class_code in {"", code}]
    if not counted:
        return None
    total = sum(sum(by_status.values()) for by_status in counted)
    absent = sum(
        count for by_status in counted for status, count in by_status.items() if status in AWAY
    )
    late = sum(by_status.get(AttendanceStatus.LATE, 0) for by_status in counted)
    return Figures(total, total - absent, absent, late)
