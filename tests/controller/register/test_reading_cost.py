"""What reading a book costs is counted in calls, which are the same on every machine."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest

from controller.register.reading import read_book

HEAD = ["STT", "Mã tài sản", "Tên thiết bị", "Số sê-ri", "Phòng", "Năm", "Nguyên giá", "Tình trạng"]
MOST_A_CELL = 50  # 126 before each distinct cell was judged once
BUNCH = 100


def words(number: int) -> list[str]:
    """An item as schools have them: few words and two codes."""
    code = f"{number:05}"
    room = f"Phòng {200 + number % 20}"
    return [str(number), f"TS-{code}", "Máy chiếu", f"SN{code}", room, "2021", "9.900.000", "Tốt"]


def distinct(number: int) -> list[str]:
    """An item of which no cell stands twice."""
    cells = words(number)
    return [*cells[:2], f"Máy số {number}", cells[3], f"P{number}", "2021", f"{number}000", "Tốt"]


def wordless(number: int) -> list[str]:
    """An item without a number, so that each row may be a heading."""
    return ["", f"TS-{number:05}", *words(number)[2:]]


def calls(path: Path, rows: list[list[str]]) -> int:
    """How many functions are called to read a book of these rows."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows([HEAD, *rows])
    count = 0

    def note(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        book = read_book(path)
    finally:
        sys.setprofile(None)
    assert len(book.lines) == len(rows)
    return count


@pytest.mark.parametrize("item", [words, distinct, wordless])
def test_twice_as_many_rows_cost_twice_as_much(
    tmp_path: Path, item: Callable[[int], list[str]]
) -> None:
    """Whatever they hold; of few words not many calls a cell."""
    path = tmp_path / "so.csv"
    rows = [item(number) for number in range(1, 1 + 4 * BUNCH)]
    calls(path, rows)  # what is learned once is learned
    one, two, four = (calls(path, rows[: BUNCH * times]) for times in (1, 2, 4))
    assert four - two <= 2.1 * (two - one)
    if item is words:
        assert four - two <= MOST_A_CELL * 2 * BUNCH * len(HEAD)
