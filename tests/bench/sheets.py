"""This file measures the reading of a big book, from the file to its lines, in its own process."""

from __future__ import annotations

import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import xlsxwriter

from controller.register.book import Book
from controller.register.choices import Choices
from controller.register.reader import MODULE, BookOrder
from controller.sheets.apart import read_apart_now

ROWS = 50_000  # below a title and a heading
HEAD = (
    "STT", "Mã tài sản", "Tên thiết bị", "Hãng sản xuất", "Model", "Số sê-ri", "Phòng",
    "Năm đưa vào sử dụng", "Nguyên giá (đồng)", "Nguồn kinh phí", "Tình trạng", "Ghi chú",
)  # fmt: skip
TITLE = "SỔ TÀI SẢN"


def measure(*, quick: bool) -> dict[str, object]:
    """CPU and memory of the process that reads, and the CPU of the one that waits for it."""
    count = ROWS // 10 if quick else ROWS
    print(f"sheets: a book of {count} rows as .xlsx, with formatted numbers, and as .csv")
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in _books(Path(folder), count):
            cpu_s, waiting_s, memory_mib = _spent(path)
            figures |= {
                f"{name}_50k_s": cpu_s * ROWS / count,
                f"{name}_50k_mib": memory_mib,
                f"{name}_50k_waiting_s": waiting_s * ROWS / count,
            }
    return figures


def _books(folder: Path, count: int) -> Iterator[tuple[str, Path]]:
    for name, code in (("xlsx", ""), ("formats", "000")):
        path = folder / f"{name}.xlsx"
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            style = book.add_format({"num_format": code}) if code else None
            sheet.write_row(0, 0, [TITLE])
            sheet.write_row(1, 0, HEAD)
            for at, row in enumerate(_rows(count), start=2):
                sheet.write_row(at, 0, row)
                sheet.write_number(at, 0, at - 1, style)
        yield f"book_{name}", path
    path = folder / "book.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";").writerows([[TITLE], HEAD, *_rows(count)])
    yield "book_csv", path


def _rows(count: int) -> Iterator[list[str | int]]:
    """Items as a school has them: few words, each on many lines, and codes that stand once."""
    luck = random.Random(1)
    for number in range(1, count + 1):
        yield [
            number,
            f"TS-{number:06}",
            luck.choice(("Máy chiếu", "Bảng tương tác", "Ti vi Samsung 55 inch", "Bàn học sinh")),
            luck.choice(("Samsung", "Dell", "HP", "Epson", "ViewSonic")),
            f"M-{luck.randrange(300)}",
            f"SN{luck.randrange(10**9):09}",
            luck.choice(("Phòng {}", "P.{}", "{}")).format(luck.randrange(101, 460)),
            luck.randrange(2005, 2026),
            luck.randrange(1, 500) * 100_000,
            luck.choice(("Ngân sách", "Xã hội hóa", "Dự án")),
            luck.choice(("Tốt", "Đang sử dụng", "Hỏng", "Chờ thanh lý")),
            "",
        ]


def _spent(path: Path) -> tuple[float, float, float]:
    command = [sys.executable, "-m", "tests.bench.sheets", str(path)]
    done = subprocess.run(command, capture_output=True, check=True)
    cpu_s, waiting_s, memory_mib = json.loads(done.stdout)
    return cpu_s, waiting_s, memory_mib


def _read(path: Path) -> None:
    """What a process does that waits for the one that reads."""
    began_s = time.process_time()
    read_apart_now(MODULE, BookOrder(str(path), Choices()), Book)
    waiting_s = time.process_time() - began_s
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps([used.ru_utime + used.ru_stime, waiting_s, used.ru_maxrss / 1024]))


if __name__ == "__main__":
    _read(Path(sys.argv[1]))
