"""This file reads the rows that a damaged SQLite file still holds, page by page.

SQLite's own reader stops at the first page that it cannot read. Pages hang together as a tree:
whoever walks the tree goes round a damaged page, and knows which rowids lay on it. Indexes are
passed over. Format: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import mmap
import shutil
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

_MAGIC: Final = b"SQLite format 3\0"
_HEADER: Final = 100  # bytes in front of the tree on page 1
_SIZE_AT: Final = 16  # of a page, then the bytes at its end that are not used
_LOG_SIZE_AT: Final = 8  # of a page, in the log's own header
_SMALLEST_PAGE: Final = 512
_LARGEST: Final = 65536  # page, which two bytes cannot say
_INTERIOR, _LEAF = 5, 13  # pages of tables; those of indexes have other marks
_SEVEN_BITS: Final = 0x7F  # of a number, in each byte that says that more follow
_SMALLEST_CELL: Final = 4
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
_NUMBER_BYTES: Final = (0, 1, 2, 3, 4, 6, 8)  # of a whole number, by its code in a record
_REAL, _ZERO, _ONE, _BLOB, _TEXT = 7, 8, 9, 12, 13

Value = int | float | str | bytes | None


class UnreadableSchemaError(Exception):
    """Which tables the file has cannot be read: then nothing in it can be named."""


class DamagedPageError(Exception):
    """A page, or a row on it, is not what the format says."""


class PagedRow(NamedTuple):
    """A row that could be read: its values in the order of the columns."""

    rowid: int
    values: tuple[Value, ...]


class Gap(NamedTuple):
    """Rowids, first and last included, of which some lay where nothing can be read."""

    first: int = _LOWEST
    last: int = _HIGHEST


class _Branch(NamedTuple):
    """A page of a tree: where it lies, and the rowids that belong on it or below."""

    number: int
    bounds: Gap


class PagedTable(NamedTuple):
    """A table of the damaged file, and the statement that made it."""

    name: str
    statement: str
    root: int
    pages: Pages

    def contents(self) -> Iterator[PagedRow | Gap]:
        """What can be read and what cannot, by rising rowids."""
        return self.pages.contents(self.root)


@contextmanager
def damaged_pages(path: Path) -> Iterator[Pages]:
    """The pages of the file, with what its write-ahead log holds; the file stays as it is.

    Raises UnreadableSchemaError, OSError.
    """
    with (
        _with_log(path) as whole,
        whole.open("rb") as file,
        closing(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) as content,
    ):
        yield Pages(content)


@contextmanager
def _with_log(path: Path) -> Iterator[Path]:
    """The file, or a copy into which SQLite has brought the log, so far as that can be read."""
    log = _log_of(path).read_bytes() if _log_of(path).exists() else b""
    if not log:
        yield _readable(path)
        return
    with TemporaryDirectory(dir=path.parent) as folder:
        copy = Path(folder) / path.name
        _log_of(copy).write_bytes(log)
        shutil.copyfile(path, copy)
        with copy.open("ab") as file:
            if not file.tell():  # SQLite throws the log of an empty file away
                file.write(bytes(min(_number(log, _LOG_SIZE_AT, 4), _LARGEST)))
        with closing(sqlite3.connect(copy)) as db, suppress(sqlite3.DatabaseError):
            db.execute("PRAGMA writable_schema = ON")  # faults in the list of tables are passed
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        yield _readable(copy)


def _readable(path: Path) -> Path:
    if path.stat().st_size < _SMALLEST_PAGE:
        raise UnreadableSchemaError
    return path


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


class Pages:
    """The pages of one file. Raises UnreadableSchemaError where its first page is no SQLite's."""

    def __init__(self, content: mmap.mmap | bytes) -> None:
        self._content = content
        size = _number(content, _SIZE_AT, 2)
        self._size = _LARGEST if size == 1 else size
        self._usable = self._size - content[_SIZE_AT + 4]
        if content[: len(_MAGIC)] != _MAGIC or self._size not in {2**n for n in range(9, 17)}:
            raise UnreadableSchemaError

    def tables(self) -> Iterator[PagedTable | Gap]:
        """The tables, and what of their list cannot be read. Raises UnreadableSchemaError."""
        if self._page(1)[_HEADER] not in {_INTERIOR, _LEAF}:
            raise UnreadableSchemaError
        for part in self.contents(1):
            match part:
                case PagedRow(values=("table", str(name), _, int(root), str(statement))):
                    yield PagedTable(name, statement, root, self)
                case Gap():
                    yield part

    def contents(self, root: int) -> Iterator[PagedRow | Gap]:
        """What the tree below this page holds, by rising rowids."""
        branches, passed = [_Branch(root, Gap())], set[int]()
        while branches:
            branch = branches.pop()
            try:
                if self._mark(branch.number, passed) == _LEAF:
                    yield from self._rows(branch)
                else:
                    branches += reversed(self._children(branch))
            except DamagedPageError:
                yield branch.bounds

    def _mark(self, number: int, passed: set[int]) -> int:
        """What kind of page it is. Raises DamagedPageError if it belongs elsewhere in the tree."""
        if number in passed:
            raise DamagedPageError
        passed.add(number)
        return self._page(number)[_start(number)]

    def _children(self, branch: _Branch) -> list[_Branch]:
        """The pages below. Raises DamagedPageError."""
        (number, bounds), children = branch, []
        page, start, first = self._page(number), _start(number), bounds.first
        if page[start] != _INTERIOR:
            raise DamagedPageError
        for place in self._places(page, start, start + 12):
            key = _signed(_varint(page, place + 4)[0])
            if not first <= key <= bounds.last:
                raise DamagedPageError
            children.append(_Branch(_number(page, place, 4), Gap(first, key)))
            first = key + 1
        return [*children, _Branch(_number(page, start + 8, 4), Gap(first, bounds.last))]

    def _rows(self, leaf: _Branch) -> Iterator[PagedRow | Gap]:
        """What a leaf holds, and if that is not all of it, a gap over all that belongs there.

        Raises DamagedPageError if it holds no rows that could be read.
        """
        page, start = self._page(leaf.number), _start(leaf.number)
        places = self._places(page, start, start + 8)
        used, first = 0, leaf.bounds.first
        is_whole = bool(places) or leaf.bounds == Gap()  # only a table without rows has none
        for place in places:
            row, size = self._cell(page, place, Gap(first, leaf.bounds.last))
            used += size
            is_whole = is_whole and row is not None
            if row is not None:
                first = row.rowid + 1
                yield row
        if not (is_whole and self._is_full(page, start, used)):
            yield leaf.bounds

    def _cell(self, page: bytes, place: int, bounds: Gap) -> tuple[PagedRow | None, int]:
        """The row of a cell, if it can be read, and how many bytes of the page it takes."""
        try:
            size, at = _varint(page, place)
            key, at = _varint(page, at)
            if size > len(self._content):
                raise DamagedPageError
            near = self._near(size)
            end = at + near + (4 if near < size else 0)
            far = self._overflow(page[end - 4 : end], size - near) if near < size else b""
            row = PagedRow(_signed(key), _record(page[at : at + near] + far))
        except DamagedPageError:
            return None, 0
        is_sound = end <= min(self._usable, len(page)) and bounds.first <= row.rowid <= bounds.last
        return (row if is_sound else None), max(end - place, _SMALLEST_CELL)

    def _near(self, size: int) -> int:
        """How many bytes of a record lie on its leaf; the rest lies on pages of its own."""
        most = self._usable - 35
        if size <= most:
            return size
        least = (self._usable - 12) * 32 // 255 - 23
        near = least + (size - least) % (self._usable - 4)
        return near if near <= most else least

    def _overflow(self, number: bytes, size: int) -> bytes:
        """What of a record lies on pages of its own. Raises DamagedPageError."""
        parts = []
        while size > 0:
            page = self._page(int.from_bytes(number, "big"))
            number = page[:4]
            part = page[4 : 4 + min(size, self._usable - 4)]
            if len(page) < self._size:
                raise DamagedPageError
            parts.append(part)
            size -= len(part)
        if any(number):
            raise DamagedPageError
        return b"".join(parts)

    def _is_full(self, page: bytes, start: int, used: int) -> bool:
        """Whether rows and free room fill the page: else rows have gone without a trace."""
        free, content = _number(page, start + 1, 2), _number(page, start + 5, 2) or _LARGEST
        used += page[start + 7]
        while content <= free <= self._usable - 4:
            used += _number(page, free + 2, 2)
            following = _number(page, free, 2)
            free = following if following > free else 0
        return used == self._usable - content

    def _places(self, page: bytes, start: int, at: int) -> tuple[int, ...]:
        """Where the cells of a page begin. Raises DamagedPageError."""
        count = _number(page, start + 3, 2)
        end = at + 2 * count
        if end > min(self._usable, len(page)):
            raise DamagedPageError
        places = struct.unpack_from(f">{count}H", page, at)
        if any(not end <= place <= self._usable - _SMALLEST_CELL for place in places):
            raise DamagedPageError
        return places

    def _page(self, number: int) -> bytes:
        page = self._content[max(number - 1, 0) * self._size : number * self._size]
        if len(page) < _SMALLEST_PAGE:
            raise DamagedPageError
        return page  # of a file that was cut off, the last page may be a part of one


