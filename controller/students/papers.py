"""This file writes what is held of one pupil, for their own request: a workbook, or JSON."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

import msgspec

from controller.attendance.words import STATUS_WORDS, Say, change_words
from controller.sheets.writing import Cell, new_workbook, write_row
from controller.students.store import PupilData
from protocol.formats import moment_in_text
from protocol.language import translator

_VIETNAMESE: Final = translator("vi")
_HEADS: Final = ("Ngày", "Phòng", "Tiết học", "Điểm danh", "Cách ghi", "Lúc")


def as_json(data: PupilData) -> bytes:
    """All that is held, as JSON for another program."""
    text = {"student": data.student, "classes": data.classes, "marks": data.marks}
    return msgspec.json.format(msgspec.json.encode(text), indent=2)


def as_xlsx(data: PupilData, zone: tzinfo) -> bytes:
    """All that is held, as a workbook that a parent can read; in Vietnamese."""
    buffer = io.BytesIO()
    with new_workbook(buffer) as book:
        bold = book.add_format({"bold": True})
        page = book.add_worksheet("Dữ liệu")
        heads = _facts(data)
        for number, row in enumerate(heads):
            write_row(page, number, row)
        write_row(page, len(heads) + 1, _HEADS, bold)
        for number, mark in enumerate(data.marks, len(heads) + 2):
            write_row(page, number, _mark_row(mark, zone))
        page.set_column(0, len(_HEADS) - 1, 20)
    return buffer.getvalue()


def _facts(data: PupilData) -> list[tuple[Cell, ...]]:
    lists: list[tuple[Cell, ...]] = [
        ("Lớp", each["class"], "Số thứ tự", each["number"], each["name"] or "")
        for each in data.classes
    ]
    return [("Dữ liệu về một học sinh", data.student), *lists]


def _mark_row(mark: Any, zone: tzinfo) -> tuple[Cell, ...]:
    at = moment_in_text(mark["at_ms"], zone, _VIETNAMESE)
    words = mark_words(mark, _VIETNAMESE)
    lesson = mark["lesson"] or ""
    return (mark["date"], mark["room"], lesson, words, str(mark["method"]), at)


def mark_words(mark: Mapping[str, Any], say: Say) -> str:
    """A mark, or a correction with what it was and why; as `marks_of_pupil` gives it."""
    if "reason" not in mark:
        return say(STATUS_WORDS[mark["status"]])
    return change_words(mark["was"], mark["status"], mark["reason"], mark["note"], say)
