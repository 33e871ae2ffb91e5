"""This file defines the twelve reports, and what a pack of them holds; pure.

A pack is figures of a day. It is kept as figures, so that its workbook can be made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from protocol.words import N_

Figure = str | int | float | None
Row = tuple[Figure, ...]


class PeriodKind(StrEnum):
    """What a pack is about."""

    MONTH = "month"
    SEMESTER = "semester"
    YEAR = "year"


PERIOD_WORDS: Final = {
    PeriodKind.MONTH: N_("month"),
    PeriodKind.SEMESTER: N_("semester"),
    PeriodKind.YEAR: N_("school year"),
}


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """From one day to another, both among it, as ISO 8601."""

    kind: PeriodKind
    first: str
    last: str


class Column(NamedTuple):
    """A column: its name in templates, its heading, its width in characters.

    is_label: words, of which the whole has none. is_told: a share that schools tell themselves.
    """

    key: str
    head: str
    width: float = 12.0
    is_summed: bool = True
    is_label: bool = False
    is_told: bool = False


class ReportSpec(NamedTuple):
    """A report: its code, title and columns behind school and name, and what its figures mean."""

    code: str
    title: str
    columns: tuple[Column, ...]
    definition: str
    by_school: bool = True


_SEPTEMBER: Final = 9
REPORTS: Final[Sequence[ReportSpec]] = (
    ReportSpec(
        "R01",
        "Thiết bị theo trường, loại, tình trạng và tuổi",
        (
            Column("type", "Loại", 24, is_summed=False, is_label=True),
            Column("condition", "Tình trạng", 18, is_summed=False, is_label=True),
            Column("age", "Tuổi (năm)", 12, is_summed=False, is_label=True),
            Column("count", "Số lượng"),
        ),
        "Số lượng theo dòng của sổ thiết bị, kể cả thiết bị không nối mạng."
        " Tuổi tính từ năm đưa vào sử dụng.",
    ),
    ReportSpec(
        "R02",
        "Tỷ lệ quản lý bằng hồ sơ số",
        (
            Column("declared", "Theo sổ"),
            Column("complete", "Hồ sơ đủ"),
            Column("verified", "Đã xác minh"),
            Column("managed", "Đạt cả hai"),
            Column("managed_pct", "Tỷ lệ %", 10, is_summed=False),
        ),
        "Tỷ lệ = đạt cả hai / theo sổ."
        " Đã xác minh: máy của phòng thấy hoặc người quét trong 365 ngày.",
    ),
    ReportSpec(
        "R03",
        "Phòng đủ bộ thiết bị theo sổ",
        (
            Column("rooms", "Phòng có thiết bị"),
            Column("complete_rooms", "Phòng đủ bộ"),
            Column("complete_pct", "Tỷ lệ %", 10, is_summed=False),
        ),
        "Đủ bộ: trong sổ, phòng có bảng, màn hình hoặc máy chiếu, có máy tính, camera"
        " và bộ phát Wi-Fi.",
    ),
    ReportSpec(
        "R04",
        "Giờ sử dụng bảng mỗi tuần",
        (
            Column("boards", "Số bảng"),
            Column("low", "Dưới 1 giờ/tuần"),
            Column("unknown", "Không rõ"),
            Column("hours_week", "Giờ/tuần/bảng", 14, is_summed=False),
        ),
        "Bảng bật và trong phòng có tiết học; tuần không đủ dữ liệu không được tính."
        " Không có tên giáo viên.",
    ),
    ReportSpec(
        "R05",
        "Không tìm thấy, di chuyển, trùng, ngoài sổ",
        (
            Column("missing", "Không tìm thấy"),
            Column("never_seen", "Chưa từng thấy"),
            Column("moved", "Ở phòng khác"),
            Column("twins", "Trùng số sê-ri"),
            Column("unregistered", "Ngoài sổ"),
        ),
        "Tính theo dòng. Trùng: số sê-ri có trong sổ của hai trường,"
        " hoặc trong sổ trường này mà thấy ở trường khác.",
    ),
    ReportSpec(
        "R06",
        "Hết niên hạn và chi phí thay thế",
        (
            Column("overdue", "Đã hết niên hạn"),
            Column("next", "Hết trong các năm tới"),
            Column("unknown", "Không rõ năm"),
            Column("cost_vnd", "Chi phí (đồng)", 18),
            Column("unpriced", "Chưa có giá"),
        ),
        "Theo bảng niên hạn và bảng giá của Sở (kiểm tra lại);"
        " chi phí gồm phần đã hết và hết trong các năm tới của bảng.",
    ),
    ReportSpec(
        "R07",
        "Mức sẵn sàng theo mẫu máy",
        (
            Column("type", "Loại", 24, is_summed=False, is_label=True),
            Column("model", "Hãng, mẫu", 30, is_summed=False, is_label=True),
            Column("count", "Số lượng"),
            Column("out", "Hỏng, đang sửa"),
            Column("available_pct", "Sẵn sàng %", 12, is_summed=False),
        ),
        "Theo tình trạng trong sổ ở ngày báo cáo; 200 mẫu hỏng nhiều nhất.",
        by_school=False,
    ),
    ReportSpec(
        "R08",
        "Kết nối của trường với Sở",
        (
            Column("last_heard", "Nghe lần cuối", 14, is_summed=False, is_label=True),
            Column("silent_days", "Số ngày im lặng", 14, is_summed=False, is_label=True),
            Column("behind", "Thay đổi chưa tới"),
            Column("version", "Phiên bản", 12, is_summed=False, is_label=True),
        ),
        "Theo giờ máy chủ của Sở nhận được. Chất lượng đường truyền trong trường không gửi lên Sở.",
    ),
    ReportSpec(
        "R09",
        "Máy tính bảng",
        (
            Column("tablets", "Máy tính bảng"),
            Column("working", "Dùng được"),
            Column("working_pct", "Tỷ lệ %", 10, is_summed=False),
        ),
        "Theo tình trạng trong sổ. Số học sinh không gửi lên Sở:"
        " tỷ lệ máy trên học sinh do Sở ghép từ nguồn khác.",
    ),
    ReportSpec(
        "R10",
        "Điểm danh (tổng hợp)",
        (
            Column("sessions", "Buổi có điểm danh"),
            Column("absent_pct", "Tỷ lệ vắng %", is_summed=False, is_told=True),
        ),
        "KHÔNG CÓ SỐ LIỆU: trường không gửi số liệu điểm danh lên Sở.",
    ),
    ReportSpec(
        "R11",
        "Sự cố và sửa chữa",
        (
            Column("faults_open", "Sự cố đang mở"),
            Column("broken", "Hỏng"),
            Column("repair", "Đang sửa"),
            Column("awaiting", "Chờ thanh lý"),
        ),
        "Sự cố đang mở: trường báo lần cuối. Thời gian xử lý từng sự cố ở lại trường.",
    ),
    ReportSpec(
        "R12",
        "Tiến độ kiểm kê và kiểm tra từ xa",
        (
            Column("declared", "Theo sổ"),
            Column("scanned", "Người đã quét"),
            Column("scanned_pct", "Tỷ lệ %", 10, is_summed=False),
            Column("asked", "Sở yêu cầu xem"),
            Column("answered", "Đã trả lời"),
        ),
        "Người đã quét: lần thấy gần nhất là do người quét, trong 365 ngày."
        " Yêu cầu của Sở trong kỳ.",
    ),
)
SPECS: Final[Mapping[str, ReportSpec]] = {spec.code: spec for spec in REPORTS}


NOT_TOLD: Final = "không được báo"
UNDETERMINED: Final = "không xác định"
UNKNOWN_NOTE: Final = (
    f"Ô “{NOT_TOLD}”: trường không gửi số này lên Sở. Ô “{UNDETERMINED}”: chưa có gì để tính tỷ lệ."
    " Cả hai không phải là 0."
)


def said(column: Column, figure: Figure) -> Figure:
    """What a cell says: words where the figure is not known, so that nobody reads a 0."""
    if figure is not None:
        return figure
    is_told = column.is_summed or column.is_label or column.is_told
    return NOT_TOLD if is_told else UNDETERMINED


class ReportTable(msgspec.Struct, frozen=True, kw_only=True):
    """A report's figures. rows: school and name first, where it is by school; total: by column."""

    code: str
    rows: tuple[Row, ...] = ()
    total: Row = ()

    @property
    def spec(self) -> ReportSpec:
        """What it is."""
        return SPECS[self.code]

    @property
    def rows_said(self) -> list[Row]:
        """The rows as cells say them."""
        lead = 2 if self.spec.by_school else 0
        return [(*row[:lead], *map(said, self.spec.columns, row[lead:])) for row in self.rows]

    @property
    def total_said(self) -> Row:
        """The whole as cells say it; empty below words."""
        total = self.total or (None,) * len(self.spec.columns)
        return tuple(
            None if column.is_label else said(column, figure)
            for column, figure in zip(self.spec.columns, total, strict=True)
        )

    @property
    def has_unknown(self) -> bool:
        """Whether a cell says that its figure is not known."""
        cells = {*self.total_said}.union(*self.rows_said)
        return not cells.isdisjoint({NOT_TOLD, UNDETERMINED})


