"""This file writes a school's inventory as an Excel workbook that `register import` reads again.

Every code is a cell of text in the text format: zeros stay, 1-2 is no date, nothing is a formula.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from enum import Enum
from typing import Any, Final, NamedTuple

from controller.inventory.asset import Asset, AssetState
from controller.inventory.exports.spelling import (
    condition_said,
    local,
    state_said,
    type_said,
    vietnamese,
)
from controller.reconcile.evidence import SeenBy
from controller.register.warranty import day_told
from controller.sheets.text import letter_of
from controller.sheets.writing import new_workbook, write_cell
from protocol.errors import LopHocError
from protocol.formats import moment_in_text
from protocol.words import N_

MAX_ROWS: Final = 20_000  # more makes Excel and the writer slow: 544,000 would take minutes
_HEAD_AT: Final = 4  # rows of titles above the heading
_A4: Final = 9
_PRINTED: Final = 17  # columns that A4 shows in letters one can read: the book's, and the state
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's day 0 has no zone
_FONT: Final = {"font_name": "Arial", "font_size": 10}
_LACKS: Final = {
    "asset_tag": N_("asset tag"),
    "type": N_("type"),
    "room": N_("room"),
    "year": N_("year put in use"),
    "serial": N_("serial number"),
    "unique_serial": N_("a serial number of its own"),
}
_BY: Final = {SeenBy.AGENT.value: N_("the room's computer"), SeenBy.PERSON_SCAN.value: N_("a scan")}


class ExportError(LopHocError):
    """What is asked for cannot be written so."""


class WorkbookHeading(NamedTuple):
    """What stands above the table: whose items these are, as of when, by which clock."""

    name: str
    as_of_ms: int
    zone: tzinfo


class _Form(Enum):
    """How cells of a column look: a built-in format of ECMA-376 (18.8.30), or one of our own."""

    TEXT = 49
    NUMBER = 1
    MONEY = 3
    TIME = "dd/mm/yyyy hh:mm"


class _Column(NamedTuple):
    head: str
    width: int
    form: _Form
    value: Callable[[Asset, tzinfo], str | float | None]


def _text(name: str) -> Callable[[Asset, tzinfo], str]:
    return lambda asset, _zone: getattr(asset, name)


def _booked_serial(asset: Asset, _zone: tzinfo) -> str:
    """The serial, but for one that the book lacks: reading it in again would complete the line."""
    return "" if "serial" in asset.lacks else asset.serial


def _booked_room(asset: Asset, _zone: tzinfo) -> str:
    return "" if "room" in asset.lacks else asset.room


def _quantity(asset: Asset, _zone: tzinfo) -> int | None:
    return None if asset.line is None else asset.quantity


def _read_serial(asset: Asset, _zone: tzinfo) -> str:
    return asset.serial if "serial" in asset.lacks else ""


def _seen_at(asset: Asset, zone: tzinfo) -> float | None:
    """When it was seen, as Excel counts days."""
    if not (asset.seen_ms and asset.by):
        return None
    since = local(asset.seen_ms, zone).replace(second=0, microsecond=0) - _EPOCH
    return since.total_seconds() / 86_400


def _record(asset: Asset, _zone: tzinfo) -> str:
    """Whether the line is complete; the importer leaves out what is not in the book."""
    if asset.line is None:
        return state_said(AssetState.UNREGISTERED)
    return vietnamese(N_("record complete") if asset.complete else N_("record incomplete"))


def _lacking(asset: Asset, _zone: tzinfo) -> str:
    return ", ".join(vietnamese(_LACKS[lack]) for lack in asset.lacks if lack in _LACKS)


def _warranty_until(asset: Asset, _zone: tzinfo) -> str:
    """As the book tells it, as people write days."""
    year, _, rest = day_told(asset.warranty_until).partition("-")
    month, _, day = rest.partition("-")
    return f"{day}/{month}/{year}" if year else ""


def _verified(asset: Asset, _zone: tzinfo) -> str:
    if asset.line is None:
        return ""
    return vietnamese(N_("yes") if asset.verified else N_("no"))


COLUMNS: Final = (
    _Column("STT", 6, _Form.NUMBER, lambda asset, _: asset.row),
    _Column("Mã trường", 11, _Form.TEXT, lambda asset, _: asset.home),
    _Column("Mã tài sản", 15, _Form.TEXT, _text("asset_tag")),
    _Column("Loại thiết bị", 20, _Form.TEXT, lambda asset, _: type_said(asset)),
    _Column("Hãng sản xuất", 14, _Form.TEXT, _text("maker")),
    _Column("Kiểu máy", 16, _Form.TEXT, _text("model")),
    _Column("Số sê-ri", 20, _Form.TEXT, _booked_serial),
    _Column("Phòng", 9, _Form.TEXT, _booked_room),
    _Column("Nhà", 9, _Form.TEXT, _text("building")),
    _Column("Điểm trường", 14, _Form.TEXT, _text("site")),
    _Column("Năm đưa vào sử dụng", 10, _Form.NUMBER, lambda asset, _: asset.year),
    _Column("Số lượng", 8, _Form.NUMBER, _quantity),
    _Column("Đơn giá (VNĐ)", 14, _Form.MONEY, lambda asset, _: asset.unit_cost),
    _Column("Nguyên giá (VNĐ)", 14, _Form.MONEY, lambda asset, _: asset.cost_vnd),
    _Column("Nguồn vốn", 12, _Form.TEXT, _text("funding")),
    _Column("Tình trạng", 13, _Form.TEXT, lambda asset, _: condition_said(asset)),
    _Column("Trạng thái đối chiếu", 17, _Form.TEXT, lambda asset, _: state_said(asset.state)),
    _Column(
        "Trạng thái khác",
        17,
        _Form.TEXT,
        lambda asset, _: ", ".join(state_said(AssetState(state)) for state in asset.also),
    ),
    _Column("Phòng thấy gần nhất", 11, _Form.TEXT, _text("there")),
    _Column("Lần thấy gần nhất", 16, _Form.TIME, _seen_at),
    _Column(
        "Thấy bởi",
        14,
        _Form.TEXT,
        lambda asset, _: vietnamese(_BY[asset.by]) if asset.by in _BY else "",
    ),
    _Column("Hồ sơ số", 9, _Form.TEXT, _record),
    _Column("Hồ sơ còn thiếu", 20, _Form.TEXT, _lacking),
    _Column("Đã xác minh", 9, _Form.TEXT, _verified),
    _Column("Số sê-ri máy đọc được", 20, _Form.TEXT, _read_serial),
    _Column("Tên máy báo", 20, _Form.TEXT, _text("name")),
    _Column("Bảo hành (tháng)", 9, _Form.NUMBER, lambda asset, _: asset.warranty_months),
    _Column("Bảo hành đến", 12, _Form.TEXT, _warranty_until),
    _Column("Mã LopHoc", 22, _Form.TEXT, _text("device_id")),
)


def workbook(assets: Iterable[Asset], heading: WorkbookHeading) -> bytes:
    """The items as an .xlsx file, the book's lines first. Raises ExportError beyond MAX_ROWS."""
    rows = sorted(assets, key=_order)
    check_rows(len(rows))
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        book.set_properties({"title": "Danh mục thiết bị", "author": "LopHoc"})
        book.formats[0].set_font_name(_FONT["font_name"])
        page = book.add_worksheet("Danh mục thiết bị")
        _write_titles(book, page, rows, heading)
        _write_rows(book, page, rows, heading.zone)
        _set_up(page, len(rows))
    return buffer.getvalue()


