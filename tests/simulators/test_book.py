"""The invented equipment book, read by the controller that it is brought into."""

from __future__ import annotations

from pathlib import Path

from controller.register.reading import read_book
from simulators.book import book_of, write_book
from simulators.config import SimConfig
from simulators.school import school_of


def test_the_controller_reads_the_invented_book_whole(tmp_path: Path) -> None:
    """Titles and total are skipped, and every line keeps its serial."""
    lines = book_of(school_of(SimConfig(rooms=3, tablets=6)), 1)
    path = tmp_path / "so.csv"
    write_book(path, "Trường", lines)
    book = read_book(path)
    assert [each.serial for each in book.lines] == [each.serial for each in lines]
    assert {each.room for each in book.lines} >= {"P101", "P102", "P103"}
    assert not any(each.errors for each in book.lines)


def test_the_book_has_the_flaws_of_real_ones() -> None:
    """A serial twice, a line without tag, something broken, furniture; a tablet in no book."""
    rooms = school_of(SimConfig(rooms=3, tablets=6))
    lines = book_of(rooms, 1)
    serials = [each.serial.upper() for each in lines if each.serial]
    assert len(serials) == len(set(serials)) + 1
    assert sum(not each.tag for each in lines) == 1
    assert any(each.condition == "Hỏng" for each in lines)
    seen = {each.serial for room in rooms for each in room.equipment}
    assert seen - set(serials)