class AreaFigure(msgspec.Struct, frozen=True, kw_only=True):
    """An area on the map: how much of its equipment is managed by digital record."""

    code: str
    label: str
    schools: int
    reported: int
    declared: int
    managed_pct: float | None = None


class Pack(msgspec.Struct, frozen=True, kw_only=True):
    """All of a pack. day: the local day whose figures these are; moments by our clock.

    schools, reported, silent: how many count, have told their items, are silent for over a day.
    """

    period: Period
    day: str
    made_ms: int
    department: str = ""
    schools: int = 0
    reported: int = 0
    silent: int = 0
    oldest_ms: int | None = None
    newest_ms: int | None = None
    tables: tuple[ReportTable, ...] = ()
    areas: tuple[AreaFigure, ...] = ()

    def total(self, code: str, key: str) -> Figure:
        """A figure of the whole, by report and column; None where it is not known."""
        table = next((table for table in self.tables if table.code == code), None)
        if table is None or not table.total:
            return None
        keys = [column.key for column in table.spec.columns]
        return table.total[keys.index(key)]


def totalled(spec: ReportSpec, rows: Sequence[Row], shares: Mapping[str, float | None]) -> Row:
    """The whole's figures: sums of the rows' last columns, and shares that are no sums."""
    lead = 2 if spec.by_school else 0
    return tuple(
        _sum([row[lead + at] for row in rows]) if column.is_summed else shares.get(column.key)
        for at, column in enumerate(spec.columns)
    )


