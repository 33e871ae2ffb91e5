"""This file keeps lessons, rolls, marks, corrections: logs that only grow, and what they give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, Select, Table, func, or_, select, update

from controller.access.deeds import BY_ROOM, LISTS_OPENED, LISTS_REFUSED
from controller.access.store import LogFilter, access_log, note_access
from controller.access.tables import accesses
from controller.attendance.correction import (
    CorrectionRecord,
    CorrectionWish,
    RollWish,
    corrected,
    end_of,
    linked,
    refusal_of,
)
from controller.attendance.lessons import LessonEntry, LessonMarks, lesson_of, sheet_of
from controller.attendance.missed import (
    as_given,
    is_missed,
    is_told,
    missed_lesson,
    without_doubles,
)
from controller.attendance.openings import Opening
from controller.attendance.tables import corrections, erasure_proofs, lessons, marks, rolls
from controller.database.changes import of_kind
from controller.database.facts import fact_of, require_fact, set_fact
from controller.database.plan_version import lock_plan
from controller.database.reading import bunches, row_of, rows_of
from controller.database.required import require
from controller.database.scope import within
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.fleet.noted_end import note_end
from controller.fleet.records import (
    AttendanceRecord,
    ErasureProofRecord,
    EventRecord,
    LessonRecord,
    Logged,
    RollRecord,
)
from controller.fleet.store import events_of_lesson
from controller.roster.members import members_of
from controller.roster.store import forget_pupil, plan_of
from protocol.messages import ERASED, Ending, Tombstone
from protocol.model import Place
from protocol.shapes import json_decoder

_ERASURES: Final = "erasures"  # the fact: how often
MARKS = Shape(AttendanceRecord, marks)
ROLLS = Shape(RollRecord, rolls)
PROOFS = Shape(ErasureProofRecord, erasure_proofs)
CORRECTIONS = Shape(CorrectionRecord, corrections)
LESSONS = Shape(LessonRecord, lessons)
_ALL: Final = 1_000_000  # lines of a day; what a computer can leave is bounded
_VERDICTS: Final = {LISTS_OPENED: True, LISTS_REFUSED: False}
require_fact(_ERASURES, int)


class _Subject(msgspec.Struct, frozen=True, rename={"class_code": "class"}):
    """What a line of the log says of an opening."""

    class_code: str
    room: str
    agent: str
    home: str


_subject: Final = json_decoder(_Subject).decode
require(accesses, lambda row: row["what"] not in _VERDICTS or _subject(row["subject"]))


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> list[LessonRecord]:
    """Keep a batch's rolls and marks once each; returns the lessons that it made other."""
    _note_openings(db, of_kind(changes, Opening), now_ms)
    write(db, marks, [*map(MARKS.row, of_kind(changes, AttendanceRecord))], Writing.INSERT_NEW)
    write(db, rolls, [*map(ROLLS.row, of_kind(changes, RollRecord))], Writing.INSERT_NEW)
    proofs = of_kind(changes, ErasureProofRecord)
    write(db, erasure_proofs, [*map(PROOFS.row, proofs)], Writing.INSERT_NEW)
    return fold_lessons(db, changes)


def _note_openings(db: Connection, openings: Iterable[Opening], now_ms: int) -> None:
    """Keep each as a line of the log of deeds: it is both what the office reads and the count."""
    for each in openings:
        subject = _Subject(each.class_code, each.room, each.place.agent, each.home)
        what = LISTS_OPENED if each.allowed else LISTS_REFUSED
        who = (f"{BY_ROOM}{each.room}", 0)
        note_access(db, each.place, who, what, msgspec.json.encode(subject).decode(), now_ms=now_ms)


def openings_of(db: Connection, school: Place, day: str, zone: tzinfo) -> Iterator[Opening]:
    """What rooms asked for beyond their plans on a local day, in its order."""
    begin = datetime.combine(date.fromisoformat(day), time(), zone)
    since, until = (int(each.timestamp() * 1000) for each in (begin, begin + timedelta(days=1)))
    for what, allowed in _VERDICTS.items():
        chosen = LogFilter(what=what, since_ms=since, until_ms=until)
        for line in reversed(access_log(db, school, chosen, _ALL)):
            subject = _subject(line["subject"])
            yield Opening(
                place=school.of_agent(subject.agent),
                room=subject.room,
                home=subject.home,
                class_code=subject.class_code,
                allowed=allowed,
            )


