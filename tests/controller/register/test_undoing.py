"""An import of the book is taken back whole, but for what somebody changed since."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.__main__ import main
from controller.database.store import Store
from controller.register import import_store
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.book import Line
from controller.register.import_store import imports_of
from controller.register.life import LineLife, Said, Why
from controller.register.merging import Kept, merged
from controller.register.undoing import BookImport, changes_of, undoing
from protocol.model import Place
from tests.controller.fresh import fresh_folder
from tests.controller.web_school import SCHOOL, Served, a_store
from tests.web import http_client

FIRST = {1: ("A", "good"), 2: ("B", "good"), 3: ("C", "")}
SECOND = {1: ("A2", "broken"), 3: ("C", ""), 4: ("D", "good")}
Book = dict[int, tuple[str, str]]


def lines(book: Book) -> list[Line]:
    """A book by its tags: the maker and the condition of each."""
    return [
        Line(row=row, asset_tag=f"TS-{row}", type="board", maker=maker, condition=condition)
        for row, (maker, condition) in book.items()
    ]


def bring(store: Store, book: Book, now_ms: int) -> None:
    """Bring the whole book in."""
    with store.locked(SCHOOL) as db:
        register.bring_in(
            db, SCHOOL, lines(book), whole=True, now_ms=now_ms, who="lan", file=f"{now_ms}.csv"
        )


def undo(store: Store, no: int) -> BookImport | None:
    """Take an import back."""
    with store.locked(SCHOOL) as db:
        return register.undo_import(db, SCHOOL, no, Said("hoa", 9_000))


def lines_in(store: Store) -> dict[int, Kept]:
    """Every line, by its number for ever."""
    return {entry.no: entry for entry in store.read(register.lines_of, SCHOOL)}


def life_of(store: Store, no: int) -> LineLife:
    """How a line fares."""
    with store.view() as db:
        return lives.life_in(db, SCHOOL, lines_in(store)[no])


def say(store: Store, no: int, condition: str) -> None:
    """A person says how a line fares."""
    with store.locked(SCHOOL) as db:
        life = lives.life_in(db, SCHOOL, lines_in(store)[no])
        lives.keep_steps(db, SCHOOL, life.taken(condition, Why.PERSON, who="lan", at_ms=3_000))


def test_a_whole_import_is_taken_back(tmp_path: Path) -> None:
    """Changed lines, new ones and those that left; the book's step of condition by a step."""
    with a_store(tmp_path) as store:
        bring(store, FIRST, 1_000)
        before = lines_in(store)
        bring(store, SECOND, 2_000)
        assert life_of(store, 1).condition == "broken"
        record = undo(store, 2)
        assert record is not None
        assert (record.new, record.changed, record.removed) == (1, 1, 1)
        assert (record.remaining, record.undone_ms) == ((), 9_000)
        after = lines_in(store)
        assert {no: after[no] for no in before} == before
        assert after[4].removed_ms == 9_000
        life = life_of(store, 1)
        assert life.condition == "good"
        assert [step.why for step in life.history] == [Why.BOOK, Why.BOOK, Why.UNDONE]
        assert undo(store, 2) == record
        assert (lines_in(store), life_of(store, 1).history) == (after, life.history)
        assert undo(store, 7) is None


def test_a_first_word_on_a_line_is_taken_back(tmp_path: Path) -> None:
    """A line of which the book said nothing before says nothing again."""
    with a_store(tmp_path) as store:
        bring(store, FIRST, 1_000)
        bring(store, FIRST | {3: ("C", "broken")}, 2_000)
        assert life_of(store, 3).condition == "broken"
        undo(store, 2)
        assert life_of(store, 3).condition == ""


def test_what_somebody_said_since_stays_and_is_named(tmp_path: Path) -> None:
    """A later word or a later import holds a line; the others are taken back."""
    with a_store(tmp_path) as store:
        bring(store, FIRST, 1_000)
        bring(store, SECOND, 2_000)
        say(store, 1, "repair")
        bring(store, SECOND | {4: ("D2", "good")}, 4_000)
        before = lines_in(store)
        record = undo(store, 2)
        assert record is not None
        assert record.remaining == (1, 4)
        after = lines_in(store)
        assert (after[1], after[4]) == (before[1], before[4])
        assert after[2].removed_ms is None
        assert life_of(store, 1).condition == "repair"


def test_an_import_that_changes_nothing_is_none(tmp_path: Path) -> None:
    """There would be nothing to take back."""
    with a_store(tmp_path) as store:
        bring(store, FIRST, 1_000)
        bring(store, FIRST, 2_000)
        assert [record.no for record in store.read(imports_of, SCHOOL)] == [1]


def test_a_tag_that_another_line_has_by_now_is_not_given_twice() -> None:
    """The line whose tag it was stays as the import left it."""
    old = Kept(no=1, data=Line(row=1, asset_tag="TS-1", name="bàn"))
    became = replace(old, removed_ms=5)
    taken = Kept(no=2, data=Line(row=1, asset_tag="TS-1", name="ghế"))
    done = undoing([became, taken], changes_of([old], [became], {}), (), 9)
    assert (done.writes, done.remaining) == ((), (1,))


