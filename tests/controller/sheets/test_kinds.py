"""What a file is, its bytes say and not its name; what cannot be read is named, with what to do."""

from __future__ import annotations

from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from pathlib import Path

import pytest

from controller.sheets.bounds import MAX_ROWS
from controller.sheets.cells import bounded_bytes, sheets_in, workbook
from controller.sheets.errors import SheetError
from controller.sheets.kinds import FileKind, kind_of
from controller.sheets.text import Cell
from controller.sheets.worksheet import Worksheet


def read(path: Path, raw: bytes) -> list[Worksheet]:
    """The sheets of a file with these bytes."""
    path.write_bytes(raw)
    return sheets_in(path, bounded_bytes(path), len)[0]


def rows_of(path: Path, text: str) -> list[list[Cell]]:
    """The rows of a page."""
    [sheet] = read(path, text.encode())
    return sheet.rows


def archive(*pages: str) -> bytes:
    """A web archive of these pages and a picture, as Excel saves one."""
    whole = MIMEMultipart("related", type="text/html")
    for page in pages:
        whole.attach(MIMEText(page, "html", "utf-8"))
    whole.attach(MIMEText("a{}", "css"))
    return b"MIME-Version: 1.0\nX-Document-Type: Workbook\n" + whole.as_bytes()


def test_the_one_table_of_a_web_archive_is_read(tmp_path: Path) -> None:
    """Of several pages with a table none is guessed."""
    page = "<html><table><tr><td>Mã tài sản<td>Phòng</tr><tr><td>TS-1<td>P203</tr></table></html>"
    path = tmp_path / "so.xls"
    [sheet] = read(path, archive("<html><p>x</html>", page))
    assert sheet.rows == [["Mã tài sản", "Phòng"], ["TS-1", "P203"]]
    for pages in ([page, page], ["<p>x"], []):
        with pytest.raises(SheetError) as refused:
            read(path, archive(*pages))
        assert refused.value.code == "web_archive"


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("<html><body><p>STT", "web_page"),
        ("\ufeff \r\n<!DOCTYPE HTML><html><frameset>", "web_page"),
        ("MIME-Version: 1.0\r\nX-Document-Type: Workbook", "web_archive"),
        ("From: <Saved by Blink>\r\nMIME-Version: 1.0", "web_archive"),
        ('<?xml version="1.0"?><book><row>1</row></book>', "xml"),
        ('<?xml version="1.0"?><office:document><torn', "damaged"),
        ('<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">', "damaged"),
    ],
)
def test_what_only_its_name_makes_a_workbook_is_named(
    tmp_path: Path, start: str, code: str
) -> None:
    """The refusal says what it is; nothing is guessed from its lines."""
    with pytest.raises(SheetError) as refused:
        read(tmp_path / "a.xls", start.encode())
    assert (refused.value.code, bool(refused.value.hint)) == (code, code != "damaged")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"STT;T\xc3\xaan", FileKind.TEXT),
        (b"<5;6", FileKind.TEXT),
        (b"\xff\xfe" + "<table>".encode("utf-16-le"), FileKind.WEB_PAGE),
        (b"\xef\xbb\xbf\r\n<TABLE border=1>", FileKind.WEB_PAGE),
        (b"<?xml version='1.0'?>\n<!DOCTYPE html><html>", FileKind.WEB_PAGE),
        (b"PK\x03\x04 torn", FileKind.WORKBOOK),
    ],
    ids=["csv", "text", "utf-16", "table", "xhtml", "torn"],
)
def test_a_file_is_known_by_how_it_begins(raw: bytes, kind: FileKind) -> None:
    """Whatever its name is."""
    assert kind_of(raw) is kind


def test_a_page_is_one_sheet_of_lines_and_tables(tmp_path: Path) -> None:
    """Titles above a table stay above it; a table within a cell stands below the cell's words."""
    page = """<html><body><h2>LỚP <b>10A1</b></h2>
      <div>Sĩ số: 2<br>Năm 2026</div>
      <table><tr><td>Trường<table><tr><th>STT<th>Họ tên<tr><td>1<td>An</table></td></tr>
      <tr><td>dưới</td></tr></table><script>var x = "<td>không</td>"</script></body></html>"""
    assert rows_of(tmp_path / "a.xls", page) == [
        ["LỚP 10A1"],
        ["Sĩ số: 2\nNăm 2026"],
        ["Trường"],
        ["STT", "Họ tên"],
        ["1", "An"],
        ["dưới"],
    ]


def test_what_spans_rows_pushes_the_cells_below_it(tmp_path: Path) -> None:
    """Also where two span at once; one that spans more rows than there are ends with the table."""
    page = (
        "<table><tr><td rowspan=2>a<td colspan=2>b<td>c<tr><td rowspan=9>d<td>e<td>f"
        "<tr><td>g<td>h</table><table><tr><td>i<td>j</table>"
    )
    assert rows_of(tmp_path / "a.xls", page) == [
        ["a", "b", "", "c"],
        ["a", "d", "e", "f"],
        ["g", "d", "h"],
        ["i", "j"],
    ]


def test_a_page_in_the_letters_of_windows_is_told(tmp_path: Path) -> None:
    """As a CSV is: its letters may be others."""
    path = tmp_path / "a.xls"
    path.write_bytes("<table><tr><td>Bàn".encode("cp1258"))
    sheets, notices = sheets_in(path, bounded_bytes(path), len)
    assert sheets[0].rows == [["Bàn"]]
    assert [notice.code for notice in notices] == ["encoding_1258"]


@pytest.mark.parametrize(
    "raw",
    [
        b"<table><tr>" + b"<td>x" * 300,
        b"<table>" + b"<tr><td>x" * (MAX_ROWS + 1),
        b"<table><tr><td>" + b"x" * 5000,
        b"<table>" * 100,
        b"<table>" + b"<tr><td colspan=256 rowspan=50000>x" * 300,
    ],
    ids=["columns", "rows", "cell", "nested", "spans"],
)
def test_a_page_that_claims_too_much_is_too_big(tmp_path: Path, raw: bytes) -> None:
    """Within the bounds of every other sheet."""
    with pytest.raises(SheetError) as refused:
        read(tmp_path / "a.xls", raw)
    assert refused.value.code == "too_big"


MANY_ROWS = '<table:table-row table:number-rows-repeated="99999"><table:table-cell>x'
MANY_CELLS = (
    '<table:table-row table:number-rows-repeated="50000">'
    '<table:table-cell table:number-columns-repeated="256">x'
)
ENTITY = '<!DOCTYPE a [<!ENTITY b "x">]>'


@pytest.mark.parametrize(
    ("start", "doctype", "code"),
    [(MANY_ROWS, "", "too_big"), (MANY_CELLS, "", "too_big"), (MANY_ROWS, ENTITY, "damaged")],
    ids=["rows", "cells", "entities"],
)
def test_an_opendocument_that_claims_too_much_is_refused(
    tmp_path: Path, start: str, doctype: str, code: str
) -> None:
    """A few bytes may stand for millions of cells, or for any text."""
    cell = start.replace(">x", "><text:p>x</text:p></table:table-cell></table:table-row>")
    path = tmp_path / "a.fods"
    path.write_text(
        f'<?xml version="1.0"?>{doctype}<office:document><office:body><office:spreadsheet>'
        f"<table:table>{cell}</table:table></office:spreadsheet></office:body></office:document>",
        "utf-8",
    )
    with pytest.raises(SheetError) as refused:
        workbook(path)
    assert refused.value.code == code