def _sum(figures: Sequence[Figure]) -> Figure:
    known = [figure for figure in figures if isinstance(figure, int | float)]
    return sum(known) if known else None


def period_of(kind: PeriodKind, day: date) -> Period:
    """The period that the day is in: a month, a half of a school year, or all of it.

    The school year begins in September; its first half ends on 31 December, its second on 31
    August.
    """
    if kind is PeriodKind.MONTH:
        first = day.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
        return _period(kind, first, after - timedelta(days=1))
    autumn = date(day.year if day.month >= _SEPTEMBER else day.year - 1, _SEPTEMBER, 1)
    summer = date(autumn.year + 1, 8, 31)
    if kind is PeriodKind.YEAR:
        return _period(kind, autumn, summer)
    if day.month >= _SEPTEMBER:
        return _period(kind, autumn, date(autumn.year, 12, 31))
    return _period(kind, date(autumn.year + 1, 1, 1), summer)


def _period(kind: PeriodKind, first: date, last: date) -> Period:
    return Period(kind=kind, first=first.isoformat(), last=last.isoformat())


class Difference(NamedTuple):
    """A figure of the whole in two packs."""

    code: str
    key: str
    head: str
    before: Figure
    now: Figure

    @property
    def change(self) -> float | None:
        """How much more it is now; None where one of them is not known."""
        if isinstance(self.before, int | float) and isinstance(self.now, int | float):
            return round(self.now - self.before, 1)
        return None


def differences(before: Pack, now: Pack) -> list[Difference]:
    """All figures of the whole beside those of an earlier pack."""
    every = (
        Difference(
            spec.code,
            column.key,
            column.head,
            *(pack.total(spec.code, column.key) for pack in (before, now)),
        )
        for spec in REPORTS
        for column in spec.columns
    )
    return [one for one in every if one.before is not None or one.now is not None]
