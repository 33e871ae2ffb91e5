"""This file invents classes: who learns in which room, and a week of lessons. Pure and seeded."""

from __future__ import annotations

import csv
import io
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from protocol.names import sort_key

ROLL_SIZE: Final = (35, 45)
SUBJECTS: Final = (
    *("Toán", "Ngữ văn", "Tiếng Anh", "Khoa học tự nhiên", "Lịch sử và Địa lí"),
    *("Tin học", "Công nghệ", "Giáo dục công dân", "Âm nhạc", "Mĩ thuật"),
)
BELLS: Final = (
    *(("07:15", "08:00"), ("08:05", "08:50"), ("09:10", "09:55"), ("10:00", "10:45")),
    *(("10:50", "11:35"), ("13:30", "14:15"), ("14:20", "15:05"), ("15:25", "16:10")),
    ("16:15", "17:00"),
)

_FAMILIES: Final = ("Nguyễn", "Trần", "Lê", "Phạm", "Lò", "Hoàng", "Quàng", "Vũ", "Đặng", "Cà")
_MIDDLES: Final = ("Văn", "Thị", "Minh", "Đức", "Ngọc", "Thu", "Gia", "Bảo")
_GIVEN_NAMES: Final = (
    *("An", "Ánh", "Bình", "Châu", "Chi", "Dũng", "Đạt", "Giang", "Hà", "Hiếu", "Hòa", "Hương"),
    *("Khánh", "Lan", "Linh", "Long", "Mai", "Nam", "Nga", "Ngân", "Phúc", "Quân", "Sơn"),
    *("Thảo", "Trang", "Tuấn", "Uyên", "Việt", "Xuân", "Yến"),
)
_WEEK: Final = range(2, 8)  # as in Vietnam: 2 is Monday, 7 Saturday


class PlayedPupil(NamedTuple):
    """An invented pupil."""

    student: str
    name: str


def class_of(room: str) -> str:
    """The class whose home is the room: 7A1 in P101, 8A3 in P203."""
    digits = _number_of(room)
    return f"{6 + int(digits[0]) % 4}A{int(digits[1:] or 0) or 9}"


def pupils_of(room: str, rng: Random) -> tuple[PlayedPupil, ...]:
    """35 to 45 invented pupils; rooms with different numbers share none."""
    digits = _number_of(room)
    size = rng.randint(*ROLL_SIZE)
    names = Random(f"{room}/names")  # noqa: S311 - a play, not a secret
    drawn = [" ".join(map(names.choice, (_FAMILIES, _MIDDLES, _GIVEN_NAMES))) for _ in range(size)]
    return tuple(
        PlayedPupil(f"hs-{digits}{number:02}", name)
        for number, name in enumerate(sorted(drawn, key=sort_key), 1)
    )


def write_lists(folder: Path, rooms: Iterable[str], seed: int) -> None:
    """Write the class lists and the schedule of these rooms, as a school would give them."""
    codes = tuple(rooms)
    rows = [
        [number, class_of(room), pupil.student, pupil.name]
        for room in codes
        for number, pupil in enumerate(pupils_of(room, day_rng(room, seed)), 1)
    ]
    heads = ["STT", "Mã lớp", "Mã định danh Bộ GD&ĐT", "Họ và tên"]
    write_csv(folder / "hoc-sinh.csv", heads, rows)
    schedule = folder / "lich"
    schedule.mkdir(parents=True, exist_ok=True)
    bells = [[number, *times] for number, times in enumerate(BELLS, 1)]
    write_csv(schedule / "gio-hoc.csv", ["Tiết", "Bắt đầu", "Kết thúc"], bells)
    heads = ["Thứ", "Tiết", "Phòng", "Lớp", "Môn"]
    write_csv(schedule / "thoi-khoa-bieu.csv", heads, _timetable(codes, seed))


def day_rng(room: str, seed: int) -> Random:
    """The chance that a room's day, and so the size of its class, is drawn with."""
    return Random(f"{seed}/{room}/day")  # noqa: S311 - a play, not a secret


def _timetable(rooms: Sequence[str], seed: int) -> list[list[object]]:
    rng = Random(f"{seed}/timetable")  # noqa: S311 - a play, not a secret
    return [
        [weekday, period, room, class_of(room), rng.choice(SUBJECTS)]
        for room in rooms
        for weekday in _WEEK
        for period in range(1, len(BELLS) + 1)
    ]


def write_csv(
    path: Path,
    heads: Sequence[str],
    rows: Iterable[Sequence[object]],
    before: Iterable[Sequence[object]] = (),
) -> None:
    """Write a CSV as Vietnamese Excel does: parted by ; and with a BOM."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerows([*before, heads, *rows])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.getvalue(), "utf-8-sig")


def _number_of(room: str) -> str:
    digits = "".join(char for char in room if char in "0123456789")
    return digits or f"{zlib.crc32(room.encode()) % 1000:03}"
