"""This file saves what a damaged SQLite file still holds, and puts a new file in its place.

Table by table, by the pages that can be read; indexes are not asked. The damaged file is kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from protocol.folder import OWNER_ONLY, replace_file, whole_file
from protocol.pages import Gap, PagedRow, PagedTable, UnreadableSchemaError, damaged_pages

_FARTHEST: Final = 2**53  # no file of ours numbers so many rows; a number beyond it is damage
_SEQUENCE: Final = "sqlite_sequence"
_SIDES: Final = ("-wal", "-shm", "-journal")
# What the disk or the folder's owner is to blame for; the file itself may be well.
_NOT_DAMAGE: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_PERM,
    }
)

Row = tuple[object, ...]


class Column(NamedTuple):
    """A column as its table declares it."""

    name: str
    declared: str
    required: bool = True

    def fits(self, value: object) -> bool:
        """Whether a program of ours can have written the value there; zeros are a lost sector."""
        if isinstance(value, str) and "\0" in value:
            return False
        return not self.required if value is None else isinstance(value, _kinds(self.declared))


class Refilled(NamedTuple):
    """What a table got from a damaged file, and the rowids among which some may lack.

    refused: the rowids of rows that can be read and make no sense, each a gap, too.
    """

    read: int
    gaps: tuple[Gap, ...]
    refused: tuple[int, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether, as far as can be told, it lacks nothing."""
        return not self.gaps


class _Field(NamedTuple):
    """Where a row has a column's value, and what stands in rows that are older than it."""

    place: int
    default: object = None
    is_rowid: bool = False

    def value_in(self, row: PagedRow) -> object:
        """The column's value in the row."""
        if self.is_rowid:
            return row.rowid
        return row.values[self.place] if self.place < len(row.values) else self.default


_ABSENT: Final = _Field(2**31)


_SEQUENCE_COLUMNS: Final = (Column("name", "TEXT"), Column("seq", "INTEGER"))


class DamagedFile:
    """A SQLite file of which some pages cannot be read; it is never written to."""

    def __init__(self, tables: Iterable[PagedTable | Gap]) -> None:
        self._tables = {table.name: table for table in tables if isinstance(table, PagedTable)}
        self._gaps: dict[str, list[Gap]] = {}
        self._refused: dict[str, list[int]] = {}

    @property
    def tables(self) -> frozenset[str]:
        """The tables that it still names; none where the list of them cannot be read."""
        return frozenset(self._tables)

    def rows(self, table: str, columns: Sequence[Column]) -> Iterator[Row]:
        """What can be read of these columns, by rowid; a row of other types is left out."""
        declared = _declared(self._tables[table])
        chosen = [declared.get(column.name, _ABSENT) for column in columns]
        gaps = self._gaps[table] = []
        refused = self._refused[table] = []
        for part in self._tables[table].contents():
            if isinstance(part, Gap):
                gaps.append(part)
                continue
            row = tuple(field.value_in(part) for field in chosen)
            if len(part.values) <= len(declared) and all(map(Column.fits, columns, row)):
                yield row
            else:
                gaps.append(Gap(part.rowid, part.rowid))
                refused.append(part.rowid)

    def gaps(self, table: str) -> tuple[Gap, ...]:
        """The rowids among which some may lack, of a table whose rows have been read."""
        return tuple(self._gaps[table])

    def refused(self, table: str) -> tuple[int, ...]:
        """The rowids of rows of other types, of a table whose rows have been read."""
        return tuple(self._refused[table])


@contextmanager
def damaged_file(path: Path) -> Iterator[DamagedFile]:
    """The file, to be read, and its log of changes. Raises OSError."""
    with ExitStack() as stack:
        tables: list[PagedTable | Gap] = []
        with suppress(UnreadableSchemaError):
            tables = list(stack.enter_context(damaged_pages(path)).tables())
        yield DamagedFile(tables)


@contextmanager
def replaced(path: Path, aside: Path) -> Iterator[Path]:
    """An empty file to be filled, which takes the place of `path` when the block ends.

    The damaged file is kept as `aside`. Whatever stops it, `path` is the old file or the new
    one, whole. Raises OSError, sqlite3.Error; the old file then stays.
    """
    _fold(path)
    with whole_file(path, OWNER_ONLY, backup=aside) as file:
        yield Path(file.name)
        for side in _SIDES:  # what could not be folded in would be taken for the new file's
            log = path.with_name(path.name + side)
            if log.exists():
                replace_file(log, aside.with_name(aside.name + side))


