"""Whoever has the file and changes it by hand is found, by what was changed and where."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.database.forgetting import PUPILS as TERM
from controller.database.forgetting import Step, Term, forget
from controller.database.store import Store
from controller.evidence.findings import Flaw
from controller.evidence.signatures import is_signed
from controller.evidence.store import evidence_of
from controller.evidence.verdict import Verdict, verdict_on
from controller.features import ages_of_pupils
from controller.students.store import erase
from protocol.chain import hash_of
from protocol.messages import AttendanceMarked
from tests.controller.evidence.schools import (
    AGENTS,
    BEGAN,
    DAY_MS,
    LESSONS,
    PUPILS,
    SCHOOL,
    ZONE,
    RoomAgent,
    school_file,
    store_lessons,
)
from tests.postgres import Cluster

Row = tuple[str, str]  # table, event_id
NO_COLUMNS = frozenset({"v", "boot", "id", "seq", "age_s", "hash"})


class Hands:
    """A database in the hands of who knows SQL, of either kind."""

    def __init__(self, db: Any, mark: str) -> None:
        self._db = db
        self._mark = mark

    def execute(self, statement: str, values: Sequence[object] = ()) -> Any:
        """Say it; ? stands for each value."""
        if not values:
            return self._db.execute(statement)
        return self._db.execute(statement.replace("?", self._mark), values)


@contextmanager
def school() -> Iterator[Path]:
    """A school's database in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lophoc.db"
        path.write_bytes(school_file())
        yield path


@contextmanager
def by_hand(path: Path) -> Iterator[Hands]:
    """The file, in the hands of who knows SQL."""
    with closing(sqlite3.connect(path)) as db:
        yield Hands(db, "?")
        db.commit()


@contextmanager
def by_hand_at(url: str) -> Iterator[Hands]:
    """The server's database, likewise."""
    with psycopg.connect(url) as db:
        yield Hands(db, "%s")


@pytest.fixture(scope="module")
def schools_on_server(cluster: Cluster) -> Callable[[], str]:
    """Answers the URL of such a school's database on PostgreSQL, a new one each time."""
    url = cluster.fresh()
    with Store(url) as store:
        store_lessons(store, [RoomAgent(name) for name in AGENTS], range(LESSONS))
    template = url.partition("?")[0].rpartition("/")[2]
    return lambda: cluster.fresh(template)


def judged(path: Path) -> Verdict:
    """What verify says of it."""
    return judged_at(f"sqlite:///{path}")


def judged_at(url: str) -> Verdict:
    """The same of any database."""
    with Store(url) as store:
        return verdict_on(store.read(evidence_of, SCHOOL), ZONE, is_signed)


def rows_in(db: Hands) -> list[Row]:
    """Every record, in the order of its chain."""
    names = [
        (table, name, at_ms)
        for table in ("rolls", "marks")
        for name, at_ms in db.execute(f"SELECT event_id, at_ms FROM {table}")  # noqa: S608
    ]
    ordered = sorted(names, key=lambda row: (row[1].partition("-")[0], row[2]))
    return [(table, name) for table, name, _ in ordered]


def set_field(db: Hands, row: Row, field: str, value: object) -> None:
    """Write one field of one record."""
    table, name = row
    db.execute(f"UPDATE {table} SET {field} = ? WHERE event_id = ?", (value, name))  # noqa: S608


def delete(db: Hands, rows: list[Row]) -> None:
    """Take records out."""
    for table, name in rows:
        db.execute(f"DELETE FROM {table} WHERE event_id = ?", (name,))  # noqa: S608


