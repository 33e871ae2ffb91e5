"""A pull reads what has changed and nothing else, on either database."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, event

from controller.database.store import Store
from controller.department.marks_store import SharedMarks
from controller.inventory import store as assets
from controller.inventory.asset import Asset
from controller.inventory.chosen import Chosen
from protocol.model import Place
from tests.databases import Database

PROVINCE, DEPARTMENT = Place("14"), Place("14", "so")
SCHOOL = Place("14", "s7")
ROWS = 6000


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """Twenty schools' items, in an order that is not that of their ids."""
    with Store(database.url) as store:
        told = [
            Asset(place=Place("14", f"s{n % 20}"), device_id=f"d{n * 7919 % ROWS:05}", change=n + 1)
            for n in range(ROWS)
        ]
        with store.locked(DEPARTMENT) as db:
            assets.keep_assets(db, told)
        if database.kind == "postgresql":
            database.say("ANALYZE assets")
        yield store


def plans(store: Store, scope: Place) -> list[str]:
    """How the database goes about a pull of the last changes, and about finding the newest."""

    def ask(db: Connection) -> None:
        assert assets.changes(db, scope, since=ROWS - 50, limit=1001, chosen=Chosen(), now_ms=0)
        assert assets.newest_change(db, scope) > ROWS - 20

    return plans_of(store, ask)


def plans_of(store: Store, ask: Callable[[Connection], object]) -> list[str]:
    """How the database goes about each question that is asked."""
    with store.view() as db:
        asked: list[tuple[str, object]] = []

        def note(_db: object, _cursor: object, text: str, values: object, *_: object) -> None:
            asked.append((text, values))

        event.listen(db, "before_cursor_execute", note)
        ask(db)
        event.remove(db, "before_cursor_execute", note)
        explain = "EXPLAIN" if db.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        return [
            "\n".join(str(row) for row in db.exec_driver_sql(f"{explain} {text}", values))
            for text, values in asked
        ]


@pytest.mark.parametrize(
    ("scope", "index"),
    [(PROVINCE, "assets_change"), (SCHOOL, "assets_school_change")],
    ids=["department", "school"],
)
def test_a_pull_uses_the_index_of_changes(store: Store, scope: Place, index: str) -> None:
    """It neither reads the whole table, nor sorts what a scope holds."""
    pull, newest = plans(store, scope)
    for plan in (pull, newest):
        assert index in plan
        assert "Seq Scan" not in plan
        assert "SCAN assets" not in plan
        assert "TEMP B-TREE" not in plan


def test_which_schools_list_one_mark_is_followed_by_what_changed(
    store: Store, database: Database
) -> None:
    """A look reads the changes since the last one, and no list as a whole."""
    watch = SharedMarks("14")
    with store.view() as db:
        while watch.since < ROWS - 50:
            watch.follow(db)
    rows = 20
    told = [Asset(place=SCHOOL, device_id=f"d{n:05}", change=ROWS + n + 1) for n in range(rows)]
    with store.locked(DEPARTMENT) as db:
        assets.keep_assets(db, told)
    for plan in plans_of(store, watch.follow):
        assert "Seq Scan" not in plan
        assert "SCAN assets" not in plan
    assert watch.since == ROWS + rows
    assert database.kind in {"sqlite", "postgresql"}


@pytest.mark.parametrize("scope", [PROVINCE, SCHOOL], ids=["department", "school"])
def test_a_picture_goes_on_where_it_was(store: Store, scope: Place) -> None:
    """The next thousand items are read from an index; the table is never sorted whole."""
    last = Asset(place=SCHOOL, device_id=f"d{ROWS // 2:05}", counted_for=SCHOOL.school)

    def ask(db: Connection) -> None:
        assert assets.items(db, scope, Chosen(), now_ms=0, after=last, limit=20)

    plan = plans_of(store, ask)[0]
    assert "assets_counted" in plan
    assert "Seq Scan" not in plan
    assert "SCAN assets" not in plan


def test_changes_come_in_order_and_only_the_scopes(store: Store) -> None:
    """Page by page, each change once."""
    with store.view() as db:
        seen, since = [], 0
        while page := assets.changes(db, SCHOOL, since=since, limit=70, chosen=Chosen(), now_ms=0):
            since = page[-1].change
            seen += [each.change for each in page]
    assert seen == [n + 1 for n in range(ROWS) if n % 20 == 7]
