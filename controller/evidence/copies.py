"""This file holds the log against the daily copies beside it: what they have and it has not.

A record in which a pupil was erased has lost what its hash is of; there the rest is compared.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, NamedTuple

from msgspec import DecodeError
from msgspec.structs import replace

from controller.attendance.correction import CorrectionRecord
from controller.attendance.lessons import LessonEntry
from controller.attendance.store import CORRECTIONS, MARKS, ROLLS
from controller.database.place_note import DATABASE
from controller.database.reading import bunches
from controller.database.shape import Shape
from controller.database.upkeep import copies_in
from controller.evidence.chains import EvidenceRecord, finding_of, is_tombstone, said_by
from controller.evidence.findings import Finding, Flaw
from controller.evidence.verdict import Compared
from controller.fleet.records import AttendanceRecord, RollRecord
from protocol.chain import hash_of
from protocol.messages import ERASED

_SHAPES: Final[Mapping[str, Shape[Any]]] = {
    "rolls": ROLLS,
    "marks": MARKS,
    "corrections": CORRECTIONS,
}
_TABLES: Final = (*_SHAPES, "erasure_proofs")
_RECORDS: Final = """
    SELECT agent, event_id, room, hash, {lesson}, {day} FROM {table}
    WHERE received_ms >= ? AND hash != '' AND (? = '' OR school = ?)
"""


class _CopiedRecord(NamedTuple):
    agent: str
    event_id: str
    room: str
    hash: str
    lesson: str
    day: str


def compared_with(
    copies: Iterable[Path], log: Iterable[EvidenceRecord], *, school: str, forgotten_before_ms: int
) -> Compared:
    """Every record of a copy that is gone here, or is another one."""
    here = {record.event_id: record for record in log}
    tombstones = {name: record for name, record in here.items() if is_tombstone(record)}
    findings: dict[str, Finding] = {}
    read: list[str] = []
    unread: list[str] = []
    for copy in copies:
        try:
            for record in _records_in(copy, school, forgotten_before_ms):
                if finding := _finding_of(record, here.get(record.event_id)):
                    findings[record.event_id] = finding
            findings |= _altered(tombstones, copy)
            read.append(str(copy))
        except sqlite3.Error:
            unread.append(str(copy))
    return Compared([*findings.values()], read, unread)


def copies_beside(data: Path) -> list[Path]:
    """The daily copies in a controller's folder, the oldest first."""
    return copies_in(data / "backups")


def database_in(path: Path) -> Path:
    """The database of a folder that was brought back from a copy elsewhere, or the file itself."""
    return path / DATABASE if path.is_dir() else path


def _finding_of(copied: _CopiedRecord, record: EvidenceRecord | None) -> Finding | None:
    if record and record.hash == copied.hash:
        return None
    if record:
        return finding_of(record, Flaw.COPY_HAS_MORE)
    where = (copied.event_id, copied.room, copied.lesson, copied.day)
    return Finding(copied.agent, Flaw.COPY_HAS_MORE, *where)


def _records_in(copy: Path, school: str, since_ms: int) -> Iterator[_CopiedRecord]:
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as db:
        for table in sorted(_tables_in(db) & {*_TABLES}):
            is_of_lesson = table != "erasure_proofs"
            lesson, day = ("coalesce(lesson, '')", "day") if is_of_lesson else ("''", "''")
            query = _RECORDS.format(table=table, lesson=lesson, day=day)
            rows = db.execute(query, (since_ms, school, school))
            yield from map(_CopiedRecord._make, rows)


def _tables_in(db: sqlite3.Connection) -> set[str]:
    return {row[0] for row in db.execute("SELECT name FROM sqlite_schema")}


def _altered(tombstones: Mapping[str, EvidenceRecord], copy: Path) -> dict[str, Finding]:
    """The tombstones that say something else than the copy does, but for who was erased."""
    return {
        copied.event_id: finding_of(record, Flaw.COPY_HAS_MORE)
        for copied in _copied(tombstones, copy)
        if (record := tombstones.get(copied.event_id)) and not _is_same(record, copied)
    }


def _copied(names: Iterable[str], copy: Path) -> Iterator[LessonEntry]:
    """The copy's records of these names, as far as they can be read."""
    with closing(sqlite3.connect(f"{copy.absolute().as_uri()}?mode=ro", uri=True)) as db:
        db.row_factory = sqlite3.Row
        tables = _tables_in(db)
        for some in bunches(names):
            for table, shape in _SHAPES.items():
                if table not in tables:  # a copy of before it was
                    continue
                places = ", ".join("?" * len(some))
                query = f"SELECT * FROM {table} WHERE event_id IN ({places})"  # noqa: S608 - question marks
                for row in db.execute(query, some):
                    with suppress(KeyError, ValueError, DecodeError):
                        # A copy of before a column was: nothing stood there.
                        yield shape.record({**dict.fromkeys(shape.columns), **dict(row)})


def _is_same(here: EvidenceRecord, copied: LessonEntry) -> bool:
    return hash_of(said_by(_without_erased(copied, here))) == hash_of(said_by(here))


def _without_erased(copied: LessonEntry, here: EvidenceRecord) -> LessonEntry:
    """The copy's record without those who are erased here."""
    match copied, here:
        case RollRecord(), RollRecord():
            pairs = zip_longest(copied.lines, here.lines)
            lines = tuple(
                replace(line, student=ERASED) if other and other.student == ERASED else line
                for line, other in pairs
                if line
            )
            return replace(copied, lines=lines)
        case AttendanceRecord(), AttendanceRecord(student="-"):
            return replace(copied, student=ERASED)
        case CorrectionRecord(), CorrectionRecord(student="-"):
            return replace(copied, student=ERASED, note="", erased=True)
        case _:
            return copied
