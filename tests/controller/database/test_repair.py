"""A repair gives back what the damaged file holds, and what only the newest sound copy has."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import column, insert, table

from controller.__main__ import EXIT_SETTINGS, main
from controller.attendance.store import marks_of
from controller.database.engine import engine_at, url_from
from controller.database.repair import RepairReport, SavedTable, repair
from controller.database.store import Store, StoreError
from controller.database.upkeep import is_sound
from controller.department.telling import upward_outbox
from controller.features import is_readable, keep_batch
from controller.fleet.store import agents_of, devices_of
from protocol.model import Place
from protocol.upward import ItemsTold
from tests.controller.database.test_lost_rows import PAGE, school_of, students_by_page
from tests.controller.database.test_migrations import AGENT, DEVICE, config_for
from tests.controller.database.test_migrations import SCHOOL as OLD
from tests.controller.database.test_store import NOW, SCHOOL, mark

EVERY_MARK = {f"00140708-m{number}" for number in range(400)}


def overwrite(path: Path, *pages: int) -> bytes:
    """Spoil whole pages; what the file holds then."""
    content = bytearray(path.read_bytes())
    for page in pages:
        content[page * PAGE : (page + 1) * PAGE] = b"\xa5" * PAGE
    path.write_bytes(content)
    return bytes(content)


def first_page_of_marks(path: Path) -> int:
    return min(students_by_page(path.read_bytes()))


def say(path: Path, *statements: str) -> list[tuple[object, ...]]:
    """Change a database behind the program's back; what the last statement answers."""
    with closing(sqlite3.connect(path)) as db, db:
        return [db.execute(statement).fetchall() for statement in statements][-1]


def mended(path: Path) -> RepairReport:
    return repair(path, path.parent / "backups", "now", is_readable)


def of_marks(report: RepairReport) -> SavedTable:
    return next(saved for saved in report.tables if saved.name == "marks")


def marks_in(path: Path) -> set[str]:
    with Store(f"sqlite:///{path}") as store:
        return {kept.event_id for kept in store.read(marks_of, SCHOOL)}