def insert_copy(db: Hands, row: Row, **changed: object) -> None:
    """Put a record in that is made after another."""
    table, name = row
    described = db.execute(f"SELECT * FROM {table} WHERE 1 = 0").description  # noqa: S608
    columns = [each[0] for each in described if each[0] != "no"]
    values = db.execute(
        f"SELECT {', '.join(columns)} FROM {table} WHERE event_id = ?",  # noqa: S608
        (name,),
    ).fetchone()
    content = dict(zip(columns, values, strict=True)) | changed
    marks = ", ".join("?" * len(content))
    db.execute(
        f"INSERT INTO {table} ({', '.join(content)}) VALUES ({marks})",  # noqa: S608
        tuple(content.values()),
    )


def test_a_school_that_nobody_touched_holds() -> None:
    """No false alarm."""
    with school() as path:
        verdict = judged(path)
        assert (verdict.findings, verdict.records, verdict.unhashed) == ([], 30, 0)


CHANGES: dict[str, list[tuple[str, object]]] = {
    "rolls": [
        ("lines", "[]"),
        ("day", "2026-11-20"),
        ("day", "no day"),
        ("at_ms", BEGAN - DAY_MS),
        ("actor", "substitute"),
        ("room", "P999"),
        ("period", 5),
        ("subject", "Văn"),
        ("classes", '["10A2"]'),
        ("lesson", "p999-l0"),
        ("told_ms", 1),
        ("told_day", "2026-11-01"),
        ("teacher", "gv-other"),
    ],
    "marks": [
        ("status", "present"),
        ("student", "hs-z"),
        ("day", "2026-11-20"),
        ("at_ms", BEGAN - DAY_MS),
        ("method", "face"),
        ("why", "undone"),
        ("class_code", "10A2"),
        ("teacher", "gv-other"),
        ("told_ms", 1),
        ("hash", "ab"),
        ("before", "ab"),
    ],
}


@given(st.data())
@settings(max_examples=40)
def test_a_changed_field_is_found_where_it_is(data: st.DataObject) -> None:
    """Whichever field of whichever record."""
    with school() as path:
        with by_hand(path) as db:
            row = data.draw(st.sampled_from(rows_in(db)))
            field, value = data.draw(st.sampled_from(CHANGES[row[0]]))
            if field in {"lines", "day", "told_day", "period", "subject", "classes"}:
                opened = row[0] == "rolls" and row[1].endswith("-open")
                field, value = ("actor", "substitute") if opened else (field, value)
            set_field(db, row, field, value)
        assert row[1] in {finding.event_id for finding in judged(path).findings}


@given(st.data())
@settings(max_examples=25)
def test_records_taken_out_are_missed_unless_they_were_the_last(data: st.DataObject) -> None:
    """The next one misses its predecessor; a lesson misses its roll."""
    with school() as path:
        with by_hand(path) as db:
            rows = rows_in(db)
            begin = data.draw(st.integers(0, len(rows) - 2))
            end = data.draw(st.integers(begin + 1, len(rows)))
            delete(db, rows[begin:end])
        flaws = {finding.why for finding in judged(path).findings}
        per_agent = len(rows) // 2
        is_middle = end % per_agent != 0
        cuts_a_lesson = any(not name.endswith("-door") for _, name in rows[begin:end])
        if is_middle:
            assert Flaw.BEFORE_MISSING in flaws
        if cuts_a_lesson:
            assert flaws
        if not is_middle and not cuts_a_lesson:
            assert not flaws  # the last mark of a day, alone: only a head elsewhere misses it


@pytest.mark.parametrize("table", ["rolls", "marks"])
def test_an_emptied_table_is_missed(table: str) -> None:
    """Also where its lessons are emptied with it."""
    with school() as path:
        with by_hand(path) as db:
            db.execute(f"DELETE FROM {table}")  # noqa: S608
            db.execute("DELETE FROM lessons")
        assert Flaw.EMPTIED in {finding.why for finding in judged(path).findings}


class Attack(NamedTuple):
    """A deed by hand, and what verify must answer."""

    do: Callable[[Hands], object]
    flaws: set[Flaw]


def forge(db: Hands) -> None:
    """Put a record in whose hash is right."""
    insert_copy(db, ("marks", "p203-l1-fix"), event_id="forged")
    set_field(db, ("marks", "forged"), "hash", rehashed(db, "forged"))


