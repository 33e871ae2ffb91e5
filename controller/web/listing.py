"""This file says how a long list is asked for and shown: sorted by any column, fifty a page.

What is on the screen stands in the address, and the same address gives all its pages as a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any, Final, Generic, Literal, NamedTuple, TypeVar
from urllib.parse import urlencode

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from controller.sheets.names import natural
from controller.sheets.table import (
    MAX_ROWS,
    TableFormat,
    TableTooLongError,
    check_length,
    table_csv,
    table_xlsx,
)
from controller.sheets.writing import Cell, file_name
from controller.web.asked import unknown
from controller.web.downloads import CSV_WITH_HEAD, XLSX, attachment
from controller.web.refusals import HttpError
from controller.web.words import Words
from protocol.model import Status
from protocol.words import N_

ROWS: Final = 50  # of one page
_IN_MEMORY: Final = 4 * 1024 * 1024  # of a file that is made; more is put on the disk
_PART: Final = 64 * 1024
Row = TypeVar("Row")
Sort = Annotated[str, Query(max_length=40, description="a column; behind a minus downwards")]
PageNo = Annotated[int, Query(alias="page", ge=1, le=1_000_000)]
File = TableFormat | Literal[""]


class Bar(NamedTuple):
    """A bar beside a number. share: of the longest, None where nothing is known."""

    share: float | None
    is_low: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Column(Generic[Row]):
    """A column. cell: what a file holds of it, by which it is sorted if it has no order.

    shown: what the screen says instead. link: where it leads, "" for nowhere. status: how it
    looks. note: what stands small beside it. on_screen: False for what only files hold.
    counts: what its number counts in the list that it leads to, such as lines or things.
    """

    key: str
    head: str
    cell: Callable[[Row, Words], Cell]
    is_number: bool = False
    shown: Callable[[Row, Words], str] | None = None
    link: Callable[[Row], str] | None = None
    status: Callable[[Row], Status] | None = None
    note: Callable[[Row, Words], str] | None = None
    order: Callable[[Row], Any] | None = None
    on_screen: bool = True
    bar: Callable[[Row], Bar] | None = None
    counts: str = ""

    def text(self, row: Row, words: Words) -> str:
        """What the screen says."""
        if self.shown:
            return self.shown(row, words)
        cell = self.cell(row, words)
        return words.number(cell) if isinstance(cell, int | float) else cell or ""


Marks = Mapping[str, Callable[[Row], str]]


class Asked(NamedTuple):
    """What an address asks of a list: its place, filters, order and page.

    query: filters by name, empty ones left out. sort: a column's key, behind a minus downwards.
    """

    path: str
    query: Mapping[str, str]
    sort: str
    page: int

    @property
    def key(self) -> str:
        """By which column."""
        return self.sort.removeprefix("-")

    @property
    def is_down(self) -> bool:
        """Whether the greatest stands first."""
        return self.sort.startswith("-")

    def link(self, **changes: str | int) -> str:
        """The address with other filters, another order or page; without one the first page."""
        return address(self.path, **{**self.query, "sort": self.sort, **changes})


class Head(NamedTuple):
    """A column's head: how it is sorted now ("", ascending, descending), and what a click asks."""

    text: str
    is_number: bool
    sorted: str
    link: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ListPage(Generic[Row]):
    """A page of a list. rows: its own; total: how many all pages have. marks: names of a row."""

    asked: Asked
    columns: Sequence[Column[Row]]
    rows: Sequence[Row]
    total: int
    marks: Marks[Row]

    @property
    def shown(self) -> Sequence[Column[Row]]:
        """The columns of the screen."""
        return [column for column in self.columns if column.on_screen]

    @property
    def at(self) -> int:
        """Which page it is, from one on."""
        return min(self.asked.page, self.last)

    @property
    def last(self) -> int:
        """How many pages there are."""
        return max(1, -(-self.total // ROWS))

    @property
    def before(self) -> str:
        """The page before, or ""."""
        return self.asked.link(page=self.at - 1) if self.at > 1 else ""

    @property
    def behind(self) -> str:
        """The next page, or ""."""
        return self.asked.link(page=self.at + 1) if self.at < self.last else ""

    @property
    def is_for_excel(self) -> bool:
        """Whether a workbook takes all of it."""
        return self.total <= MAX_ROWS

    def file(self, form: str) -> str:
        """Where all pages are a file."""
        return self.asked.link(format=form)

    def heads(self) -> Iterator[Head]:
        """What stands above the columns."""
        for column in self.shown:
            is_this = column.key == self.asked.key
            down = self.asked.is_down
            again = column.key if is_this and down else f"-{column.key}"
            first = f"-{column.key}" if column.is_number else column.key
            said = ("descending" if down else "ascending") if is_this else ""
            yield Head(
                column.head,
                column.is_number,
                said,
                self.asked.link(sort=again if is_this else first),
            )


def address(path: str, **query: str | int | None) -> str:
    """A path with a query, what is empty left out."""
    told = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(told)}" if told else path


def checked(asked: Asked, columns: Iterable[Column[Any]]) -> Asked:
    """The same. Raises HttpError where no column is called so."""
    keys = [column.key for column in columns]
    if asked.sort and asked.key not in keys:
        message = N_("The list has no column {asked} to sort by.")
        raise unknown(422, "sort_unknown", message, asked.key, keys)
    return asked


def in_order(rows: Iterable[Row], asked: Asked, columns: Sequence[Column[Row]], words: Words
             ) -> list[Row]:  # fmt: skip
    """The rows as they are asked for, as they come where no order is; what is empty stands last."""
    column = next((column for column in columns if column.key == asked.key), None)
    if column is None:
        return [*rows]
    pairs = [(_value(column, row, words), row) for row in rows]
    full = [pair for pair in pairs if pair[0] is not None]
    full.sort(key=lambda pair: pair[0], reverse=asked.is_down)
    return [row for _, row in full] + [row for value, row in pairs if value is None]


def page_in(rows: Sequence[Row], asked: Asked) -> Sequence[Row]:
    """The rows of the asked page, of the last where there are no more."""
    at = min(asked.page, max(1, -(-len(rows) // ROWS)))
    return rows[(at - 1) * ROWS : at * ROWS]


def listed(
    rows: Iterable[Row],
    asked: Asked,
    columns: Sequence[Column[Row]],
    words: Words,
    **marks: Callable[[Row], str],
) -> ListPage[Row]:
    """A page of rows that are at hand. Raises HttpError."""
    ordered = in_order(rows, checked(asked, columns), columns, words)
    return ListPage(
        asked=asked,
        columns=columns,
        rows=page_in(ordered, asked),
        total=len(ordered),
        marks=marks,
    )


class TableFile(NamedTuple):
    """What a file of a list is called, and what its first lines say."""

    name: str
    day: str
    title: Sequence[str]


def written(
    form: TableFormat,
    file: TableFile,
    columns: Sequence[Column[Row]],
    rows: Iterable[Row],
    words: Words,
) -> Response:
    """All rows as a file to keep, with the columns of the screen. Raises HttpError."""
    heads = [words.say(column.head) for column in columns]
    cells = ([column.cell(row, words) for column in columns] for row in rows)
    headers = attachment(file_name(file.name, file.day, end=form.value))
    if form is TableFormat.CSV:
        parts = _spooled(part.encode() for part in table_csv(heads, cells))
        return StreamingResponse(parts, media_type=CSV_WITH_HEAD, headers=headers)
    try:
        return Response(table_xlsx(file.title, heads, cells), media_type=XLSX, headers=headers)
    except TableTooLongError as error:
        raise HttpError(422, error.code, error.message, error.hint) from error


def check_for_excel(rows: int) -> None:
    """Raise HttpError if a workbook does not take so many rows."""
    try:
        check_length(rows)
    except TableTooLongError as error:
        raise HttpError(422, error.code, error.message, error.hint) from error


def _spooled(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same, all of it taken before the first is given: whoever reads may be slow."""
    file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed when it was read
    file.writelines(parts)
    file.seek(0)

    def read() -> Iterator[bytes]:
        with file:
            while part := file.read(_PART):
                yield part

    return read()


def _value(column: Column[Row], row: Row, words: Words) -> Any:
    if column.order:
        return column.order(row)
    cell = column.cell(row, words)
    return (natural(cell) if cell else None) if isinstance(cell, str) else cell
