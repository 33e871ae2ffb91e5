"""What a process of its own reads is what is read here, within bounds, and it outlives nobody."""

from __future__ import annotations

import asyncio
import io
import logging
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest

from controller.register import reader as books
from controller.register.book import Book
from controller.register.choices import Choices
from controller.register.reading import read_book
from controller.roster import reader as lists
from controller.roster.roll import Roll
from controller.roster.sheet import read
from controller.schedule import reader as schedules
from controller.schedule.findings import Known, Reading
from controller.schedule.reading import read_schedule
from controller.sheets.apart import Progress, read_apart
from controller.sheets.cells import SheetReader, parse, workbook
from controller.sheets.errors import SheetError
from tests.controller.register.test_register_import import as_xlsx
from tests.controller.register.written_books import case_of, write

TODAY = date(2026, 9, 5)
LIST = "STT;Lớp;Mã học sinh;Họ và tên\n1;10A1;HS1;Lò Thị Ánh\n2;10A1;001122334455;Vũ An\n;;;\n"
LESSONS = "Thứ,Tiết,Phòng,Lớp,Môn\n2,1,P203,10A1,Toán\n3,1,P203,10A1,Văn\nKý tên\n"
HEAD = ["STT", "Mã tài sản", "Tên thiết bị", "Phòng"]


def apart(module: str, order: msgspec.Struct, answer: type[Any], told: list[Progress]) -> Any:
    """What the process of its own answers."""
    return asyncio.run(read_apart(module, order, answer, told.append))


def test_a_book_is_the_same_book(tmp_path: Path) -> None:
    """Lines, sources, named rows, doubts, refused rows: a CSV and a workbook."""
    kinds = set()
    for seed in range(100):
        path = write(case_of(seed), tmp_path)
        if path.suffix in kinds:
            path.unlink()
            continue
        kinds.add(path.suffix)
        order = books.BookOrder(str(path), Choices())
        assert apart(books.MODULE, order, Book, []) == read_book(path)
    assert kinds >= {".csv", ".xlsx"}


def test_class_lists_and_a_schedule_are_the_same(tmp_path: Path) -> None:
    """Pupils with their names, refused rows; lessons against what the school has."""
    path = tmp_path / "list.csv"
    path.write_text(LIST, "utf-8")
    roll = Roll()
    read(path, roll, today=TODAY, names=True)
    order = lists.RollOrder(str(path), TODAY, names=True, school="")
    assert apart(lists.MODULE, order, Roll, []) == roll
    path.write_text(LESSONS, "utf-8")
    known = Known(codes={"10a1": "10A1"}, rooms=frozenset({"p203"}))
    whole = read_schedule(path, known)
    asked = schedules.ScheduleOrder(str(path), known, is_empty_meant=False)
    told = apart(schedules.MODULE, asked, Reading, [])
    assert told.schedule == whole.schedule
    assert [*told.sheets, *told.refused, *told.notices] == [
        *whole.sheets,
        *whole.refused,
        *whole.notices,
    ]


def test_a_workbook_is_parsed_alike_here_and_apart(tmp_path: Path) -> None:
    """By the parser's own process, and by one that reads all."""
    path = as_xlsx(tmp_path / "so.xlsx", So=[HEAD, ["1", "TS-1", "Loa", "P203"]])
    assert workbook(path, days=True) == parse(path, days=True)
    assert read_book(path) == read_book(path, reader=SheetReader(parse))


def test_it_says_how_far_it_is(tmp_path: Path) -> None:
    """Some hundred times at most, in order, of all rows."""
    path = tmp_path / "so.csv"
    rows = "".join(f"{row};TS-{row};Loa;P203\n" for row in range(1, 4000))
    path.write_text(";".join(HEAD) + "\n" + rows, "utf-8")
    told: list[Progress] = []
    apart(books.MODULE, books.BookOrder(str(path), Choices()), Book, told)
    assert told == [Progress(rows, 4000) for rows in (1000, 2000, 3000, 4000)]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "no_heading"),
        (b"\x00" * 9, "damaged"),
        (b"PK\x03\x04xx", "damaged"),
        (b"<html>", "web_page"),
        ("STT;Mã tài sản\n".encode(), "nothing_usable"),
    ],
    ids=["empty", "zeros", "no archive", "web page", "heading only"],
)
def test_a_refusal_comes_with_its_words(tmp_path: Path, raw: bytes, code: str) -> None:
    """As the same refusal here."""
    path = tmp_path / "so"
    path.write_bytes(raw)
    with pytest.raises(SheetError) as here:
        read_book(path)
    with pytest.raises(SheetError) as there:
        apart(books.MODULE, books.BookOrder(str(path), Choices()), Book, [])
    assert (there.value.code, there.value.text(str)) == (code, here.value.text(str))


def swollen(path: Path) -> Path:
    """A workbook of some kilobytes whose one shared text stands in a million cells."""
    buffer = io.BytesIO()
    as_xlsx(path, So=[HEAD])
    with zipfile.ZipFile(path) as known, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as out:
        for part in known.namelist():
            raw = known.read(part)
            if part.endswith("sharedStrings.xml"):
                raw = raw.replace(b"STT", b"S" * 4000)
            if part.endswith("sheet1.xml"):
                row = b"<row>" + b'<c t="s"><v>0</v></c>' * 250 + b"</row>"
                raw = raw.replace(b"</sheetData>", row * 4000 + b"</sheetData>")
            out.writestr(part, raw)
    path.write_bytes(buffer.getvalue())
    return path


def test_what_swells_ends_at_its_bounds(tmp_path: Path) -> None:
    """Four gigabytes of text in a small file: too big, and nobody else's memory."""
    path = swollen(tmp_path / "so.xlsx")
    assert path.stat().st_size < 200_000
    with pytest.raises(SheetError) as refused:
        apart(books.MODULE, books.BookOrder(str(path), Choices()), Book, [])
    assert refused.value.code == "too_big"


def test_a_reader_that_fails_says_where_and_not_what(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names a line of ours; a child's name would stand in the error's text."""
    order = books.BookOrder("so.csv", Choices(times="Lò Thị Ánh"))  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING), pytest.raises(SheetError) as refused:
        apart(books.MODULE, order, Book, [])
    assert refused.value.code == "damaged"
    assert "ValidationError" in caplog.text
    assert "Ánh" not in caplog.text


def test_who_lets_go_ends_the_process(tmp_path: Path) -> None:
    """A file that is dropped is read no further."""
    path = tmp_path / "so.csv"
    rows = "".join(f"{row};TS-{row};Loa;P{row}\n" for row in range(1, 40_000))
    path.write_text(";".join(HEAD) + "\n" + rows, "utf-8")
    begun = asyncio.Event()

    async def let_go() -> None:
        order = books.BookOrder(str(path), Choices())
        reading = asyncio.create_task(read_apart(books.MODULE, order, Book, lambda _: begun.set()))
        await begun.wait()
        reading.cancel()
        await asyncio.wait([reading])
        assert reading.cancelled()

    asyncio.run(let_go())
    names = [child.cmdline() for child in psutil.Process().children()]
    assert not any(books.MODULE in name for name in names)
