"""A cell that may hold more than a room is asked about, and never a room's name of itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.register.book import Book, DoubtKind
from controller.register.choices import Choices, RoomOf
from controller.register.reading import read_book
from controller.register.room_parts import RoomReader, is_in_parts
from controller.sheets.text import RefusedError

SIGNS = (" - ", " – ", " > ", ">", " / ", "\\", ", ", "; ", " | ", "\n", ": ")  # noqa: RUF001 - as people write
PLACES = ("Trường A", "Cơ sở 1", "Nhà B", "Tầng 2", "Dãy C", "Điểm trường Lê Lợi", "Khu nhà học")
SINGLE = st.sampled_from(["P203", "203", "Phòng 203", "6A1", "Phòng học 301A", "p.12"])


@given(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True), SINGLE,
       st.sampled_from(SIGNS), st.integers(0, 1))  # fmt: skip
def test_a_place_and_a_room_are_never_one_name(
    places: list[str], room: str, sign: str, order: int
) -> None:
    """However they are parted; answered, it is the room alone, or the whole."""
    text = sign.join([room, *places] if order else [*places, room])
    with pytest.raises(RefusedError, match="room_parts"):
        RoomReader(None).room_of(text)
    assert RoomReader(RoomOf.PART).room_of(text) == RoomReader(None).room_of(room)
    assert len(RoomReader(RoomOf.WHOLE).room_of(text)) > len(room)


@pytest.mark.parametrize("text", ["P203 Nhà B", "Tầng 2 P203", "P203 (nhà B)", "Thư viện - Tầng 2"])
def test_a_place_needs_no_sign(text: str) -> None:
    """It bears a short name of its own."""
    assert is_in_parts(text)


@pytest.mark.parametrize(
    "text",
    ["P203", "A-203", "3/2", "Nhà đa năng", "Phòng Tin 1", "Phòng Hóa - Sinh", "Tổ Văn, Sử",
     "P.Tin", "Nhà B1", "Kho tầng hầm"],
)  # fmt: skip
def test_a_rooms_own_name_is_not_asked_about(text: str) -> None:
    """Neither a hyphen within a name nor two subjects make parts."""
    assert not is_in_parts(text)


def book_of(folder: Path, *rooms: str, answer: RoomOf | None = None) -> Book:
    """A book with a line in each room."""
    path = folder / "so.csv"
    lines = (f"TB{no};Camera;{room}" for no, room in enumerate(rooms))
    path.write_text("\n".join(["Mã tài sản;Loại;Phòng", *lines]), "utf-8")
    return read_book(path, Choices(room=answer))


def test_it_is_asked_about_once(tmp_path: Path) -> None:
    """No room is kept of such cells, each line says so, and the others stay."""
    book = book_of(tmp_path, "Nhà B - P203", "Nhà B - P204", "P203")
    assert [line.room for line in book.lines] == ["", "", "P203"]
    assert ["room" in told for told in book.told] == [False, False, True]
    assert [(doubt.kind, doubt.value) for doubt in book.doubts] == [
        (DoubtKind.ROOM, "Nhà B - P203")
    ]
    assert [fault.code for line in book.lines for fault in line.errors] == ["room_parts"] * 2


def test_one_room_number_in_two_places_is_no_room(tmp_path: Path) -> None:
    """Which of them it is nobody can tell, neither of the line that names no place."""
    rooms = ["Nhà A - P203", "P203 - nhà A", "Nhà B - P203", "Nhà B - P204", "203"]
    book = book_of(tmp_path, *rooms, answer=RoomOf.PART)
    assert [line.room for line in book.lines] == ["", "", "", "P204", ""]
    whole = book_of(tmp_path, *rooms, answer=RoomOf.WHOLE)
    assert [line.room for line in whole.lines] == [*rooms[:4], "P203"]


def test_a_group_in_parts_is_asked_about_too(tmp_path: Path) -> None:
    """What heads lines is no room by its whole name either, and not that of the group before."""
    path = tmp_path / "so.csv"
    path.write_text(
        "Mã tài sản;Loại;Năm\nPhòng 203;;\nT1;Camera;2020\nPhòng 204 - Nhà B;;\nT2;Camera;2020\n",
        "utf-8",
    )
    book = read_book(path)
    assert [line.room for line in book.lines] == ["P203", ""]
    assert [fault.code for fault in book.lines[1].errors] == ["room_parts"]
    assert [line.room for line in read_book(path, Choices(room=RoomOf.PART)).lines] == [
        "P203", "P204",
    ]  # fmt: skip
