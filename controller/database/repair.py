"""This file rebuilds a damaged SQLite database: what it still holds, and what its copy adds.

The damaged file is read by `protocol.salvage` in its own schema and brought up to today's. Then
come the rows of the newest sound copy that it lacks. A table that was read whole takes none: what
the copy has beyond it was deleted since.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import URL, create_engine
from sqlalchemy.pool import NullPool

from controller.database.engine import in_our_words
from controller.database.migrating import bring_up, is_known, newer_schema
from controller.database.required import Row
from controller.database.upkeep import copies_in, is_sound
from protocol.pages import Gap
from protocol.salvage import (
    Column,
    DamagedFile,
    Refilled,
    columns_of,
    damaged_file,
    listed,
    raise_sequence,
    refill,
    replaced,
    tables_of,
)

_HEAD: Final = "head"
_VERSION: Final = "alembic_version"
_VERSION_COLUMN: Final = Column("version_num", "TEXT")
_NAMED: Final = 10  # of the rows that make no sense, so many are named
_FAST: Final = "PRAGMA journal_mode = MEMORY"  # a part that is not whole is thrown away


class SavedTable(NamedTuple):
    """How many rows of a table came from the damaged file, and how many from the copy.

    lost: at most so many are in neither, as their numbers tell; None if rows have no numbers.
    refused: how many rows of the damaged file make no sense, at: the first of their rowids.
    """

    name: str
    read: int
    copied: int
    whole: bool
    lost: int | None
    refused: int = 0
    at: tuple[int, ...] = ()


class RepairReport(NamedTuple):
    """What a repair saved from where; moments in milliseconds since 1970.

    written_ms: when the damaged file was last written to. tables: of today's schema, by name.
    """

    aside: Path
    written_ms: int
    copy: Path | None
    copied_ms: int
    tables: tuple[SavedTable, ...]


def repair(
    database: Path, backups: Path, stamp: str, is_readable: Callable[[str, Row], bool]
) -> RepairReport:
    """Rebuild a damaged SQLite file; it is kept beside the new one.

    stamp: what the damaged file's new name ends in. is_readable: whether readers take a row of the
    table of that name. Raises StoreError; the file is then as it was.
    """
    aside = database.with_name(f"{database.name}.damaged-{stamp}")
    written_ms = _written_ms(database)
    copy = _newest_sound(backups)
    with in_our_words(), replaced(database, aside) as part:
        read = _weigh(part, _refill(part, database), is_readable)
        copied = _add_copy(part, copy, read) if copy else {}
        lost = _count_lost(part, read)
        _begin_anew(part, read)
    return RepairReport(
        aside=aside,
        written_ms=written_ms,
        copy=copy,
        copied_ms=_written_ms(copy) if copy else 0,
        tables=tuple(
            SavedTable(
                name,
                table.read,
                copied.get(name, 0),
                table.whole,
                lost[name],
                len(table.refused),
                table.refused[:_NAMED],
            )
            for name, table in read.items()
        ),
    )


def _newest_sound(backups: Path) -> Path | None:
    copies = reversed(copies_in(backups))
    return next((copy for copy in copies if is_sound(copy) and _has_known_schema(copy)), None)


def _refill(part: Path, database: Path) -> dict[str, Refilled]:
    """Make today's tables, with what the damaged file still holds; how much that was, by table."""
    source = database if database.exists() else part  # which is empty
    with damaged_file(source) as damaged:
        _bring_up(part, _revision(damaged) or _HEAD)
        with _opened(part) as fresh:
            read = refill(fresh, damaged, _ours(fresh))
    _bring_up(part, _HEAD)
    return read


def _weigh(
    part: Path, read: Mapping[str, Refilled], is_readable: Callable[[str, Row], bool]
) -> dict[str, Refilled]:
    """Take out the rows that no reader would take: the bytes of a code may have flipped."""
    with _opened(part) as fresh:
        fresh.row_factory = sqlite3.Row
        return {
            name: _weighed(fresh, name, table, is_readable) if table.read else table
            for name, table in read.items()
        }


def _weighed(
    fresh: sqlite3.Connection, name: str, table: Refilled, is_readable: Callable[[str, Row], bool]
) -> Refilled:
    rows = fresh.execute(f'SELECT rowid AS _rowid, * FROM "{name}"')  # noqa: S608 - own names
    refused = [row["_rowid"] for row in rows if not is_readable(name, row)]
    taking_out = f'DELETE FROM "{name}" WHERE rowid = ?'  # noqa: S608 - own names
    fresh.executemany(taking_out, [(rowid,) for rowid in refused])
    return Refilled(
        table.read - len(refused),
        (*table.gaps, *(Gap(rowid, rowid) for rowid in refused)),
        (*table.refused, *refused),
    )


def _add_copy(part: Path, copy: Path, read: Mapping[str, Refilled]) -> dict[str, int]:
    """Add the rows of the copy that could not be read; returns how many, by table."""
    with _at_head(copy, part) as source, _opened(part) as fresh:
        fresh.execute("ATTACH ? AS copy", (f"{source.absolute().as_uri()}?mode=ro&immutable=1",))
        numbers = fresh.execute("SELECT name, seq FROM copy.sqlite_sequence").fetchall()
        for table, number in numbers:
            raise_sequence(fresh, table, number)
        torn = [name for name in _ours(fresh) if name not in read or not read[name].whole]
        return {table: _add(fresh, table) for table in torn}