def _record(payload: bytes) -> tuple[Value, ...]:
    """The values of a row, if its record is what the format says. Raises DamagedPageError."""
    end, at = _varint(payload, 0)
    values: list[Value] = []
    begin = end
    while at < end:
        code, at = _varint(payload, at)
        size = _size_of(code)
        values.append(_value(code, payload[begin : begin + size]))
        begin += size
    if at != end or begin != len(payload):
        raise DamagedPageError
    return tuple(values)


def _size_of(code: int) -> int:
    """How many bytes a value of this code takes. Raises DamagedPageError."""
    if code < _REAL:
        return _NUMBER_BYTES[code]
    if code >= _BLOB:
        return (code - _BLOB) // 2
    if code in {_ZERO, _ONE}:
        return 0
    if code == _REAL:
        return 8
    raise DamagedPageError


def _value(code: int, data: bytes) -> Value:
    """The value that stands so in a record. Raises DamagedPageError if it is no text."""
    if code == 0:
        return None
    if code < _REAL:
        return int.from_bytes(data, "big", signed=True)
    if code == _REAL:
        return float(struct.unpack(">d", data.rjust(8, b"\0"))[0])
    if code in {_ZERO, _ONE}:
        return code - _ZERO
    if code % 2 == _BLOB % 2:
        return data
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise DamagedPageError from error


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends. Raises DamagedPageError."""
    value = 0
    for place in range(at, at + 8):
        if place >= len(data):
            raise DamagedPageError
        value = value << 7 | data[place] & _SEVEN_BITS
        if data[place] <= _SEVEN_BITS:
            return value, place + 1
    if at + 8 >= len(data):
        raise DamagedPageError
    return value << 8 | data[at + 8], at + 9


def _signed(value: int) -> int:
    return value - 2**64 if value > _HIGHEST else value


def _number(data: bytes | mmap.mmap, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _start(number: int) -> int:
    """Where on a page its tree's header stands."""
    return _HEADER if number == 1 else 0