def test_a_number_that_another_line_has_by_now_is_not_given_twice() -> None:
    """The line that comes back has the next free one."""
    old = Kept(no=1, data=Line(row=1, asset_tag="TS-1"))
    became = replace(old, removed_ms=5)
    other = Kept(no=2, data=Line(row=1, asset_tag="TS-2"))
    done = undoing([became, other], changes_of([old], [became], {}), (), 9)
    assert [(entry.no, entry.data.row, entry.removed_ms) for entry in done.writes] == [(1, 2, None)]


BOOKS = st.dictionaries(
    st.integers(1, 6), st.tuples(st.sampled_from("ABC"), st.just("")), max_size=6
)


@given(
    first=BOOKS,
    second=BOOKS,
    edited=st.sets(st.integers(1, 6)),
    busy=st.sets(st.integers(1, 12)),
    whole=st.booleans(),
)
def test_untouched_lines_are_as_before_and_the_others_named(
    *, first: Book, second: Book, edited: set[int], busy: set[int], whole: bool
) -> None:
    """Held against plain dicts: what each tag was, and who touched it since."""
    start = merged([], lines(first), now_ms=1).writes
    second_import = merged(start, lines(second), whole=whole, now_ms=2).writes
    now = {entry.no: entry for entry in (*start, *second_import)}
    by_tag = {entry.data.asset_tag: no for no, entry in now.items()}
    for no in [by_tag[f"TS-{row}"] for row in edited if f"TS-{row}" in by_tag]:
        now[no] = replace(now[no], data=replace(now[no].data, model="by a person"))
    done = undoing([*now.values()], changes_of(start, second_import, {}), busy, 9)
    then = now | {entry.no: entry for entry in done.writes}
    changed = {entry.no for entry in second_import}
    touched = {by_tag[f"TS-{row}"] for row in edited if f"TS-{row}" in by_tag} | busy
    assert {*done.remaining} == changed & touched
    was = {entry.no: entry for entry in start}
    for no in changed - touched:
        if no in was:
            assert then[no] == was[no]
        else:
            assert then[no].removed_ms == 9
    assert all(then[no] == now[no] for no in now.keys() - (changed - touched))


def test_by_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Imports are listed, and one is taken back by its number."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", SCHOOL.school)
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", SCHOOL.province)
    fresh_folder(tmp_path / "data")
    book = tmp_path / "so.csv"
    book.write_text("STT;Mã tài sản;Tên thiết bị;Phòng\n1;TS-1;Camera;6A1\n", encoding="utf-8")

    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["register", *words, "--data", str(tmp_path / "data")])
        return code, capsys.readouterr().out

    assert run("import", str(book))[0] == 0
    listed = run("imports")[1].split("\t")
    assert (listed[0], listed[3], listed[4]) == (
        "1",
        "so.csv",
        "1 dòng mới, 0 dòng thay đổi; 0 dòng rời sổ.",
    )
    assert run("undo-import", "1") == (0, "Đã hoàn tác.\n")
    assert run("imports")[1].endswith("hoàn tác\n")
    assert run("undo-import", "5")[0] != 0


def test_by_the_page(tmp_path: Path) -> None:
    """One press takes it back; pressed twice it is done once; another number is refused."""
    with a_store(tmp_path) as store:
        bring(store, FIRST, 1_000)
        with Served(store) as served, http_client(served.url, cookies={"lang": "en"}) as web:
            page = web.get("/register/imports").text
            assert "1000.csv" in page
            assert 'action="/register/imports/1/undo"' in page
            for _ in range(2):
                assert web.post("/register/imports/1/undo").status_code == 303
            page = web.get("/register/imports").text
            assert "Undone." in page
            assert "/imports/1/undo" not in page
            assert "failed" in web.post("/register/imports/8/undo").headers["location"]
        assert all(entry.removed_ms for entry in lines_in(store).values())


def test_the_oldest_imports_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many, or with too many lines; the newest one stays, and so do other schools' own."""
    monkeypatch.setattr(import_store, "IMPORTS_KEPT", 3)
    other = Place(SCHOOL.province, "0001")
    with a_store(tmp_path) as store:
        with store.locked(other) as db:
            register.bring_in(db, other, lines(FIRST), whole=True, now_ms=1, who="a", file="a.csv")
        for step in range(5):
            bring(store, {1: (f"A{step}", "good")}, 1_000 + step)
        assert [record.no for record in store.read(imports_of, SCHOOL)] == [5, 4, 3]
        assert [record.no for record in store.read(imports_of, other)] == [1]
        with store.view() as db:
            left = [import_store.changes_in(db, SCHOOL, no) for no in (1, 2, 3, 4, 5)]
            assert [len(changes) for changes in left] == [0, 0, 1, 1, 1]
            assert len(import_store.changes_in(db, other, 1)) == len(FIRST)
        assert undo(store, 2) is None
        assert undo(store, 5) is not None
        monkeypatch.setattr(import_store, "LINES_KEPT", 4)
        bring(store, {row: (f"B{row}", "good") for row in range(1, 10)}, 2_000)
        assert [record.no for record in store.read(imports_of, SCHOOL)] == [6]
        bring(
            store, {1: ("C", "good"), **{row: (f"B{row}", "good") for row in range(2, 10)}}, 3_000
        )
        assert [record.no for record in store.read(imports_of, SCHOOL)] == [7]
        assert undo(store, 7) is not None
        assert lines_in(store)[1].data.maker == "B1"