def rehashed(db: Hands, name: str) -> str:
    """The hash of a mark as it stands, as an insider computes it."""
    columns = [name for name in AttendanceMarked.__struct_fields__ if name not in NO_COLUMNS]
    values = db.execute(
        f"SELECT {', '.join(columns)} FROM marks WHERE event_id = ?",  # noqa: S608
        (name,),
    ).fetchone()
    said = dict(zip(columns, values, strict=True))
    for field in ("teacher", "proof"):  # not said where the school does not ask
        if said[field] is None:
            del said[field]
    return hash_of(AttendanceMarked(boot="", id=name, **said))


def swap(db: Hands) -> None:
    """Let two marks change their places in the table, all but their names and links."""
    for field in ("student", "status"):
        values = [
            db.execute(f"SELECT {field} FROM marks WHERE event_id = ?", (name,)).fetchone()[0]  # noqa: S608
            for name in ("p203-l0-fix", "p203-l0-door")
        ]
        set_field(db, ("marks", "p203-l0-fix"), field, values[1])
        set_field(db, ("marks", "p203-l0-door"), field, values[0])


ATTACKS = {
    "a record put in": Attack(forge, {Flaw.FORKED}),
    "a record put in without a hash": Attack(
        lambda db: insert_copy(
            db, ("marks", "p203-l1-door"), event_id="x", hash="", before="", status="present"
        ),
        {Flaw.UNHASHED},
    ),
    "a proof put in": Attack(
        lambda db: set_field(db, ("marks", "p203-l1-fix"), "proof", "pin"), {Flaw.CHANGED}
    ),
    "a proof taken away": Attack(
        lambda db: set_field(db, ("marks", "p204-l1-fix"), "proof", None), {Flaw.CHANGED}
    ),
    "a proof bettered": Attack(
        lambda db: set_field(db, ("rolls", "p204-l1-open"), "proof", "pin"), {Flaw.CHANGED}
    ),
    "hashes taken away": Attack(
        lambda db: db.execute("UPDATE marks SET hash = '', before = '' WHERE event_id LIKE '%fix'"),
        {Flaw.UNHASHED, Flaw.BEFORE_MISSING},
    ),
    "two swapped": Attack(swap, {Flaw.CHANGED, Flaw.RECOUNTED}),
    "a tombstone by hand": Attack(
        lambda db: db.execute(
            "UPDATE marks SET student = '-', erased = ? WHERE event_id = 'p203-l0-door'", (True,)
        ),
        {Flaw.ERASED_UNASKED},
    ),
    "a change called a tombstone": Attack(
        lambda db: db.execute(
            "UPDATE marks SET status = 'present', erased = ? WHERE event_id = 'p203-l0-door'",
            (True,),
        ),
        {Flaw.ERASED_UNASKED},
    ),
    "recounted totals": Attack(
        lambda db: db.execute(
            "UPDATE lessons SET counts = replace(counts, 'late', 'present')"
            " WHERE lesson = 'p203-l0'"
        ),
        {Flaw.RECOUNTED},
    ),
    "a lesson on another day": Attack(
        lambda db: db.execute("UPDATE lessons SET day = '2026-11-30' WHERE lesson = 'p203-l0'"),
        {Flaw.RECOUNTED},
    ),
    "an estimate without need": Attack(
        lambda db: db.execute(
            "UPDATE marks SET told_ms = at_ms, at_ms = at_ms + 60000"
            " WHERE event_id = 'p203-l0-door'"
        ),
        {Flaw.MOVED},
    ),
    "a correction read before its roll": Attack(
        lambda db: db.execute("UPDATE marks SET seq = 1 WHERE event_id = 'p203-l0-fix'"),
        {Flaw.MOVED, Flaw.RECOUNTED},
    ),
    "a correction of before there were places": Attack(
        lambda db: db.execute("UPDATE marks SET run = 0 WHERE event_id = 'p203-l0-fix'"),
        {Flaw.MOVED, Flaw.RECOUNTED},
    ),
    "another room's records": Attack(
        lambda db: db.execute("UPDATE marks SET agent = 'p204' WHERE event_id = 'p203-l0-fix'"),
        {Flaw.BEFORE_MISSING, Flaw.RECOUNTED},
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_deed_by_hand_is_called_by_its_name(name: str) -> None:
    """And nothing else is said of the school."""
    attack = ATTACKS[name]
    with school() as path:
        with by_hand(path) as db:
            attack.do(db)
        assert {finding.why for finding in judged(path).findings} == attack.flaws


@pytest.mark.parametrize("name", ATTACKS)
def test_a_deed_by_hand_on_a_server_is_called_by_the_same_name(
    name: str, schools_on_server: Callable[[], str]
) -> None:
    """What a file's attacker can do, a database server's can."""
    attack, url = ATTACKS[name], schools_on_server()
    with by_hand_at(url) as db:
        attack.do(db)
    assert {finding.why for finding in judged_at(url).findings} == attack.flaws


@given(data=st.data())
@settings(max_examples=6, deadline=None)
def test_a_changed_field_on_a_server_is_found_where_it_is(
    schools_on_server: Callable[[], str], data: st.DataObject
) -> None:
    """A few of those that are tried on files; untouched, the same school holds."""
    url = schools_on_server()
    assert judged_at(url).findings == []
    with by_hand_at(url) as db:
        row = data.draw(st.sampled_from([row for row in rows_in(db) if row[0] == "marks"]))
        field, value = data.draw(st.sampled_from(CHANGES["marks"]))
        set_field(db, row, field, value)
    assert row[1] in {finding.event_id for finding in judged_at(url).findings}


def test_the_place_in_the_table_is_no_evidence() -> None:
    """Numbers of rows say when something arrived; what counts goes by the chain."""
    with school() as path:
        with by_hand(path) as db:
            db.execute("UPDATE marks SET no = 1000 - no")
        assert judged(path).findings == []


@given(st.integers(1, 2 * DAY_MS))
@settings(max_examples=5)
def test_what_the_term_lets_go_is_not_missed_and_a_gap_behind_it_is(after_ms: int) -> None:
    """The chain then begins in its middle."""
    with school() as path:
        with Store(f"sqlite:///{path}") as store:
            term = Term(TERM, ages_of_pupils(), 400)
            store.write(forget, Step(term, BEGAN + after_ms, 1), BEGAN + 400 * DAY_MS)
        assert judged(path).findings == []
        with by_hand(path) as db:
            delete(db, [row for row in rows_in(db) if row[1] == "p204-l2-open"])
        assert Flaw.BEFORE_MISSING in {finding.why for finding in judged(path).findings}


@given(st.sampled_from(PUPILS), st.data())
@settings(max_examples=5)
def test_an_erasure_holds_until_its_proof_is_taken_away(pupil: str, data: st.DataObject) -> None:
    """The tombstones are explained, and what is not tombstoned is still covered."""
    with school() as path:
        with Store(f"sqlite:///{path}") as store:
            name = store.write(
                erase, SCHOOL, pupil, actor="office", copies={}, now_ms=BEGAN + 9 * DAY_MS
            )
        assert judged(path).findings == []
        with by_hand(path) as db:
            if data.draw(st.booleans()):
                db.execute("UPDATE erasures SET done_ms = 1, digest = ''")
                flaw = Flaw.ERASURE_UNPROVEN
            else:
                db.execute("DELETE FROM erasures WHERE erasure = ?", (name,))
                db.execute("DELETE FROM erasing_agents")
                db.execute("DELETE FROM facts WHERE name = 'erasures'")
                flaw = Flaw.ERASED_UNASKED
        assert {finding.why for finding in judged(path).findings} == {flaw}
