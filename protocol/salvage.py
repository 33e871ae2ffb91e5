"""This file reads what a damaged SQLite file still holds, and puts a new file in its place.

The way is that of `sqlite3 .recover`: table by table, leaf by leaf, and from both ends where a
leaf cannot be read through. Indexes are not asked. The damaged file is kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from protocol.folder import OWNER_ONLY, whole_file

_FARTHEST: Final = 2**53  # no file of ours numbers so many rows; a number beyond it is damage
_MASTER: Final = "sqlite_master"
_SEQUENCE: Final = "sqlite_sequence"
_ROOT_OF_MASTER: Final = 1
_HEADER: Final = 100  # bytes in front of the tree on page 1
_INNER: Final = b"\x05"  # how an inner page of a table begins
_MORE: Final = 0x80  # the bit of a byte that another of the same number follows
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
        """Whether a program of ours can have written the value there."""
        return not self.required if value is None else isinstance(value, _kinds(self.declared))


class Refilled(NamedTuple):
    """What a table got from a damaged file; whole: as far as can be told, it lacks nothing."""

    read: int
    whole: bool


_SEQUENCE_COLUMNS: Final = (Column("name", "TEXT"), Column("seq", "INTEGER"))
_MASTER_COLUMNS: Final = (Column("type", "TEXT"), Column("name", "TEXT"), Column("rootpage", "INT"))


class DamagedFile:
    """A SQLite file of which some pages cannot be read; it is never written to."""

    def __init__(self, db: sqlite3.Connection, raw: BinaryIO) -> None:
        self._db = db
        self._raw = raw
        self._page_size = _page_size(raw)
        self._roots = {_MASTER: _ROOT_OF_MASTER}
        self._torn: set[str] = set()
        with suppress(sqlite3.DatabaseError):
            db.execute("SELECT 1 FROM sqlite_master")  # of a torn list, the next has the rest
        for kind, name, root in self.rows(_MASTER, _MASTER_COLUMNS):
            if kind == "table" and isinstance(name, str) and isinstance(root, int):
                self._roots.setdefault(name, root)

    @property
    def tables(self) -> frozenset[str]:
        """The tables that it still names; none where the list of them cannot be read."""
        return frozenset(self._roots) - {_MASTER}

    def rows(self, table: str, columns: Sequence[Column]) -> Iterator[Row]:
        """What can be read of these columns, by rowid; a row of other types is left out."""
        names = listed(column.name for column in columns)
        for low, high in pairwise([-_FARTHEST, *self._dividers(self._roots[table]), _FARTHEST]):
            for row in self._leaf(table, names, low + 1, high):
                if all(map(Column.fits, columns, row)):
                    yield row
                else:
                    self._torn.add(table)

    def is_whole(self, table: str) -> bool:
        """Whether every row of the table could be read, as far as its indexes can tell."""
        if table in self._torn:
            return False
        with suppress(sqlite3.DatabaseError):
            (verdict,) = self._db.execute(f'PRAGMA integrity_check("{table}")').fetchone()
            return bool(verdict == "ok")
        return False

    def _leaf(self, table: str, names: str, low: int, high: int) -> list[Row]:
        """The rows between two dividers: at once, or where that fails one by one."""
        chosen = f'SELECT {names} FROM "{table}" NOT INDEXED WHERE rowid'  # noqa: S608 - own names
        try:
            query = f"{chosen} BETWEEN ? AND ? ORDER BY rowid"
            return self._db.execute(query, (low, high)).fetchall()
        except sqlite3.Error:
            self._torn.add(table)
        rows: list[Row] = []
        for number in self._numbers(table, low, high):
            with suppress(sqlite3.Error):
                rows += self._db.execute(f"{chosen} = ?", (number,)).fetchall()
        return rows

    def _numbers(self, table: str, low: int, high: int) -> list[int]:
        """The rowids that can be reached from both ends."""
        front = [*self._walk(table, low, high, "ASC")]
        back = self._walk(table, front[-1] + 1 if front else low, high, "DESC")
        return front + sorted(back)

    def _walk(self, table: str, low: int, high: int, way: str) -> Iterator[int]:
        """Rowids from one end up to what cannot be read.

        One at a time: Python's cursor looks a row ahead, and loses the one before the damage.
        """
        query = (
            f'SELECT rowid FROM "{table}" NOT INDEXED WHERE rowid BETWEEN ? AND ?'  # noqa: S608
            f" ORDER BY rowid {way} LIMIT 1"
        )
        with suppress(sqlite3.Error):
            while row := self._db.execute(query, (low, high)).fetchone():
                yield row[0]
                low, high = (row[0] + 1, high) if way == "ASC" else (low, row[0] - 1)

    def _dividers(self, root: int) -> list[int]:
        """The rowids at which one leaf ends and the next begins, as inner pages tell them."""
        dividers: set[int] = set()
        seen: set[int] = set()
        ahead = [root]
        while ahead:
            page = ahead.pop()
            if page not in seen:
                seen.add(page)
                for child, rowid in _inner(self._page(page), _start(page)):
                    ahead.append(child)
                    dividers.add(rowid)
        return sorted(rowid for rowid in dividers if -_FARTHEST < rowid < _FARTHEST)

    def _page(self, number: int) -> bytes:
        """A page as it lies in the file; nothing where there is none, or the disk refuses it."""
        with suppress(OSError):
            self._raw.seek(max(number - 1, 0) * self._page_size)
            return self._raw.read(self._page_size)
        return b""


@contextmanager
def damaged_file(path: Path) -> Iterator[DamagedFile]:
    """The file, to be read. What its log of changes holds is in it once `replaced` has begun."""
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(address, uri=True)) as db, path.open("rb") as raw:
        db.execute("PRAGMA writable_schema = ON")  # read on where a part of the schema is torn
        yield DamagedFile(db, raw)


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
                log.replace(aside.with_name(aside.name + side))


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
        return Refilled(0, whole=False)
    columns = columns_of(fresh, table)
    names, places = listed(column.name for column in columns), ", ".join("?" * len(columns))
    filling = f'INSERT OR IGNORE INTO "{table}" ({names}) VALUES ({places})'  # noqa: S608
    rows = fresh.executemany(filling, damaged.rows(table, columns)).rowcount
    return Refilled(rows, damaged.is_whole(table))


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


def _page_size(raw: BinaryIO) -> int:
    """The size of a page, as the header tells it (SQLite's file format, 1.3.2)."""
    raw.seek(16)
    size = int.from_bytes(raw.read(2))
    return 65536 if size == 1 else max(size, 512)


def _start(page: int) -> int:
    """Where a page's tree begins."""
    return _HEADER if page == _ROOT_OF_MASTER else 0


def _inner(page: bytes, start: int) -> Iterator[tuple[int, int]]:
    """The children of an inner page of a table, each with the last rowid below it (1.6).

    A leaf, and a page that is none, has none.
    """
    if page[start : start + 1] != _INNER:
        return
    yield int.from_bytes(page[start + 8 : start + 12]), _FARTHEST
    count = int.from_bytes(page[start + 3 : start + 5])
    for place in range(start + 12, min(start + 12 + 2 * count, len(page)), 2):
        cell = int.from_bytes(page[place : place + 2])
        yield int.from_bytes(page[cell : cell + 4]), _varint(page[cell + 4 : cell + 13])


def _varint(data: bytes) -> int:
    """A number of one to nine bytes, each with seven bits but the ninth (1.6); never negative."""
    number = 0
    for byte in data[:8]:
        number = number << 7 | byte & ~_MORE
        if not byte & _MORE:
            return number
    return number << 8 | int.from_bytes(data[8:9])


def _kinds(declared: str) -> type | tuple[type, ...]:
    """What Python reads from a column of that type (SQLite, "Datatypes", 3.1)."""
    if "INT" in declared or "BOOL" in declared:
        return int
    if "CHAR" in declared or "TEXT" in declared:
        return str
    return (bytes, str) if "BLOB" in declared else (int, float)
