"""This file counts lessons anew out of their records, and misses records that are gone. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from controller.attendance.correction import CorrectionRecord
from controller.attendance.lessons import LessonEntry, counts_of, in_order, parted, sheet_of
from controller.evidence.findings import Finding, Flaw
from controller.fleet.records import AttendanceRecord, LessonRecord, Logged, RollRecord
from protocol.messages import ERASED, Ending
from protocol.model import AttendanceStatus, Place

Counts = Mapping[str, Mapping[AttendanceStatus, int]]


def lesson_findings(
    lessons: Iterable[LessonRecord], entries: Iterable[LessonEntry], forgotten_until: str
) -> list[Finding]:
    """Lessons whose totals their records do not give, and those that have lost their records.

    forgotten_until: of lessons up to this day records may have been let go by their term.
    """
    by_lesson = defaultdict[tuple[Place, str], list[LessonEntry]](list)
    for record in entries:
        if record.lesson:
            by_lesson[record.place, record.lesson].append(record)
    checked = (lesson for lesson in lessons if lesson.day > forgotten_until)
    flawed = (
        (lesson, _flaw_of(lesson, by_lesson[lesson.place, lesson.lesson])) for lesson in checked
    )
    return [_finding_of(lesson, why) for lesson, why in flawed if why]


def _flaw_of(lesson: LessonRecord, entries: Sequence[LessonEntry]) -> Flaw | None:
    log, _ = parted(entries)
    if lesson.counts and not any(isinstance(one, RollRecord | CorrectionRecord) for one in entries):
        return Flaw.RECORDS_GONE
    counted = {} if lesson.how is Ending.UNDONE else counts_of(sheet_of(entries))
    is_same = _is_same(lesson.counts, counted, sum(map(_erased_in, entries)))
    return None if is_same and _is_day_right(lesson, log) else Flaw.RECOUNTED


def _is_day_right(lesson: LessonRecord, log: Sequence[Logged]) -> bool:
    """Whether a lesson is on the day of its newest roll."""
    rolls = [record for record in in_order(log) if isinstance(record, RollRecord)]
    days = [roll.day for roll in rolls if not roll.reopened]
    return not days or lesson.day == days[-1]


def _is_same(told: Counts, counted: Counts, erased: int) -> bool:
    """Whether the totals agree; pupils that were erased since may still be counted in them."""
    lacking, extra = _flat(told) - _flat(counted), _flat(counted) - _flat(told)
    return not extra and lacking.total() <= erased


def _flat(counts: Counts) -> Counter[tuple[str, str]]:
    return Counter(
        {
            (code, str(status)): count
            for code, by_status in counts.items()
            for status, count in by_status.items()
        }
    )


def _erased_in(record: LessonEntry) -> int:
    if isinstance(record, AttendanceRecord | CorrectionRecord):
        return int(record.student == ERASED)
    return sum(line.student == ERASED for line in record.lines)


def _finding_of(lesson: LessonRecord, why: Flaw) -> Finding:
    return Finding(
        lesson.place.agent,
        why,
        room=lesson.room,
        lesson=lesson.lesson,
        day=lesson.day,
        classes="+".join(lesson.classes),
        period=lesson.period,
    )
