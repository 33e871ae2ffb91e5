"""This file makes a stocktake's minutes (biên bản kiểm kê) as rows of text and numbers; pure.

The minutes are in Vietnamese whatever the screens speak. No person is named: the team signs.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Final

import msgspec

from controller.register.vocabulary import CONDITION_WORDS, type_word
from controller.sheets.writing import file_name
from controller.stocktake.count import Counted, Expected, Outcome, Result, Stocktake, Surplus
from controller.stocktake.form import SUMMED, MinutesForm
from protocol.formats import moment_in_text
from protocol.words import translator

Cell = str | int
_say: Final = translator("vi")
_NOTES: Final[Mapping[Outcome, str]] = {
    Outcome.FOUND: "",
    Outcome.ELSEWHERE: "thấy ở phòng {rooms}",
    Outcome.TWICE: "quét ở nhiều phòng: {rooms}",
    Outcome.MISSING: "không tìm thấy",
    Outcome.UNCOUNTED: "chưa kiểm",
}


class Table(msgspec.Struct, frozen=True):
    """A table with its title; total: its last row, empty where it has none."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()


class Minutes(msgspec.Struct, frozen=True, kw_only=True):
    """All that the paper says, in order. facts: lines below the title; sums: below the tables.

    sheet: the name of a workbook's only page.
    """

    form: MinutesForm
    school: str
    facts: tuple[str, ...]
    tables: tuple[Table, ...]
    sums: tuple[str, ...]
    sheet: str = "Biên bản kiểm kê"


def minutes_of(
    take: Stocktake, result: Result, form: MinutesForm, *, school: str, zone: tzinfo
) -> Minutes:
    """The minutes of a stocktake; one that goes on is marked as not finished."""
    lines = [
        _row(form, number, _line_cells(line)) for number, line in enumerate(result.lines, start=1)
    ]
    surplus = [
        _row(form, number, _surplus_cells(thing))
        for number, thing in enumerate(result.surplus, start=1)
    ]
    total = _total(form, result.things(*Outcome), sum(line.actual for line in result.lines))
    return Minutes(
        form=form,
        school=_plain(school),
        facts=_facts(take, zone),
        tables=(
            Table("Tài sản theo sổ", tuple(lines), total),
            Table("Tài sản thừa so với sổ", tuple(surplus), _total(form, 0, len(surplus))),
        ),
        sums=_sums(result),
    )


def name_of(take: Stocktake, kind: str, zone: tzinfo) -> str:
    """Such as bien-ban-kiem-ke-3-2026-11-02.docx."""
    day = datetime.fromtimestamp((take.finished_ms or take.begun_ms) / 1000, zone)
    return file_name("bien-ban-kiem-ke", str(take.no), f"{day:%Y-%m-%d}", end=kind)


def _facts(take: Stocktake, zone: tzinfo) -> tuple[str, ...]:
    begun = f"Bắt đầu: {moment_in_text(take.begun_ms, zone, _say)}"
    ended = (
        f"Kết thúc: {moment_in_text(take.finished_ms, zone, _say)}"
        if take.finished_ms is not None
        else "BẢN NHÁP: đợt kiểm kê chưa kết thúc"
    )
    about = f"Phạm vi: {', '.join(take.rooms)}" if take.rooms else "Phạm vi: toàn bộ sổ thiết bị"
    return (f"Đợt kiểm kê số {take.no}", begun, ended, _plain(about))


def _sums(result: Result) -> tuple[str, ...]:
    missing, uncounted = result.things(Outcome.MISSING), result.things(Outcome.UNCOUNTED)
    actual = sum(line.actual for line in result.lines)
    return (
        f"Theo sổ: {result.things(*Outcome)}. Theo thực tế: {actual}.",
        f"Thiếu: {missing + uncounted} (không tìm thấy {missing}, chưa kiểm {uncounted}).",
        f"Thừa so với sổ: {len(result.surplus)}.",
        f"Thấy ở phòng khác: {result.things(Outcome.ELSEWHERE)}.",
        f"Quét ở nhiều phòng: {result.things(Outcome.TWICE)}.",
    )


def _line_cells(entry: Counted) -> dict[str, Cell]:
    where = ", ".join(entry.rooms)
    note = _NOTES[entry.outcome].format(rooms=where)
    return {
        **_thing(entry.line),
        "room": entry.line.room,
        "book": entry.line.quantity,
        "actual": entry.actual,
        "difference": entry.difference,
        "quality_pct": "" if entry.quality_pct is None else entry.quality_pct,
        "condition": _condition(entry.condition or (entry.line.condition if entry.rooms else "")),
        "found_in": where,
        "note": "; ".join(filter(None, (note, entry.note))),
    }


def _surplus_cells(entry: Surplus) -> dict[str, Cell]:
    scan = entry.scan
    line = entry.line or Expected(
        no=0, row=0, asset_tag=scan.asset_tag, type=scan.type, serial=scan.serial
    )
    home = f"sổ ghi ở phòng {line.room or '?'}" if entry.line else ""
    return {
        **_thing(line),
        "room": scan.room,
        "book": 0,
        "actual": 1,
        "difference": 1,
        "quality_pct": "" if scan.quality_pct is None else scan.quality_pct,
        "condition": _condition(scan.condition or line.condition),
        "found_in": scan.room,
        "note": "; ".join(filter(None, (home, scan.note))),
    }


def _thing(line: Expected) -> dict[str, Cell]:
    kind = type_word(line.type, _say)
    return {
        "asset_tag": line.asset_tag,
        "type": kind,
        "maker_model": line.name,
        "name": " ".join(filter(None, (kind[:1].upper() + kind[1:], line.name))),
        "serial": line.serial,
        "year": "" if line.year is None else line.year,
        "cost_vnd": "" if line.cost_vnd is None else line.cost_vnd,
    }


def _condition(code: str) -> str:
    return _say(CONDITION_WORDS[code]) if code in CONDITION_WORDS else ""


def _row(form: MinutesForm, number: int, cells: Mapping[str, Cell]) -> tuple[Cell, ...]:
    values = {"no": number, **cells}
    chosen = (values[column.field] for column in form.column)
    return tuple(_plain(cell) if isinstance(cell, str) else cell for cell in chosen)


def _total(form: MinutesForm, book: int, actual: int) -> tuple[Cell, ...]:
    """The last row: sums below what can be summed, the word in the first column of text."""
    sums = {"book": book, "actual": actual, "difference": actual - book}
    cells: list[Cell] = [sums.get(column.field, "") for column in form.column]
    texts = (at for at, column in enumerate(form.column) if column.field not in SUMMED | {"no"})
    if (first := next(texts, None)) is not None:
        cells[first] = "Cộng"
    return tuple(cells)


def _plain(text: str) -> str:
    """Without what no paper shows and XML forbids."""
    return "".join(char for char in text if unicodedata.category(char)[0] != "C")