def _add(fresh: sqlite3.Connection, table: str) -> int:
    """Add what the copy's table has more; a log's by the event, whatever its number is now."""
    names = [column.name for column in columns_of(fresh, table)]
    last = fresh.execute(f'SELECT coalesce(max(rowid), 0) FROM main."{table}"').fetchone()[0]  # noqa: S608
    columns = listed(names)
    added = fresh.execute(
        f'INSERT OR IGNORE INTO main."{table}" ({columns})'  # noqa: S608 - own names
        f' SELECT {columns} FROM copy."{table}" ORDER BY rowid'
    ).rowcount
    if {"no", "event_id"} <= set(names):
        added += _add_renumbered(fresh, table, [name for name in names if name != "no"])
    if "change" in names:
        _part_changes(fresh, table, last)
    return added


def _add_renumbered(fresh: sqlite3.Connection, table: str, names: Sequence[str]) -> int:
    """Add the events whose number means another one now, each under a new number."""
    columns = listed(names)
    return fresh.execute(
        f'INSERT INTO main."{table}" ({columns})'  # noqa: S608 - own names
        f' SELECT {columns} FROM copy."{table}" WHERE event_id IS NOT NULL'
        f' AND event_id NOT IN (SELECT event_id FROM main."{table}" WHERE event_id IS NOT NULL)'
        " ORDER BY no"
    ).rowcount


def _part_changes(fresh: sqlite3.Connection, table: str, last: int) -> None:
    """Give added rows a newer change where theirs is taken: who pulls would pass over one."""
    twice = fresh.execute(
        f'SELECT rowid FROM main."{table}" WHERE rowid > ? AND change IN'  # noqa: S608 - own names
        f' (SELECT change FROM main."{table}" WHERE rowid <= ?)',
        (last, last),
    ).fetchall()
    fresh.executemany(
        f'UPDATE main."{table}" SET change = (SELECT max(change) + 1 FROM main."{table}")'  # noqa: S608
        " WHERE rowid = ?",
        twice,
    )


@contextmanager
def _at_head(copy: Path, part: Path) -> Iterator[Path]:
    """The copy, or where it was made by an earlier program, a copy of it in today's schema."""
    beside = part.with_suffix(".copy.part")
    try:
        shutil.copyfile(copy, beside)
        _bring_up(beside, _HEAD)
        yield beside
    finally:
        beside.unlink(missing_ok=True)


def _count_lost(part: Path, read: Mapping[str, Refilled]) -> dict[str, int | None]:
    with _opened(part) as fresh:
        given = dict(fresh.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
        return {
            name: _lacking(fresh, name, table.gaps, given.get(name)) for name, table in read.items()
        }


def _lacking(
    fresh: sqlite3.Connection, table: str, gaps: Sequence[Gap], given: int | None
) -> int | None:
    """How many numbers up to `given` no row of the gaps has; rows that were deleted count too."""
    if given is None or not gaps:
        return None if gaps else 0
    lacking, begin = 0, 1
    for first, last in sorted(gaps):
        begin, end = max(begin, first), min(given, last)
        query = f'SELECT count(*) FROM "{table}" WHERE rowid BETWEEN ? AND ?'  # noqa: S608 - own
        (present,) = fresh.execute(query, (begin, end)).fetchone()
        lacking += max(end - begin + 1, 0) - present
        begin = max(begin, end + 1)
    return lacking


def _begin_anew(part: Path, read: Mapping[str, Refilled]) -> None:
    """Numbers of changes come again: whoever pulls must begin anew.

    Where events may lack, none counts as arrived: agents tell again what they still have.
    """
    with _opened(part) as fresh:
        fresh.execute("DELETE FROM facts WHERE name = 'feed_id'")
        torn = [name for name, table in read.items() if not table.whole]
        if any(column.name == "event_id" for name in torn for column in columns_of(fresh, name)):
            fresh.execute("DELETE FROM streams")


@contextmanager
def _opened(part: Path) -> Iterator[sqlite3.Connection]:
    """The part that is being filled; what is done in the block is kept when it ends."""
    with closing(sqlite3.connect(part.absolute().as_uri(), uri=True)) as fresh:
        fresh.execute(_FAST)
        with fresh:
            yield fresh


def _bring_up(part: Path, revision: str) -> None:
    engine = create_engine(URL.create("sqlite", database=str(part)), poolclass=NullPool)
    with engine.begin() as db:
        db.exec_driver_sql(_FAST)
        bring_up(db, revision)


def _revision(damaged: DamagedFile) -> str | None:
    """Which schema the file has, if that can be read. Raises StoreError if it is a newer one."""
    told = damaged.rows(_VERSION, [_VERSION_COLUMN]) if _VERSION in damaged.tables else ()
    numbers = [str(number) for (number,) in told]
    known = [number for number in numbers if is_known(number)]
    if numbers and not known:
        raise newer_schema(numbers[0])
    return known[0] if known else None


def _has_known_schema(copy: Path) -> bool:
    with damaged_file(copy) as sound:
        return _VERSION in sound.tables and all(
            is_known(str(number)) for (number,) in sound.rows(_VERSION, [_VERSION_COLUMN])
        )


def _ours(fresh: sqlite3.Connection) -> list[str]:
    return [name for name in tables_of(fresh) if name != _VERSION]


def _written_ms(path: Path) -> int:
    return int(path.stat().st_mtime * 1000) if path.exists() else 0