def fold_lessons(db: Connection, changes: Sequence[object]) -> list[LessonRecord]:
    """Make the touched lessons anew from all that is stored of them, in whatever order it came."""
    logged = (mark for mark in of_kind(changes, AttendanceRecord) if mark.hash)
    log: list[EventRecord | Logged] = [
        *of_kind(changes, EventRecord),
        *of_kind(changes, RollRecord),
        *logged,
    ]
    touched = dict.fromkeys((record.place, record.lesson) for record in log if record.lesson)
    folded = [fold_lesson(db, place, lesson) for place, lesson in touched]
    write(db, lessons, [*map(LESSONS.row, folded)], Writing.UPSERT)
    return folded


def fold_lesson(db: Connection, place: Place, lesson: str) -> LessonRecord:
    """One lesson, out of its stored events, rolls, marks and corrections."""
    entries = _entries(db, place, [lesson])
    if is_missed(place) and (own := lesson_at(db, place, lesson)):
        return as_given(own, entries)
    return lesson_of(place, lesson, events_of_lesson(db, place, lesson), entries)


def correct(db: Connection, place: Place, wish: CorrectionWish, now_ms: int) -> list[LessonRecord]:
    """Keep what a person corrects in an agent's lesson; returns the lesson as it is then.

    Nothing where the same press comes again. Raises ActionError.
    """
    lesson, sheet = _corrigible(db, place, wish.lesson, wish.class_code)
    if not sheet.has_roll(wish.class_code):
        raise refusal_of("roll_unconfirmed")
    if not _has_pupil(_members(db, lesson, wish.class_code), sheet, wish):
        raise refusal_of("pupil_unknown")
    last = sheet.corrections.get(wish.student)
    made = corrected(wish, place, sheet.status_of(wish.student), last)
    return _keep_corrections(db, lesson, [made] if made else [], now_ms)


def enter_roll(db: Connection, place: Place, roll: RollWish, now_ms: int) -> list[LessonRecord]:
    """Keep the marks that a person gives a whole class, whose roll its room has not confirmed.

    Or take them back: then for those who have some. Returns the lesson as it is then, nothing where
    the same press comes again. Raises ActionError.
    """
    lesson, sheet = _corrigible(db, place, roll.lesson, roll.class_code)
    if sheet.confirmed:
        raise refusal_of("roll_confirmed")
    members = _members(db, lesson, roll.class_code)
    if not members <= {wish.student for wish in roll.wishes}:
        raise refusal_of("roll_incomplete")
    made: list[CorrectionRecord | None] = []
    for wish in roll.wishes:
        if not _has_pupil(members, sheet, wish):
            raise refusal_of("pupil_unknown")
        status, last = sheet.status_of(wish.student), sheet.corrections.get(wish.student)
        if wish.status or wish.student in sheet.school:
            made.append(corrected(wish, place, status, last, is_roll=True))
    return _keep_corrections(db, lesson, filter(None, made), now_ms)


def _corrigible(
    db: Connection, place: Place, lesson: str, class_code: str
) -> tuple[LessonRecord, LessonMarks]:
    """A class's lesson, and its marks; nobody else corrects meanwhile. Raises ActionError."""
    lock_plan(db, Place(place.province, place.school))
    record = lesson_at(db, place, lesson)
    if record is None or not is_of_class(record, class_code):
        record = missed_at(db, place, lesson, class_code)
        if record is None:
            raise refusal_of("lesson_unknown")
        unheld = replace(record, how=Ending.UNDONE)  # until a mark is given in it
        write(db, lessons, [LESSONS.row(unheld)], Writing.UPSERT)
    return record, sheet_of(_entries(db, place, [lesson]))


def missed_at(db: Connection, place: Place, lesson: str, class_code: str) -> LessonRecord | None:
    """A lesson that the timetable has under this code, and of which no room has told."""
    school = Place(place.province, place.school)
    missed = missed_lesson(plan_of(db, school), place, lesson, class_code)
    if missed is None:
        return None
    held = lessons_of_class(db, school, class_code, missed.day, missed.day)
    return None if is_told(missed, held) else missed


def _keep_corrections(
    db: Connection, lesson: LessonRecord, made: Iterable[CorrectionRecord], now_ms: int
) -> list[LessonRecord]:
    """Link them to the school's newest, and fold the lesson anew; nothing where there are none."""
    place = lesson.place
    newest = _newest_correction(db, Place(place.province, place.school))
    records: list[CorrectionRecord] = []
    for one in made:
        newest = linked(replace(one, room=lesson.room, day=lesson.day, received_ms=now_ms), newest)
        records.append(newest)
    if not records:
        return []
    write(db, corrections, [*map(CORRECTIONS.row, records)], Writing.INSERT_NEW)
    note_end(db, end_of(records[-1]))
    folded = fold_lesson(db, place, lesson.lesson)
    write(db, lessons, [LESSONS.row(folded)], Writing.UPSERT)
    return [folded]


