"""This file writes the forecast for programs and as a workbook; what it assumes is always there."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from controller.forecast.forecast import Assumption, Due, Forecast, Share, Unknown
from controller.forecast.life_table import LifeTable
from controller.inventory.rested import ALL_FRESH, Rest, rest_words
from controller.register.vocabulary import TYPE_WORDS
from controller.sheets.writing import Cell, new_workbook, write_row
from protocol.formats import phrase
from protocol.words import N_, Translate

UNKNOWN_WORDS: Final = {
    Unknown.NO_TYPE.value: N_("without a type"),
    Unknown.NO_LIFE.value: N_("of a type without a useful life in the table"),
    Unknown.NO_YEAR.value: N_("without the year put in use"),
}
_GUESS: Final = "kiểm tra lại"
_ASSUMED: Final = (
    "Loại", "Số lượng", "Niên hạn (năm)", "Nguồn", "", "Đơn giá (đồng)", "Nguồn", "",
)  # fmt: skip
_DUES: Final = ("Số lượng", "Kinh phí (đồng)", "Chưa rõ giá")


def forecast_fields(
    projection: Forecast, table: LifeTable, rest: Rest = ALL_FRESH
) -> dict[str, Any]:
    """For programs: each share's years by their number."""
    shares = ("by_type", "by_school", "by_area")
    assumed = [msgspec.structs.asdict(assumption) for assumption in projection.assumptions]
    return {
        "first_year": projection.first_year,
        "count": projection.count,
        "left_out": projection.left_out,
        "awaiting_disposal": projection.awaiting,
        "unknown": projection.unknown,
        "rests_on_silent": rest._asdict(),
        **_said_share(projection.total, projection),
        **{
            name: [
                {"key": share.key, **_said_share(share, projection)}
                for share in getattr(projection, name)
            ]
            for name in shares
        },
        "assumptions": {"note": table.note, "types": assumed},
    }


def type_name(code: str, say: Translate) -> str:
    """The type as people call it; a book's own word as it is."""
    return say(TYPE_WORDS[code]) if code in TYPE_WORDS else code or say(N_("without a type"))


def as_xlsx(
    projection: Forecast, table: LifeTable, say: Translate, rest: Rest = ALL_FRESH
) -> bytes:
    """A workbook in Vietnamese: by year, type, school and area, and what is assumed."""
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        bold = book.add_format({"bold": True, "text_wrap": True})
        for title, rows in _sheets(projection, table, say, rest):
            page = book.add_worksheet(title)
            for number, row in enumerate(rows):
                write_row(page, number, row, bold if number == 0 else None)
            page.freeze_panes(1, 1)
            page.set_column(0, 0, 34)
            page.set_column(1, 30, 16)
    return buffer.getvalue()


def _said_share(share: Share, projection: Forecast) -> dict[str, Any]:
    dues = {"overdue": share.overdue, "later": share.later, "within": share.soon}
    return {
        **{name: msgspec.structs.asdict(due) for name, due in dues.items()},
        "years": [
            {"year": projection.first_year + number, **msgspec.structs.asdict(due)}
            for number, due in enumerate(share.years)
        ],
        "unknown_count": share.unknown,
    }


def _by_year(
    projection: Forecast, years: Sequence[str], table: LifeTable, say: Translate
) -> list[Sequence[Cell]]:
    total = projection.total
    return [
        ("Năm hết niên hạn", *_DUES),
        ("Đã quá niên hạn", *_due(total.overdue)),
        *((year, *_due(due)) for year, due in zip(years, total.years, strict=True)),
        (f"Sau {years[-1]}", *_due(total.later)),
        ("Không rõ", total.unknown),
        *((f"- {say(UNKNOWN_WORDS[code])}", count) for code, count in projection.unknown.items()),
        ("Đã thanh lý hoặc thất lạc (không tính)", projection.left_out),
        (f"Số liệu niên hạn, đơn giá: {table.note}",),
    ]


def _sheets(
    projection: Forecast, table: LifeTable, say: Translate, rest: Rest
) -> Iterable[tuple[str, list[Sequence[Cell]]]]:
    years = [str(projection.first_year + number) for number in range(len(projection.total.years))]
    footnote = rest_words(rest, partial(phrase, translate=say))
    noted = [(footnote,)] if footnote else []
    yield "Theo năm", [*_by_year(projection, years, table, say), *noted]
    head = ("Quá niên hạn", *years, f"Sau {years[-1]}", "Không rõ", f"Kinh phí đến {years[-1]}")
    yield "Theo loại", _shares("Loại", head, projection.by_type, lambda key: type_name(key[0], say))
    yield "Theo trường", _shares("Trường", head, projection.by_school, lambda key: key[-1])
    if projection.by_area:
        yield "Theo khu vực", _shares("Khu vực", head, projection.by_area, _area_name)
    yield (
        "Giả định",
        [_ASSUMED, *(_assumed(assumption, say) for assumption in projection.assumptions)],
    )


def _area_name(key: tuple[str, ...]) -> str:
    code, label = key
    return f"{label} ({code})" if label != code else label or "Không thuộc khu vực nào"


def _assumed(assumption: Assumption, say: Translate) -> Sequence[Cell]:
    priced = assumption.price_vnd is not None
    return (
        type_name(assumption.type, say),
        assumption.count,
        assumption.years,
        assumption.years_source,
        _GUESS if assumption.years is not None and not assumption.years_verified else "",
        assumption.price_vnd,
        assumption.price_source,
        _GUESS if priced and not assumption.price_verified else "",
    )


def _shares(
    name: str,
    head: Sequence[str],
    shares: Iterable[Share],
    name_of: Callable[[tuple[str, ...]], str],
) -> list[Sequence[Cell]]:
    rows: list[Sequence[Cell]] = [(name, *head)]
    for share in shares:
        years = (due.count for due in share.years)
        rest = (share.later.count, share.unknown, share.soon.cost_vnd)
        rows.append((name_of(share.key), share.overdue.count, *years, *rest))
    return rows


def _due(due: Due) -> tuple[Cell, ...]:
    return due.count, due.cost_vnd, due.unpriced
