"""A repair says how many rows nobody has any more, and gives back all the others."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from controller.attendance.store import marks_of
from controller.database.repair import SavedTable, repair
from controller.database.store import Store, StoreError
from controller.features import is_readable, keep_batch
from tests.controller.database.test_store import NOW, SCHOOL, agent, mark

PAGE = 4096
STUDENT = re.compile(rb"00140708-m\d+hs-(\d+)present|00140708-m\d+hs-(\d+)late")


def school_of(folder: Path, copied: int) -> Path:
    """A database of 400 marks, and a copy from when it had fewer of them."""
    path, backups = folder / "lophoc.db", folder / "backups"
    backups.mkdir()
    with Store(f"sqlite:///{path}") as store:
        store.write(keep_batch, [agent(), *(mark(number) for number in range(copied))], NOW)
        store.back_up(backups / "lophoc-2026-09-05.db")
        store.write(keep_batch, [mark(number) for number in range(copied, 400)], NOW)
    return path


def students_by_page(content: bytes) -> dict[int, set[int]]:
    """Whose marks stand on which page: by looking for the rows' own words."""
    pages = {
        at // PAGE: {int(max(found)) for found in STUDENT.findall(content[at : at + PAGE])}
        for at in range(0, len(content), PAGE)
    }
    return {page: students for page, students in pages.items() if students}


def repaired(path: Path) -> tuple[set[int], SavedTable]:
    """Whose marks are there after a repair, and what it says of them."""
    report = repair(path, path.parent / "backups", "now", is_readable)
    (saved,) = [table for table in report.tables if table.name == "marks"]
    return students_in(path), saved


def students_in(path: Path) -> set[int]:
    """Whose marks a database has."""
    with Store(f"sqlite:///{path}") as store:
        return {int(kept.student.removeprefix("hs-")) for kept in store.read(marks_of, SCHOOL)}


def test_marks_that_neither_the_file_nor_the_copy_has_are_counted(tmp_path: Path) -> None:
    """Of 400 marks on a failing disk all are there but those of the overwritten pages."""
    path = school_of(tmp_path, copied=100)
    content = bytearray(path.read_bytes())
    pages = students_by_page(content)
    assert set().union(*pages.values()) == set(range(400))
    first, *_, last = pages
    for page in (first, last):
        content[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)
    lost = {student for student in pages[first] | pages[last] if student >= 100}
    students, saved = repaired(path)
    assert students == set(range(400)) - lost
    assert lost
    assert saved.lost == len(lost)
    assert saved.read == 400 - len(pages[first] | pages[last])
    assert saved.copied == 400 - saved.read - saved.lost


def test_a_table_that_was_read_whole_lost_nothing(tmp_path: Path) -> None:
    """Damage on an index costs no row."""
    path = school_of(tmp_path, copied=0)
    content = bytearray(path.read_bytes())
    for at in range(PAGE, len(content), PAGE):
        if content[at] in {2, 10}:  # pages of indexes
            content[at : at + PAGE] = bytes(PAGE)
    path.write_bytes(content)
    students, saved = repaired(path)
    assert students == set(range(400))
    assert saved == SavedTable("marks", read=400, copied=0, whole=True, lost=0)


def test_rows_without_numbers_of_their_own_are_not_counted(tmp_path: Path) -> None:
    """How many agents there were, nobody can tell."""
    path = school_of(tmp_path, copied=0)
    content = bytearray(path.read_bytes())
    page = content.index(b"disk_low") // PAGE
    content[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)
    report = repair(path, tmp_path / "backups", "now", is_readable)
    (agents,) = [table for table in report.tables if table.name == "agents"]
    assert agents == SavedTable("agents", read=0, copied=1, whole=False, lost=None)


def test_an_emptied_database_whose_log_is_there_is_damage_and_comes_back(tmp_path: Path) -> None:
    """SQLite would throw the log away at the start, though nothing else tells of a school."""
    path, living = tmp_path / "lophoc.db", tmp_path / "living.db"
    with Store(f"sqlite:///{living}") as store:
        store.write(keep_batch, [agent(), *(mark(number) for number in range(20))], NOW)
        path.with_name("lophoc.db-wal").write_bytes(living.with_name("living.db-wal").read_bytes())
    path.write_bytes(b"")
    with pytest.raises(StoreError) as told, Store(f"sqlite:///{path}"):
        pass
    assert told.value.code == "store_damaged"
    students, saved = repaired(path)
    assert students == set(range(20))
    assert saved == SavedTable("marks", read=20, copied=0, whole=True, lost=0)


def test_a_row_whose_code_is_garbage_is_counted_named_and_asked_for_anew(tmp_path: Path) -> None:
    """A flipped letter in a code would end every page that shows it; the agent has it still."""
    path = school_of(tmp_path, copied=0)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO streams (province, school, agent, boot, ranges, heard_ms)"
            " VALUES ('14', '00140708', 'p203', 'b', '[[1,400]]', 1)"
        )
        db.execute("UPDATE marks SET status = 'prxsent' WHERE no IN (7, 9)")
    path.write_bytes(path.read_bytes() + bytes(1))  # what `repair` is called for
    students, saved = repaired(path)
    assert students == set(range(400)) - {6, 8}
    assert (saved.read, saved.refused, saved.at, saved.lost) == (398, 2, (7, 9), 2)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM streams").fetchone() == (0,)
