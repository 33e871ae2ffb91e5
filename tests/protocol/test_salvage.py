"""What a damaged SQLite file still holds is saved: each row all of whose pages are sound."""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.salvage import damaged_file, raise_sequence, refill, replaced, tables_of

PAGE = 1024
SCHEMA = """
CREATE TABLE log (
    no INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
);
CREATE TABLE state (
    school TEXT NOT NULL, device TEXT NOT NULL, body BLOB, PRIMARY KEY (school, device)
);
CREATE INDEX state_device ON state (device);
CREATE TABLE lone (name TEXT PRIMARY KEY, value REAL NOT NULL);
"""
# In each piece of a body stands whose it is, so that every page tells whose pieces lie on it.
PIECE = re.compile(rb"<(log|state)-(\d+)>")
INNER = 5
Owner = tuple[bytes, int]


def body(table: str, number: int) -> str:
    """Short ones, and each seventh over several pages."""
    return f"<{table}-{number}>" * (300 if number % 7 == 0 else 6)


def log_row(number: int) -> tuple[object, ...]:
    return number, f"e{number}", body("log", number)


def state_row(number: int) -> tuple[object, ...]:
    return "6A1", f"usb {number}", body("state", number).encode()


def fill(path: Path) -> None:
    """A file with two tables over many pages, and a third on one."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript(f"PRAGMA page_size = {PAGE}; {SCHEMA} BEGIN;")
        # Numbers with gaps between them, as where rows were deleted.
        logs = [log_row(number) for number in range(1, 900, 3)]
        db.executemany("INSERT INTO log VALUES (?, ?, ?)", logs)
        db.executemany("INSERT INTO state VALUES (?, ?, ?)", map(state_row, range(200)))
        db.execute("INSERT INTO lone VALUES ('lived_s', 5.0)")
        db.execute("COMMIT")
        db.execute("VACUUM")  # no page holds what has gone


@cache
def sound_file(folder: Path) -> tuple[bytes, dict[Owner, frozenset[int]]]:
    """The file, and by each row's owner the pages that hold a piece of it."""
    path = folder / "sound.db"
    fill(path)
    content = path.read_bytes()
    pages: dict[Owner, set[int]] = defaultdict(set)
    for at in range(0, len(content), PAGE):
        for table, number in PIECE.findall(content[at : at + PAGE]):
            pages[table, int(number)].add(at // PAGE)
    return content, {owner: frozenset(held) for owner, held in pages.items()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("salvage")


def saved_from(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """The rows of a damaged file, by table."""
    with closing(sqlite3.connect(":memory:")) as fresh, damaged_file(path) as damaged:
        fresh.executescript(SCHEMA)
        counts = refill(fresh, damaged, tables_of(fresh))
        query = "SELECT * FROM "
        rows = {name: fresh.execute(query + name).fetchall() for name in counts}
        assert {name: refilled.read for name, refilled in counts.items()} == {
            name: len(held) for name, held in rows.items()
        }
        return rows


def expected(pages: dict[Owner, frozenset[int]], spoilt: set[int]) -> set[tuple[object, ...]]:
    """The rows none of whose pages is spoilt."""
    row_of = {b"log": log_row, b"state": state_row}
    sound = [owner for owner, held in pages.items() if not held & spoilt]
    return {row_of[table](number) for table, number in sound}


def test_the_model_knows_of_every_row(folder: Path) -> None:
    """Else it could ask for too little."""
    _, pages = sound_file(folder)
    assert len(pages) == 300 + 200
    assert max(len(held) for held in pages.values()) > 3


@settings(max_examples=60)
@given(data=st.data())
def test_every_row_on_sound_pages_is_saved(folder: Path, data: st.DataObject) -> None:
    """Whatever stands on the others; of inner pages and the list of tables only rows depend."""
    content, pages = sound_file(folder)
    leaves = sorted({page for held in pages.values() for page in held})
    spoilt = data.draw(st.sets(st.sampled_from(leaves), min_size=1, max_size=40))
    damaged = bytearray(content)
    for page in spoilt:
        begin = data.draw(st.integers(0, PAGE - 1))
        bad = data.draw(st.binary(min_size=1, max_size=8)) * PAGE
        damaged[page * PAGE + begin : (page + 1) * PAGE] = bad[: PAGE - begin]
    path = folder / "damaged.db"
    path.write_bytes(damaged)
    rows = saved_from(path)
    assert expected(pages, spoilt) <= {*rows["log"], *rows["state"]}
    assert rows["lone"] == [("lived_s", 5.0)]
    assert path.read_bytes() == damaged


@settings(max_examples=60)
@given(data=st.data())
def test_no_damage_whatever_ends_it(folder: Path, data: st.DataObject) -> None:
    """Headers, inner pages and the list of tables included, cut off or overwritten."""
    content, _ = sound_file(folder)
    damaged = bytearray(content[: data.draw(st.integers(0, len(content)))])
    for _ in range(data.draw(st.integers(0, 8))):
        at = data.draw(st.integers(0, len(damaged)))
        bad = data.draw(st.binary(max_size=600))
        damaged[at : at + len(bad)] = bad
    path = folder / "damaged.db"
    path.write_bytes(damaged)
    for row in saved_from(path)["log"]:
        assert [type(value) for value in row] == [int, str, str]


def test_with_broken_indexes_the_tables_are_read_all_the_same(folder: Path) -> None:
    """Nobody asks an index for a row."""
    content, pages = sound_file(folder)
    damaged = bytearray(content)
    for at in range(PAGE, len(content), PAGE):
        if content[at] in {2, 10}:  # inner pages and leaves of indexes
            damaged[at : at + PAGE] = bytes(PAGE)
    assert damaged != content
    path = folder / "damaged.db"
    path.write_bytes(damaged)
    rows = saved_from(path)
    assert {*rows["log"], *rows["state"]} == expected(pages, set())


def test_a_table_that_was_read_through_is_whole_and_a_torn_one_is_not(folder: Path) -> None:
    """An empty page in a leaf's place is seen by the index that has more."""
    content, pages = sound_file(folder)
    (page,) = pages[b"state", 8]
    damaged = bytearray(content)
    damaged[page * PAGE : (page + 1) * PAGE] = b"\x0d" + bytes(4) + b"\x04" + bytes(PAGE - 6)
    path = folder / "damaged.db"
    path.write_bytes(damaged)
    with damaged_file(path) as file, closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(SCHEMA)
        counts = refill(fresh, file, tables_of(fresh))
    assert (counts["log"].read, counts["log"].whole) == (300, True)
    assert counts["state"].read < 200
    assert not counts["state"].whole


def test_numbers_that_were_given_are_not_given_again(folder: Path) -> None:
    """Not even those of rows that are lost; a nonsensical one is passed over."""
    content, _ = sound_file(folder)
    path = folder / "damaged.db"
    path.write_bytes(content)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM log WHERE no > 100")
    with damaged_file(path) as file, closing(sqlite3.connect(":memory:")) as fresh:
        fresh.executescript(SCHEMA)
        refill(fresh, file, tables_of(fresh))
        raise_sequence(fresh, "log", 5)
        raise_sequence(fresh, "log", 2**62)
        fresh.execute("INSERT INTO log (event_id, body) VALUES ('new', '')")
        assert fresh.execute("SELECT max(no) FROM log").fetchone() == (899,)


def test_what_waits_in_the_log_of_changes_is_saved_too(tmp_path: Path) -> None:
    """A killed program leaves it; it stands in the kept file, and never beside the new one."""
    path, aside = tmp_path / "box.db", tmp_path / "box.db.damaged"
    with closing(sqlite3.connect(tmp_path / "living.db", isolation_level=None)) as db:
        db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; {SCHEMA}")
        db.executemany("INSERT INTO log VALUES (?, ?, ?)", map(log_row, range(1, 50)))
        for side in ("", "-wal"):
            living = tmp_path / f"living.db{side}"
            path.with_name(f"box.db{side}").write_bytes(living.read_bytes())
    with replaced(path, aside) as part:
        rows = saved_from(path)["log"]
        part.write_bytes(b"new")
    assert rows == [log_row(number) for number in range(1, 50)]
    assert path.read_bytes() == b"new"
    assert saved_from(aside)["log"] == rows
    assert sorted(each.name for each in tmp_path.glob("box*")) == ["box.db", "box.db.damaged"]


def test_a_log_that_cannot_be_folded_in_is_kept_beside_the_damaged_file(tmp_path: Path) -> None:
    """Else SQLite would take it for the new file's."""
    path, aside = tmp_path / "box.db", tmp_path / "box.db.damaged"
    path.write_bytes(b"")
    path.with_name("box.db-wal").write_bytes(b"the log")
    with replaced(path, aside) as part:
        part.write_bytes(b"new")
    assert path.read_bytes() == b"new"
    assert (tmp_path / "box.db.damaged-wal").read_bytes() == b"the log"
    assert not (tmp_path / "box.db-wal").exists()


def test_what_fails_leaves_the_damaged_file_in_its_place(tmp_path: Path) -> None:
    """With its log, and nothing beside."""
    path = tmp_path / "box.db"
    path.write_bytes(b"damaged")
    with pytest.raises(OSError, match="full"), replaced(path, tmp_path / "aside"):
        raise OSError("full")
    assert [each.name for each in tmp_path.iterdir()] == ["box.db"]
    assert path.read_bytes() == b"damaged"
