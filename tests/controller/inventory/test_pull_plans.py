"""A pull reads what has changed and nothing else, on either database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import event

from controller.database.store import Store
from controller.inventory import store as assets
from controller.inventory.asset import Asset
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
    with store.view() as db:
        asked: list[tuple[str, object]] = []

        def note(_db: object, _cursor: object, text: str, values: object, *_: object) -> None:
            asked.append((text, values))

        event.listen(db, "before_cursor_execute", note)
        assert assets.changes(db, scope, since=ROWS - 50, limit=1001)
        assert assets.newest_change(db, scope) > ROWS - 20
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


def test_changes_come_in_order_and_only_the_scopes(store: Store) -> None:
    """Page by page, each change once."""
    with store.view() as db:
        seen, since = [], 0
        while page := assets.changes(db, SCHOOL, since=since, limit=70):
            since = page[-1].change
            seen += [each.change for each in page]
    assert seen == [n + 1 for n in range(ROWS) if n % 20 == 7]