def is_of_class(lesson: LessonRecord, class_code: str) -> bool:
    """Whether it is a lesson of the class, and not one whose start was undone."""
    is_there = class_code in lesson.classes or class_code in lesson.counts
    return is_there and lesson.how is not Ending.UNDONE


def _has_pupil(members: frozenset[str], sheet: LessonMarks, wish: CorrectionWish) -> bool:
    """Whether the pupil was marked there as of the class, or was in it that day."""
    mark = sheet.marks.get(wish.student) or sheet.tapped.get(wish.student)
    if mark and mark.class_code:
        return mark.class_code == wish.class_code
    return wish.student in members


def _members(db: Connection, lesson: LessonRecord, class_code: str) -> frozenset[str]:
    """Who was in the class on the day of the lesson."""
    school = Place(lesson.place.province, lesson.place.school)
    members = members_of(db, school, class_code, lesson.day, lesson.day)
    return frozenset(one.student for one in members)


def _newest_correction(db: Connection, school: Place) -> CorrectionRecord | None:
    query = select(corrections).where(within(corrections, school))
    row = row_of(db, query.order_by(corrections.c.number.desc()).limit(1))
    return CORRECTIONS.record(row) if row else None


def corrections_since(db: Connection, school: Place, day: str) -> list[CorrectionRecord]:
    """What the school corrected in lessons from a day on, in its order."""
    query = select(corrections).where(within(corrections, school), corrections.c.day >= day)
    return CORRECTIONS.records(rows_of(db, query.order_by(corrections.c.number)))


def corrections_version(db: Connection, school: Place) -> tuple[int, int]:
    """Another one whenever something was corrected, or somebody erased."""
    newest = select(func.max(corrections.c.number)).where(within(corrections, school))
    return db.scalar(newest) or 0, erasures(db)


def marks_of(
    db: Connection, scope: Place, *, day: str = "", after: int = 0, limit: int | None = 1000
) -> list[AttendanceRecord]:
    """Pupils' marks as they were stored, those behind `after`, of one local day or of all."""
    return MARKS.records(_stored(db, marks, scope, day=day, after=after, limit=limit))


def rolls_of(
    db: Connection, scope: Place, *, day: str = "", after: int = 0, limit: int | None = 1000
) -> list[RollRecord]:
    """Rolls as they were stored, those behind `after`, of one local day or of all."""
    return ROLLS.records(_stored(db, rolls, scope, day=day, after=after, limit=limit))


def log_of(db: Connection, scope: Place, lesson_ids: Sequence[str]) -> list[LessonEntry]:
    """All of the attendance log that belongs to these lessons, and what was corrected of them."""
    entries: list[LessonEntry] = []
    for some in bunches(lesson_ids):
        entries += _entries(db, scope, some)
    return entries


def marks_of_pupil(db: Connection, scope: Place, student: str) -> list[dict[str, Any]]:
    """All that the log holds of one pupil, for a person's own request."""
    entries = []
    log: list[Logged] = [*rolls_of(db, scope, limit=None), *marks_of(db, scope, limit=None)]
    for record in log:
        where = {"date": record.day, "room": record.room, "lesson": record.lesson}
        lines = record.lines if isinstance(record, RollRecord) else (record,)
        entries += [
            {**where, "status": line.status, "method": line.method, "at_ms": record.at_ms}
            for line in lines
            if line.student == student
        ]
    own = select(corrections).where(within(corrections, scope), corrections.c.student == student)
    records = CORRECTIONS.records(rows_of(db, own.order_by(corrections.c.number)))
    return [*entries, *map(_told_to_pupil, records)]


def _told_to_pupil(record: CorrectionRecord) -> dict[str, Any]:
    return {
        "date": record.day,
        "room": record.room,
        "lesson": record.lesson,
        "status": record.status,
        "method": "correction",
        "at_ms": record.received_ms,
        "was": record.was,
        "reason": record.reason,
        "note": record.note,
        "actor": record.actor,
    }