def refill(
    fresh: sqlite3.Connection, damaged: DamagedFile, tables: Iterable[str]
) -> dict[str, Refilled]:
    """Fill empty tables with what a damaged file still holds in those of the same names.

    Numbers that were given are not given again.
    """
    counts = {table: _fill(fresh, damaged, table) for table in tables}
    if _SEQUENCE in damaged.tables:
        for table, number in damaged.rows(_SEQUENCE, _SEQUENCE_COLUMNS):
            if table in counts:
                raise_sequence(fresh, table, number)
    return counts


def raise_sequence(fresh: sqlite3.Connection, table: object, number: object) -> None:
    """Let the table number its next row behind `number`, if that is farther than it would."""
    if not isinstance(number, int) or not 0 < number < _FARTHEST:
        return
    raising = f"UPDATE {_SEQUENCE} SET seq = max(seq, ?) WHERE name = ?"  # noqa: S608 - SQLite's
    if not fresh.execute(raising, (number, table)).rowcount:
        fresh.execute(f"INSERT INTO {_SEQUENCE} (name, seq) VALUES (?, ?)", (table, number))  # noqa: S608


def is_emptied(path: Path) -> bool:
    """Whether the file is empty but not its log of changes, which SQLite would throw away."""
    log = path.with_name(f"{path.name}-wal")
    return path.exists() and not path.stat().st_size and log.exists() and log.stat().st_size > 0


def tables_of(db: sqlite3.Connection) -> list[str]:
    """The tables of a sound database, without SQLite's own."""
    rows = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def columns_of(db: sqlite3.Connection, table: str) -> list[Column]:
    """The columns of a sound database's table."""
    described = db.execute(f'PRAGMA table_info("{table}")')
    return [Column(name, kind.upper(), bool(required)) for _, name, kind, required, *_ in described]


def listed(names: Iterable[str]) -> str:
    """Names of columns as SQL lists them."""
    return ", ".join(f'"{name}"' for name in names)


def _fill(fresh: sqlite3.Connection, damaged: DamagedFile, table: str) -> Refilled:
    if table not in damaged.tables:
        return Refilled(0, (Gap(),))
    columns = columns_of(fresh, table)
    names, places = listed(column.name for column in columns), ", ".join("?" * len(columns))
    filling = f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608
    rows = fresh.executemany(filling, damaged.rows(table, columns)).rowcount
    return Refilled(rows, damaged.gaps(table), damaged.refused(table))


def _fold(path: Path) -> None:
    """Take what waits in the log of changes over into the file, as the next start would."""
    if not path.exists() or not path.stat().st_size:
        return  # SQLite would delete the log of an empty file
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        for _ in range(2):  # where the schema is torn, the first asking fails and the next works
            try:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.DatabaseError as error:
                if error.sqlite_errorcode & 0xFF in _NOT_DAMAGE:
                    raise


def _declared(table: PagedTable) -> dict[str, _Field]:
    """Where a row has its values, by the column's name, as the table's own statement says."""
    if table.name == _SEQUENCE:  # nobody but SQLite may make that one
        return {column.name: _Field(place) for place, column in enumerate(_SEQUENCE_COLUMNS)}
    if not table.statement.upper().startswith("CREATE TABLE"):
        return {}
    with closing(sqlite3.connect(":memory:")) as db, suppress(sqlite3.Error, sqlite3.Warning):
        db.execute(table.statement)
        described = db.execute(f"PRAGMA table_info({listed([table.name])})").fetchall()
        keys = [name for _, name, kind, _, _, key in described if key and kind.upper() == "INTEGER"]
        is_alone = sum(bool(key) for *_, key in described) == 1
        return {
            name: _Field(place, _default(db, default), is_rowid=is_alone and name in keys)
            for place, name, _, _, default, _ in described
        }
    return {}


def _default(db: sqlite3.Connection, text: str | None) -> object:
    """What stands in rows that are older than their column."""
    return db.execute(f"SELECT {text or 'NULL'}").fetchone()[0]


def _kinds(declared: str) -> type | tuple[type, ...]:
    """What Python reads from a column of that type (SQLite, "Datatypes", 3.1)."""
    if "INT" in declared or "BOOL" in declared:
        return int
    if "CHAR" in declared or "TEXT" in declared:
        return str
    return (bytes, str) if "BLOB" in declared else (int, float)
