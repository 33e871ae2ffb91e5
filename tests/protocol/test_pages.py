"""Of a damaged SQLite file every row is read that lies on a whole page, and no other."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.pages import Gap, PagedRow, PagedTable, UnreadableSchemaError, damaged_pages

Marks = dict[int, tuple[object, ...]]

_TABLE = """
CREATE TABLE marks (
    no INTEGER PRIMARY KEY AUTOINCREMENT, student TEXT UNIQUE, weight REAL, raw BLOB, token TEXT
)
"""


def mark(number: int, length: int) -> tuple[object, ...]:
    """A row with a value of every kind, and a word that no other row has."""
    raw = bytes(range(256)) * (length // 256) + bytes(length % 256)
    student = None if number % 5 == 0 else f"hs-đ{number}"
    return (number, student, number * 0.5, raw, f"<mark {number} of the day>")


def fill(path: Path, lengths: Sequence[int], page_size: int = 512) -> Marks:
    """Write a row for each length, some taken away again; returns those that are there."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"PRAGMA page_size = {page_size}")
        db.execute(_TABLE)
        db.execute("CREATE INDEX marks_weight ON marks (weight)")
        rows = [mark(number, length) for number, length in enumerate(lengths, start=1)]
        db.executemany("INSERT INTO marks VALUES (?, ?, ?, ?, ?)", rows)
        db.execute("DELETE FROM marks WHERE no % 7 = 3")
    return {number: row for number, *_ in rows if number % 7 != 3 for row in [rows[number - 1]]}


def read(path: Path) -> tuple[Marks, list[Gap]]:
    """The marks that can be read, with their numbers put in, and the gaps between them."""
    with damaged_pages(path) as pages:
        (table,) = [part for part in pages.tables() if is_marks(part)]
        parts = list(table.contents())
    rows = [part for part in parts if isinstance(part, PagedRow)]
    gaps = [part for part in parts if isinstance(part, Gap)]
    assert [row.rowid for row in rows] == sorted({row.rowid for row in rows})
    return {row.rowid: (row.rowid, *row.values[1:]) for row in rows}, gaps


def is_marks(part: PagedTable | Gap) -> bool:
    """Whether it is the table of marks."""
    return isinstance(part, PagedTable) and part.name == "marks"