def rows_in(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that the database holds, but for the line that each command leaves."""
    names = say(path, "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE%'")
    own = {"looks", "sqlite_sequence"}
    return {
        str(name): say(path, f'SELECT * FROM "{name}"')  # noqa: S608 - our own names
        for (name,) in names
        if name not in own
    }


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of 400 marks with a copy that has as many."""
    return school_of(tmp_path_factory.mktemp("school"), copied=400)


@settings(max_examples=12)
@given(data=st.data())
def test_whatever_is_damaged_file_and_copy_together_have_every_mark(
    school: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Any pages, any bytes, any length; what comes out is sound, and the damaged file is kept."""
    path = tmp_path_factory.mktemp("damaged") / school.name
    shutil.copytree(school.parent / "backups", path.parent / "backups")
    content = bytearray(school.read_bytes())
    for page in data.draw(st.sets(st.integers(0, len(content) // PAGE - 1), max_size=6)):
        begin = data.draw(st.integers(0, PAGE - 1))
        bad = data.draw(st.binary(min_size=1, max_size=8)) * PAGE
        content[page * PAGE + begin : (page + 1) * PAGE] = bad[: PAGE - begin]
    del content[data.draw(st.integers(0, len(content))) :]
    path.write_bytes(content)
    report = mended(path)
    assert report.aside.read_bytes() == content
    assert is_sound(path)
    assert {name for (name,) in say(path, "SELECT event_id FROM marks")} >= EVERY_MARK
    shutil.rmtree(path.parent)


def test_of_a_state_the_damaged_files_row_wins_and_what_was_deleted_stays_so(
    tmp_path: Path,
) -> None:
    """The copy is older: it gives only what could not be read."""
    path = school_of(tmp_path, copied=400)
    (copy,) = (tmp_path / "backups").iterdir()
    say(copy, "INSERT INTO tallies VALUES ('gone since', 1)")
    say(path, "UPDATE agents SET room = 'P204'")
    page = first_page_of_marks(path)
    lost = len(students_by_page(path.read_bytes())[page])
    overwrite(path, page)
    report = mended(path)
    assert of_marks(report) == SavedTable("marks", 400 - lost, lost, whole=False, lost=0)
    with Store(f"sqlite:///{path}") as store:
        assert [known.room for known in store.read(agents_of, SCHOOL)] == ["P204"]
    assert say(path, "SELECT * FROM tallies") == []


def test_an_event_whose_number_means_another_now_is_kept_under_a_new_one(tmp_path: Path) -> None:
    """As where an older copy was put back in between."""
    path = school_of(tmp_path, copied=400)
    say(path, "UPDATE marks SET event_id = 'other-' || no WHERE no > 390")
    overwrite(path, first_page_of_marks(path))
    mended(path)
    assert marks_in(path) == EVERY_MARK | {f"other-{number}" for number in range(391, 401)}


def test_numbers_go_on_behind_all_that_were_given_and_a_new_feed_begins(tmp_path: Path) -> None:
    """A number never means two things, and no two changes have one."""
    path = school_of(tmp_path, copied=300)
    (feed,) = say(path, "SELECT value FROM facts WHERE name = 'feed_id'")
    pages = students_by_page(path.read_bytes())
    overwrite(path, max(pages, key=lambda page: max(pages[page])))
    mended(path)
    with Store(f"sqlite:///{path}") as store:
        store.write(keep_batch, [mark(1000)], NOW)
        assert store.feed_id != feed[0]
    assert say(path, "SELECT no FROM marks WHERE event_id LIKE '%m1000'") == [(401,)]


def test_two_rows_never_have_one_change(tmp_path: Path) -> None:
    """Who pulls by changes would pass over one of them."""
    path = school_of(tmp_path, copied=1)
    (copy,) = (tmp_path / "backups").iterdir()
    rows = [{**DEVICE, "device_id": f"usb-{number}", "change": number} for number in range(1, 61)]
    names, values = ", ".join(DEVICE), ", ".join("?" * len(DEVICE))
    filling = f"INSERT INTO devices ({names}, aliases, address) VALUES ({values}, '[]', '')"  # noqa: S608
    for file in (copy, path):
        with closing(sqlite3.connect(file)) as db, db:
            db.executemany(filling, [tuple(row.values()) for row in rows])
    # The newest row went, and its number was given again.
    gone = "DELETE FROM devices WHERE device_id = 'usb-60'"
    say(path, gone, "UPDATE devices SET change = 60 WHERE device_id = 'usb-1'")
    content = path.read_bytes()
    pages = [content[at : at + PAGE] for at in range(0, len(content), PAGE)]
    (torn,) = (no for no, page in enumerate(pages) if b"usb-55" in page and b"SMART" in page)
    overwrite(path, torn)
    mended(path)
    assert say(path, "SELECT count(*), count(DISTINCT change) FROM devices") == [(60, 60)]
    assert say(path, "SELECT change FROM devices WHERE device_id = 'usb-1'") == [(60,)]


def _leaves_of(path: Path, name: str) -> list[int]:
    (root,) = say(path, f"SELECT rootpage - 1 FROM sqlite_master WHERE name = '{name}'")  # noqa: S608
    return [int(str(root[0]))]


def test_a_file_of_an_older_schema_is_read_in_its_own(tmp_path: Path) -> None:
    """Then it is brought up; the copy, too, may be of an earlier one."""
    path = tmp_path / "lophoc.db"
    engine = engine_at(url_from(f"sqlite:///{path}"))
    with engine.begin() as db:
        command.upgrade(config_for(db), "0001")
        for name, row in (("agents", AGENT), ("devices", DEVICE)):
            db.execute(insert(table(name, *map(column, row))).values(row))
    engine.dispose()
    (tmp_path / "backups").mkdir()
    shutil.copyfile(path, tmp_path / "backups" / "lophoc-2026-09-05.db")
    overwrite(path, *_leaves_of(path, "agents"))
    assert not is_sound(path)
    report = mended(path)
    saved = {each.name: (each.read, each.copied) for each in report.tables}
    assert (saved["agents"], saved["devices"]) == ((0, 1), (1, 0))
    with Store(f"sqlite:///{path}") as store:
        (known,), (board,) = store.read(agents_of, OLD), store.read(devices_of, OLD)
    assert (known.room, board.serial) == (AGENT["room"], DEVICE["serial"])


def test_a_file_of_a_newer_schema_is_left_to_the_newer_program(tmp_path: Path) -> None:
    """It would lose what this one does not know."""
    path = school_of(tmp_path, copied=10)
    say(path, "UPDATE alembic_version SET version_num = '9999'")
    content = overwrite(path, first_page_of_marks(path))
    with pytest.raises(StoreError) as refused:
        mended(path)
    assert refused.value.code == "store_newer"
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir() if "damaged" in each.name] == []


def test_a_row_with_zeros_in_its_text_is_read_from_the_copy(tmp_path: Path) -> None:
    """A sector that the disk lost reads as zeros, which no code may be."""
    path = school_of(tmp_path, copied=400)
    content = bytearray(path.read_bytes())
    at = content.index(b"m7hs-7late") + len(b"m7hs-7")
    content[at : at + 4] = bytes(4)
    path.write_bytes(content)
    assert of_marks(mended(path)) == SavedTable(
        "marks", 399, 1, whole=False, lost=0, refused=1, at=(8,)
    )
    assert marks_in(path) == EVERY_MARK


# --- an empty file beside signs of life


@pytest.mark.parametrize("sign", ["backups/lophoc-000001-2026-09-05.db", "office.json"])
def test_an_empty_file_in_a_schools_folder_is_damage(tmp_path: Path, sign: str) -> None:
    """The start says so, makes nothing, and names the command."""
    path = tmp_path / "lophoc.db"
    path.touch()
    (tmp_path / sign).parent.mkdir(exist_ok=True)
    (tmp_path / sign).touch()
    with pytest.raises(StoreError) as refused, Store(f"sqlite:///{path}"):
        pass
    assert refused.value.code == "store_damaged"
    assert "lophoc-controller repair" in str(refused.value)
    assert path.stat().st_size == 0
    mended(path)
    assert marks_in(path) == set()


@pytest.mark.parametrize("left", [None, 0, 50])
def test_what_is_gone_emptied_or_cut_to_its_header_comes_back_from_the_copy(
    tmp_path: Path, left: int | None
) -> None:
    """Also the file itself may be gone, where copies stay."""
    path = school_of(tmp_path, copied=400)
    if left is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(StoreError) as refused, Store(f"sqlite:///{path}"):
        pass
    assert refused.value.code == "store_damaged"
    assert of_marks(mended(path)).copied == 400
    assert marks_in(path) == EVERY_MARK


@pytest.mark.parametrize("left", [None, b""], ids=["no file", "an empty file"])
def test_a_folder_without_signs_of_life_is_a_new_schools(
    tmp_path: Path, left: bytes | None
) -> None:
    """Also where a first start was killed before it wrote."""
    path = tmp_path / "lophoc.db"
    (tmp_path / "backups").mkdir()
    if left is not None:
        path.write_bytes(left)
    assert marks_in(path) == set()


# --- the command


@pytest.fixture
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOPHOC_CONTROLLER_DATABASE", raising=False)


def told_by(folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    capsys.readouterr()
    code = main(["repair", "--data", str(folder)])
    out, err = capsys.readouterr()
    return code, out + err


@pytest.mark.usefixtures("_own_settings")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", ["Từ tệp hỏng", "Từ bản sao", "từ bản sao; mất nhiều nhất"]),
        ("en", ["From the damaged file", "From the copy", "from the copy; at most"]),
    ],
)
def test_the_command_tells_what_came_from_where(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    language: str,
    words: list[str],
) -> None:
    """Counts for each table, in both languages; a second repair changes nothing."""
    monkeypatch.setenv("LC_ALL", f"{language}_X.UTF-8")
    path = school_of(tmp_path, copied=100)
    pages = students_by_page(path.read_bytes())
    lost = {student for student in pages[min(pages)] if student >= 100}
    read, copied = 400 - len(pages[min(pages)]), len(pages[min(pages)]) - len(lost)
    overwrite(path, min(pages))
    code, told = told_by(tmp_path, capsys)
    assert code == 0
    for word in words if lost else words[:2]:
        assert word in told
    (line,) = [line for line in told.splitlines() if line.startswith("  marks:")]
    assert [int(figure) for figure in re.findall(r"\d+", line)][:2] == [read, copied]
    made = rows_in(path)
    code, told = told_by(tmp_path, capsys)
    assert (code, len(told.splitlines())) == (0, 1)
    assert rows_in(path) == made


@pytest.mark.usefixtures("_own_settings")
def test_where_page_one_is_broken_the_command_says_that_all_is_the_copys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the list of tables nothing in the file has a name."""
    monkeypatch.setenv("LC_ALL", "en_X.UTF-8")
    path = school_of(tmp_path, copied=400)
    overwrite(path, 0)
    code, told = told_by(tmp_path, capsys)
    assert code == 0
    assert "not even which tables" in told
    assert marks_in(path) == EVERY_MARK


def test_a_servers_database_is_not_repaired_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The sentence names what does it."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_DATABASE", "postgresql://school@127.0.0.1/lophoc")
    code, told = told_by(tmp_path, capsys)
    assert code == EXIT_SETTINGS
    assert "SQLite" in told
    assert "pg_restore" in told
    assert list(tmp_path.iterdir()) == []


def told_page(number: int) -> ItemsTold:
    """A page of a school's items, as its department is told of it."""
    return ItemsTold(
        boot="boot-1", at_ms=1, id=f"items-{number}", feed="f", after=number, upto=number + 1
    )


@pytest.mark.usefixtures("_own_settings")
def test_the_outbox_to_the_department_is_mended_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the same command, beside a database that is sound."""
    path, upward = school_of(tmp_path, copied=1), tmp_path / "upward.db"
    box = upward_outbox(upward, Place("14", "00140708"), "so-gd", "boot-1")
    with box:
        box.put(*map(told_page, range(200)))
    before = rows_in(path)
    overwrite(upward, upward.read_bytes().rindex(b"items-77") // PAGE)
    with pytest.raises(Exception, match="lophoc-controller repair"), box:
        pass
    code, told = told_by(tmp_path, capsys)
    assert code == 0
    assert "upward.db" in told
    with box:
        assert 100 < box.report().pending < 200
    assert rows_in(path) == before