def erase_pupil(db: Connection, scope: Place, student: str) -> int:
    """Put tombstones where the pupil stood; the links stay. Returns how many."""
    own = update(marks).where(within(marks, scope), marks.c.student == student)
    erased = db.execute(own.values(student=ERASED, erased=True)).rowcount
    ours = update(corrections).where(within(corrections, scope), corrections.c.student == student)
    wiped = {"student": ERASED, "note": "", "erased": True}  # the words may name the pupil
    erased += db.execute(ours.values(**wiped)).rowcount
    query = select(rolls).where(
        within(rolls, scope), rolls.c.lines.contains(student, autoescape=True)
    )
    for record in ROLLS.records(rows_of(db, query)):
        lines = tuple(
            replace(line, student=ERASED) if line.student == student else line
            for line in record.lines
        )
        if lines == record.lines:
            continue
        text = msgspec.json.encode(lines).decode()
        statement = update(rolls).where(within(rolls, record.place), rolls.c.no == record.no)
        db.execute(statement.values(lines=text, erased=record.erased + 1))
        erased += 1
    forget_pupil(db, scope, student)
    if erased:
        set_fact(db, _ERASURES, str(erasures(db) + 1))
    return erased


def erasures(db: Connection) -> int:
    """How often pupils were erased."""
    return int(fact_of(db, _ERASURES) or 0)


def tombstones_of(db: Connection, agent: Place, limit: int) -> list[Tombstone]:
    """In which of the agent's records pupils were erased, the newest of each kind."""
    alone = select(marks.c.event_id).where(within(marks, agent), marks.c.erased)
    rows = select(rolls).where(within(rolls, agent), rolls.c.erased > 0)
    return [
        *(
            Tombstone(id=name)
            for name in db.scalars(alone.order_by(marks.c.no.desc()).limit(limit))
        ),
        *map(
            _tombstone,
            ROLLS.records(rows_of(db, rows.order_by(rolls.c.no.desc()).limit(limit))),
        ),
    ]


def lessons_of(db: Connection, scope: Place, since: str, until: str) -> list[LessonRecord]:
    """The lessons of these local days, both among them, by day and begin; each once."""
    return without_doubles(stored_lessons_of(db, scope, since, until))


def stored_lessons_of(db: Connection, scope: Place, since: str, until: str) -> list[LessonRecord]:
    """The same, also those that the school gave by itself and a room told of later."""
    return LESSONS.records(rows_of(db, _days(scope, since, until)))


def lessons_of_class(
    db: Connection, scope: Place, class_code: str, since: str, until: str
) -> list[LessonRecord]:
    """A class's lessons of these local days, both among them, by day and begin."""
    name = msgspec.json.encode(class_code).decode()
    columns = (lessons.c.classes, lessons.c.counts)
    named = or_(*(column.contains(name, autoescape=True) for column in columns))
    return without_doubles(
        record
        for record in LESSONS.records(rows_of(db, _days(scope, since, until).where(named)))
        if class_code in record.classes or class_code in record.counts
    )


def lesson_at(db: Connection, place: Place, lesson: str) -> LessonRecord | None:
    """One agent's lesson, if it is known."""
    query = select(lessons).where(within(lessons, place), lessons.c.lesson == lesson)
    row = row_of(db, query)
    return LESSONS.record(row) if row else None


def _days(scope: Place, since: str, until: str) -> Select[Any]:
    return (
        select(lessons)
        .where(within(lessons, scope), lessons.c.day >= since, lessons.c.day <= until)
        .order_by(lessons.c.day, func.coalesce(lessons.c.began_ms, 0), lessons.c.lesson)
    )


def _entries(db: Connection, scope: Place, lesson_ids: Sequence[str]) -> list[LessonEntry]:
    by_roll = select(rolls).where(within(rolls, scope), rolls.c.lesson.in_(lesson_ids))
    by_mark = select(marks).where(within(marks, scope), marks.c.lesson.in_(lesson_ids))
    by_hand = select(corrections).where(
        within(corrections, scope), corrections.c.lesson.in_(lesson_ids)
    )
    return [
        *ROLLS.records(rows_of(db, by_roll.order_by(rolls.c.no))),
        *MARKS.records(rows_of(db, by_mark.order_by(marks.c.no))),
        *CORRECTIONS.records(rows_of(db, by_hand.order_by(corrections.c.number))),
    ]


def _tombstone(roll: RollRecord) -> Tombstone:
    lines = tuple(at for at, line in enumerate(roll.lines) if line.student == ERASED)
    return Tombstone(id=roll.event_id, lines=lines)


def _stored(
    db: Connection, table: Table, scope: Place, *, day: str, after: int, limit: int | None
) -> Sequence[Mapping[str, Any]]:
    query = select(table).where(within(table, scope), table.c.no > after)
    if day:
        query = query.where(table.c.day == day)
    return rows_of(db, query.order_by(table.c.no).limit(limit))