def pages_of(content: bytes, row: tuple[object, ...], page_size: int) -> set[int]:
    """Where in the file the row's own word stands: by looking for it, not by the format."""
    token, places, at = str(row[-1]).encode(), set(), -1
    while (at := content.find(token, at + 1)) >= 0:
        places |= {at // page_size, (at + len(token) - 1) // page_size}
    return places


def overwrite(path: Path, pages: set[int], filler: bytes, page_size: int) -> None:
    """Put other bytes on whole pages, as a failing disk does."""
    with path.open("r+b") as file:
        for page in pages:
            file.seek(page * page_size)
            file.write((filler * page_size)[:page_size])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "school.db"


@given(
    lengths=st.lists(st.integers(0, 60), min_size=1, max_size=150),
    size=st.sampled_from([512, 1024, 4096]),
    filler=st.binary(min_size=1, max_size=64),
    data=st.data(),
)
def test_every_row_on_a_whole_page_is_read_and_the_others_are_gaps(
    lengths: list[int], size: int, filler: bytes, data: st.DataObject
) -> None:
    """Whichever leaves are overwritten, and with what; no row that is read is another."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "school.db"
        rows = fill(path, lengths, size)
        content = path.read_bytes()
        places = {number: pages_of(content, row, size) for number, row in rows.items()}
        leaves = sorted(set().union(*places.values()) - {0})
        damaged = data.draw(st.sets(st.sampled_from(leaves))) if leaves else set()
        overwrite(path, damaged, filler, size)
        saved, gaps = read(path)
    whole = {number for number in rows if not places[number] & damaged}
    assert whole <= saved.keys()
    assert saved.items() <= rows.items()
    lost = rows.keys() - saved.keys()
    assert all(any(gap.first <= number <= gap.last for gap in gaps) for number in lost)
    assert bool(gaps) == bool(damaged)


@given(
    lengths=st.lists(st.integers(0, 900), min_size=1, max_size=60),
    spots=st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=40)), max_size=8),
    end=st.floats(0, 1),
)
def test_whatever_the_bytes_are_reading_ends_and_finds_rows_or_says_that_it_cannot(
    lengths: list[int], spots: list[tuple[float, bytes]], end: float
) -> None:
    """Flipped anywhere, the first page and the pages of long rows too, and cut off anywhere."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "school.db"
        fill(path, lengths)
        content = bytearray(path.read_bytes())
        for place, flipped in spots:
            at = int(place * len(content))
            content[at : at + len(flipped)] = flipped
        path.write_bytes(content[: int(end * len(content))])
        for number, row in _read_or_nothing(path):
            assert row[0] == number


def _read_or_nothing(path: Path) -> Iterator[tuple[int, tuple[object, ...]]]:
    try:
        yield from read(path)[0].items()
    except (UnreadableSchemaError, ValueError):  # the list of tables lacks the marks
        return


@pytest.mark.parametrize("size", [512, 1024, 4096, 65536])
def test_a_sound_file_is_read_whole_long_rows_too(path: Path, size: int) -> None:
    """Rows over many pages, on pages of every size."""
    rows = fill(path, [number * 97 % 5000 for number in range(120)], size)
    assert read(path) == (rows, [])


@pytest.mark.parametrize("pages", [{5}, {5, 6}, {3, 9, 14}])
def test_of_a_long_row_whose_pages_are_damaged_nothing_is_made_up(
    path: Path, pages: set[int]
) -> None:
    """A row is the one that was written, or a gap."""
    rows = fill(path, [3000] * 12)
    overwrite(path, pages, b"\xff", 512)
    saved, gaps = read(path)
    assert gaps
    assert saved.items() <= rows.items()


def test_of_four_hundred_marks_with_a_page_overwritten_most_come_back(path: Path) -> None:
    """The week that was played: 373 to 400 were still in the file, and none was given back."""
    rows = fill(path, [160] * 467, 4096)
    content = path.read_bytes()
    places = {number: pages_of(content, row, 4096) for number, row in rows.items()}
    leaves = sorted(set().union(*places.values()))
    overwrite(path, {leaves[1]}, b"\x00", 4096)
    saved, _ = read(path)
    assert len(rows) == 400
    assert 373 <= len(saved) < 400


def test_what_only_the_log_holds_is_read(path: Path) -> None:
    """A kill leaves the newest rows in the log; the file itself is left as it is."""
    rows = _with_log(path)
    before = path.read_bytes()
    assert read(path) == (rows, [])
    assert path.read_bytes() == before


def test_the_log_of_an_emptied_file_is_read(path: Path) -> None:
    """SQLite itself would throw it away."""
    rows = _with_log(path)
    path.write_bytes(b"")
    assert read(path) == (rows, [])


def _with_log(path: Path) -> Marks:
    """Rows that stand in the log alone, as after a kill."""
    rows = {number: mark(number, 9) for number in range(1, 40)}
    live = path.with_name("live.db")
    with closing(sqlite3.connect(live)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(_TABLE)
        db.executemany("INSERT INTO marks VALUES (?, ?, ?, ?, ?)", list(rows.values()))
        db.commit()
        path.write_bytes(live.read_bytes())
        path.with_name(f"{path.name}-wal").write_bytes(Path(f"{live}-wal").read_bytes())
    return rows


@pytest.mark.parametrize(
    "content",
    [b"", b"short", b"\xff" * 9000, b"SQLite format 3\0" * 600],
    ids=["empty", "short", "overwritten", "repeated"],
)
def test_a_file_without_a_first_page_is_said_to_be_unreadable(path: Path, content: bytes) -> None:
    """Nothing in it can be named."""
    path.write_bytes(content)
    with pytest.raises(UnreadableSchemaError):
        read(path)


@pytest.mark.parametrize("is_bare", [False, True], ids=["with children", "with none"])
def test_a_tree_that_bites_its_tail_ends(path: Path, *, is_bare: bool) -> None:
    """A page that is below itself is read once."""
    rows = fill(path, [40] * 200)
    content = bytearray(path.read_bytes())
    root = next(at for at in range(512, len(content), 512) if content[at] == 5)
    content[root + 8 : root + 12] = (root // 512 + 1).to_bytes(4, "big")
    if is_bare:
        content[root + 3 : root + 5] = bytes(2)
    path.write_bytes(content)
    saved, gaps = read(path)
    assert len(gaps) == 1
    assert bool(saved) != is_bare
    assert saved.items() < rows.items()


def leaf_of(content: bytes, number: int) -> int:
    """Where the page begins on which this mark stands."""
    (page,) = pages_of(content, mark(number, 0), 512)
    return page * 512


def crafted_leaf(cell: bytes) -> bytes:
    """A page with one row."""
    place = 512 - len(cell)
    head = b"\x0d\0\0\0\x01" + place.to_bytes(2, "big") + b"\0" + place.to_bytes(2, "big")
    return head.ljust(place, b"\0") + cell


def damaged_leaves(content: bytes, number: int) -> dict[str, bytes]:
    """What may stand in the place of the page that holds this mark, and looks like one."""
    own, other = leaf_of(content, number), leaf_of(content, 151)
    page = content[own : own + 512]
    fewer = page[:4] + bytes([page[4] - 1]) + page[5:]
    longer = bytearray(page)
    token = page.index(str(mark(number, 0)[-1]).encode())
    longer[page.rindex(2 * len(str(mark(number, 0)[-1])) + 13, 0, token)] += 2
    return {
        "another page": content[other : other + 512],
        "fewer rows": fewer,
        "no rows": b"\x0d\0\0\0\0\x02\0\0".ljust(512, b"\0"),
        "a longer row": bytes(longer),
    }


@pytest.mark.parametrize("kind", ["another page", "fewer rows", "no rows", "a longer row"])
def test_a_page_that_only_looks_like_one_is_seen_through(path: Path, kind: str) -> None:
    """What it lacks is a gap, and what it has of others is not read twice."""
    rows = fill(path, [0] * 200)
    content = path.read_bytes()
    own = leaf_of(content, 50)
    page = damaged_leaves(content, 50)[kind]
    path.write_bytes(content[:own] + page + content[own + 512 :])
    saved, (gap,) = read(path)
    assert saved.items() < rows.items()
    assert all(gap.first <= number <= gap.last for number in rows.keys() - saved.keys())


def test_a_row_that_has_no_end_is_a_gap(path: Path) -> None:
    """It claims more bytes than there are, on a page that goes on with itself."""
    fill(path, [0] * 200)
    content = bytearray(path.read_bytes())
    own, other = leaf_of(content, 50), leaf_of(content, 151)
    size, rowid = b"\xbf" + b"\xff" * 8, b"\x32"
    onward = (other // 512 + 1).to_bytes(4, "big")
    near = bytes(127)  # so much of so long a row stands on the leaf itself
    content[own : own + 512] = crafted_leaf(size + rowid + near + onward)
    content[other : other + 512] = onward.ljust(512, b"\0")
    path.write_bytes(content)
    saved, gaps = read(path)
    assert 50 not in saved
    assert len(gaps) == 2
