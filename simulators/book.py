"""This file invents an equipment book, as honest and as dirty as real ones, and lists. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from hardware.readings import Kind, Sighting
from protocol.formats import number
from protocol.language import translator
from simulators.estate import school_code, school_name
from simulators.people import write_csv

HEADS: Final = (
    "STT", "Mã tài sản", "Tên thiết bị", "Hãng sản xuất", "Model", "Số sê-ri", "Phòng",
    "Năm đưa vào sử dụng", "Nguyên giá (đồng)", "Nguồn vốn", "Tình trạng",
)  # fmt: skip
# The last of these in a room stands in no book, so that something is unregistered.
UNWRITTEN: Final = Kind.TABLET
SINCE: Final = range(2018, 2026)
FUNDINGS: Final = ("Ngân sách", "Xã hội hóa", "Đề án")
_TYPES: Final = {
    Kind.HOST: ("Máy tính", 15_900_000),
    Kind.BOARD: ("Bảng tương tác", 98_500_000),
    Kind.CAMERA: ("CAMERA", 9_200_000),
    Kind.NETWORK: ("Bộ phát Wi-Fi", 2_450_000),
    Kind.PROJECTOR: ("Máy chiếu", 21_700_000),
    Kind.TABLET: ("Máy tính bảng", 8_990_000),
}
_FURNITURE: Final = (
    ("Bàn ghế học sinh", 26_400_000), ("Tủ sạc máy tính bảng", 32_000_000),
    ("Điều hòa", 11_800_000),
)  # fmt: skip
_AREAS: Final = (
    ("KV-01", "Tô Hiệu", "Phường"), ("KV-02", "Chiềng Sinh", "Phường"), ("KV-03", "Phù Yên", "Xã"),
    ("KV-04", "Sông Mã", "Xã"),
)  # fmt: skip


class PlayedLine(NamedTuple):
    """One line of the book, as it is written there."""

    tag: str
    type: str
    maker: str
    model: str
    serial: str
    room: str
    year: str
    cost_vnd: int
    funding: str
    condition: str = "Tốt"


def book_of(rooms: Sequence[tuple[str, Sequence[Sighting]]], seed: int) -> list[PlayedLine]:
    """The book of these furnished rooms: most lines right, and one of each common flaw."""
    lines = [
        line
        for room, things in rooms
        for line in _room(room, things, Random(f"{seed}/{room}/book"))  # noqa: S311 - a play, not a secret
    ]
    tablets = [at for at, line in enumerate(lines) if line.type == _TYPES[Kind.TABLET][0]]
    if len(tablets) > 3:  # noqa: PLR2004 - one for each flaw
        twin, nameless, broken, moved = tablets[:4]
        lines[nameless] = lines[nameless]._replace(tag="")
        lines[broken] = lines[broken]._replace(condition="Hỏng")
        lines[moved] = lines[moved]._replace(room="Thư viện")
        lines.append(lines[twin]._replace(tag="TB-9001"))
    camera = next(at for at, line in enumerate(lines) if line.type == _TYPES[Kind.CAMERA][0])
    lines[camera] = lines[camera]._replace(room="Phòng học bộ môn")
    lines.append(
        PlayedLine(
            "TB-9002", "Máy in", "CANON", "LBP6030", "0012345", "Văn phòng", "2021", 3_300_000,
            "Ngân sách",
        )
    )  # fmt: skip
    return lines


def write_book(path: Path, school: str, lines: Sequence[PlayedLine]) -> None:
    """Write the book with titles above and a total below."""
    rows: list[Sequence[object]] = [
        [school.upper()], ["SỔ THEO DÕI THIẾT BỊ GIÁO DỤC"], ["Năm học 2026-2027"], [], HEADS,
    ]  # fmt: skip
    rows += [
        [number, *line[:7], money(line.cost_vnd), line.funding, line.condition]
        for number, line in enumerate(lines, 1)
    ]
    total = money(sum(line.cost_vnd for line in lines))
    write_csv(path, ["", "Tổng cộng", *[""] * 6, total], [], before=rows)


def write_rooms(path: Path, rooms: Sequence[str]) -> None:
    """Write in which building and site the rooms are."""
    rows = [[room, f"Nhà {'AB'[at % 2]}", "Điểm trường chính"] for at, room in enumerate(rooms)]
    write_csv(path, ["Phòng", "Tòa nhà", "Điểm trường"], rows)


def write_areas(folder: Path, own: tuple[str, str], schools: int) -> None:
    """Write the areas of a province, and its schools in them."""
    areas = [[*area, "2025-07-01"] for area in _AREAS]
    heads = ["Mã khu vực", "Tên khu vực", "Loại", "Từ ngày"]
    write_csv(folder / "khu-vuc.csv", heads, areas)
    named = [own, *((school_code(number), school_name(number)) for number in range(1, schools + 1))]
    rows = [
        [code, name, name.split()[0].replace("Trường", "THCS"), _AREAS[at % len(_AREAS)][0]]
        for at, (code, name) in enumerate(named)
    ]
    heads = ["Mã trường", "Tên trường", "Cấp học", "Mã khu vực"]
    write_csv(folder / "truong.csv", heads, rows)


def money(vnd: int) -> str:
    """An amount as Vietnamese books write it: 98.500.000."""
    return number(vnd, translator("vi"))


def _room(room: str, things: Sequence[Sighting], random: Random) -> Iterator[PlayedLine]:
    listed = [sighting for sighting in things if sighting.kind in _TYPES]
    unwritten = next((one for one in reversed(listed) if one.kind is UNWRITTEN), None)
    spoken = random.choice((room, room.replace("P", "Phòng ", 1), room.replace("P", "P ", 1)))
    tags = (f"TB-{room}-{number:02}" for number in count(1))
    for sighting in listed:
        if sighting is unwritten:
            continue
        word, cost = _TYPES[sighting.kind]
        serial = sighting.serial.lower() if random.random() < 0.2 else sighting.serial  # noqa: PLR2004 - some
        yield PlayedLine(next(tags), word, sighting.vendor, sighting.model, serial, spoken,
                         str(random.choice(SINCE)), cost, random.choice(FUNDINGS))  # fmt: skip
    for word, cost in _FURNITURE:
        yield PlayedLine(
            next(tags), word, "", "", "", spoken, str(random.choice(SINCE)), cost, "Ngân sách"
        )