def check_rows(count: int) -> None:
    """Raise ExportError if there are more rows than a workbook takes."""
    if count > MAX_ROWS:
        raise ExportError(
            "too_many_rows",
            N_("These are more items than a workbook takes, which is 20,000."),
            N_("Choose one school, or take csv or ndjson."),
        )


def _order(asset: Asset) -> tuple[object, ...]:
    """School by school: the book's lines in their order, then what is not in the book, by room."""
    stray = asset.line is None
    return (
        asset.place.province, asset.place.school, stray, asset.row or 0, asset.room, asset.type,
        asset.device_id,
    )  # fmt: skip


def _write_titles(book: Any, page: Any, rows: Sequence[Asset], heading: WorkbookHeading) -> None:
    strays = sum(row.line is None for row in rows)
    title = book.add_format({**_FONT, "bold": True, "font_size": 14})
    plain = book.add_format(_FONT)
    things = sum(row.quantity for row in rows if row.line is not None)
    at = moment_in_text(heading.as_of_ms, heading.zone, vietnamese)
    page.write_string(0, 0, "DANH MỤC THIẾT BỊ", title)
    write_cell(page, 1, 0, heading.name, plain)
    subtitle = f"Tính đến {at}: {len(rows)} dòng, {strays} dòng ngoài sổ"
    if things != len(rows) - strays:
        subtitle += f", {things} thiết bị trong sổ"
    page.write_string(2, 0, subtitle, plain)


def _write_rows(book: Any, page: Any, rows: Sequence[Asset], zone: tzinfo) -> None:
    bold = book.add_format(
        {**_FONT, "bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": "#DCE6F1",
         "border": 1}
    )  # fmt: skip
    forms = {kind: book.add_format({**_FONT, "num_format": kind.value}) for kind in _Form}
    forms[_Form.NUMBER].set_align("center")
    for place, column in enumerate(COLUMNS):
        page.set_column(place, place, column.width)
        page.write_string(_HEAD_AT - 1, place, column.head, bold)
        form, value = forms[column.form], column.value
        for row, asset in enumerate(rows, start=_HEAD_AT):
            if (cell := value(asset, zone)) != "":
                write_cell(page, row, place, cell, form)


def _set_up(page: Any, count: int) -> None:
    """Heading that stays, filter, A4 landscape, no warnings on codes of digits."""
    last_row, last_column = _HEAD_AT - 1 + max(count, 1), len(COLUMNS) - 1
    page.set_row(_HEAD_AT - 1, 32)
    page.freeze_panes(_HEAD_AT, 4)
    page.autofilter(_HEAD_AT - 1, 0, last_row, last_column)
    page.ignore_errors({"number_stored_as_text": f"A1:{letter_of(last_column)}{last_row + 1}"})
    page.set_landscape()
    page.set_paper(_A4)
    page.print_area(0, 0, last_row, _PRINTED - 1)
    page.fit_to_pages(1, 0)
    page.repeat_rows(_HEAD_AT - 1)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer("&C&P / &N")
