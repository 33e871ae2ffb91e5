"""This file tells a department schools' books by a seed, and holds every reader against plain sums.

As a program it tries as many as one likes: python -m tests.books.play FIRST LAST [postgresql].
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from controller.areas.areas import Area, Membership, Merger, MergerKind
from controller.database.store import Store
from controller.department.brief import item_of
from controller.department.marks import ContestedMark
from controller.department.marks_store import keep_marks
from controller.department.overview import Department
from controller.department.schools import ListPage
from controller.department.store import keep
from controller.forecast.store import groups_in
from controller.inventory.asset import Asset, AssetState, assets_of, news
from controller.inventory.chosen import Chosen
from controller.inventory.feed import Feed
from controller.inventory.store import count_items, refresh
from controller.inventory.store import items as items_in
from controller.reconcile.evidence import Observation, SeenBy, arrived
from controller.reconcile.reconcile import reconcile
from controller.register.book import Line
from controller.register.merging import Kept
from protocol.model import Place
from protocol.upward import ItemGone
from tests.books import sums
from tests.books.sums import DAY_MS, Row
from tests.controller.web_department import (
    OWN,
    SCOPE,
    forget_all,
    hear,
    know,
)
from tests.controller.web_school import NOW_MS, ZONE
from tests.databases import sqlite_in
from tests.postgres import Cluster, programs
from tests.seeds import play as play_seeds

FAMILIES = 25


def wrongs_of(seed: int, store: Store) -> Iterator[str]:
    """What a reader says otherwise than plain sums do."""
    dice = random.Random(seed)
    case = sums.a_case(dice, NOW_MS, FAMILIES)
    forget_all(store)
    know(store, areas_=[Area(code=code, parent=parent) for code, parent in sums.PARENTS.items()])
    for days in sorted({days for _, _, days in case["moves"]}):
        moved = [
            Membership(school=code, area=area, since="" if days < 0 else _day(days))
            for code, area, at in case["moves"]
            if at == days
        ]
        know(store, members=moved)
    know(store, merged=[Merger(old=old, new=new, since=_day(n)) for old, new, n in case["mergers"]])
    area = MergerKind.AREA
    know(
        store,
        merged=[
            Merger(old=old, new=new, since=_day(n), what=area)
            for old, new, n in case["merged_areas"]
        ],
    )
    if case["is_found_before"]:
        _contest(store, case)
    for code, school in case["schools"].items():
        if school["heard_ms"] is not None:
            hear(store, code, ago_ms=NOW_MS - school["heard_ms"])
    pages = [page for code in case["schools"] for page in _pages(case, code)]
    half = len(pages) // 2
    for part in (pages[:half], pages[half:]):
        with store.locked(OWN) as db:
            keep(db, part, NOW_MS)
        if part == pages[:half]:
            refresh(store, OWN, ZONE, NOW_MS)
    if not case["is_found_before"]:
        _contest(store, case)
    rows = sums.judged(case)
    for later_ms in case["asked"]:
        yield from _compare(store, case, rows, NOW_MS + later_ms)


def _day(days: int) -> str:
    return sums.day_of(NOW_MS + days * DAY_MS)


def _contest(store: Store, case: Row) -> None:
    """Have these pieces found to bear a mark that lives in several schools, as the ingest does."""
    marks = [
        ContestedMark(Place(SCOPE.province, row["school"]), "usb-1", _id_of(row), 1)
        for row in case["found"]
    ]
    with store.locked(OWN) as db:
        keep_marks(db, marks)


def _id_of(row: Row) -> str:
    return f"line:{row['no']}" if row["is_line"] else f"usb-{row['no']}"


def _pages(case: Row, code: str) -> tuple[ListPage, ListPage]:
    """A school judges its own book by its own clock, tells it, and then what is gone of it."""
    school, place = case["schools"][code], Place(SCOPE.province, code)
    own_ms, told_ms = school["own_ms"], school["told_ms"]
    book = [
        Kept(
            no=row["no"],
            data=Line(
                row=row["no"], asset_tag=row["tag"], type=row["type"], serial=row["serial"],
                room=row["room"], year=row["year"], quantity=row["quantity"],
                condition=row["condition"],
            ),
        )
        for row in sums.lines_in(case, code)
    ]  # fmt: skip
    sights = [
        Observation(
            at_ms=own_ms - one["ago_ms"], by=SeenBy(one["by"]), room=one["room"],
            serial=one["serial"], asset_tag=one["tag"], device=one["device"],
            condition=one["condition"],
        )
        for one in sums.sights_in(case, code)
    ]  # fmt: skip
    judged = assets_of(reconcile(book, arrived(sights, own_ms), own_ms), (), place)
    strangers = [
        Asset(
            place=place, device_id=_id_of(row), type=row["type"], serial=row["serial"],
            state=AssetState.UNREGISTERED, seen_ms=own_ms,
        )
        for row in case["rows"]
        if row["school"] == code and not row["is_line"]
    ]  # fmt: skip
    told = news({}, [*judged, *strangers], 0, 0, own_ms)
    items = tuple(map(item_of, told))
    changes = {item.item: item.change for item in items}
    gone = tuple(
        ItemGone(item=_id_of(row), change=changes[_id_of(row)] + 100, at_ms=own_ms)
        for row in case["rows"]
        if row["school"] == code and row["is_gone"]
    )
    return (
        ListPage(place, "f", items, (), last=True, at_ms=told_ms),
        ListPage(place, "f", (), gone, last=False, at_ms=told_ms),
    )


def _compare(store: Store, case: Row, rows: list[Row], now_ms: int) -> Iterator[str]:
    """Overview and areas, what rests on silent schools, feed, exports, forecast and lists."""
    counted = sums.counting(case, rows, now_ms, NOW_MS)
    homes = sorted({row["home"] for row in counted})
    by_home = {
        home: sums.summed((row for row in counted if row["home"] == home), now_ms) for home in homes
    }
    # No count is dear here, however slow the machine: else one of before is told meanwhile.
    department = Department(store, SCOPE, OWN, ZONE, lambda: now_ms, elapsed_s=lambda: 0)
    overview = department.overview()
    told = {
        school.code: {name: getattr(school.tally, name) for name in sums.COUNTS}
        for school in overview.schools
        if school.by_type
    }
    yield from _wrong("schools", told, by_home)
    yield from _wrong("rest", [*overview.whole.rest], sums.resting(case, counted, now_ms))
    feed = Feed(store, SCOPE, OWN, ZONE, lambda: now_ms)
    for area in (*sums.PARENTS, sums.NO_AREA):
        part = sums.lie_in(case, area, counted, now_ms, NOW_MS)
        figures = overview.area(area)
        counts = {name: getattr(figures.tally, name) for name in sums.COUNTS}
        yield from _wrong(f"area {area}", counts, sums.summed(part, now_ms))
        yield from _wrong(f"rest {area}", [*figures.rest], sums.resting(case, part, now_ms))
        fed = feed.of_area(area)
        keys = {_key(item) for item in fed.page(fed.begin(""), Chosen(), 10_000).items}
        yield from _wrong(f"feed {area}", keys, {_key_of(row) for row in part})
    stand = {_key_of(row): _seen(row, now_ms) for row in counted}
    fed = feed.page(feed.begin(""), Chosen(), 10_000).items
    yield from _wrong("feed", {_key(item): _said(item) for item in fed}, stand)
    with store.view() as db:
        groups = groups_in(db, SCOPE)
        missing = count_items(db, SCOPE, Chosen(state="missing"), now_ms)
        exported = {
            (one.home, one.place.school, one.device_id): (
                *(one.state.value, *one.also), one.verified, one.complete, one.quantity,
            )
            for one in items_in(db, SCOPE, Chosen(), now_ms=now_ms)
        }  # fmt: skip
    yield from _wrong("exports", exported, {key: _flat(value) for key, value in stand.items()})
    declared = sum(one["declared"] for one in by_home.values())
    yield from _wrong("forecast", sum(group.items for group in groups), declared)
    first = sum(value[0][0] == "missing" for value in stand.values())
    yield from _wrong("list of missing", missing, first)


def _seen(row: Row, now_ms: int) -> Any:
    stands = sums.standing(row, now_ms)
    things = row["quantity"] if row["is_line"] else 1
    return (stands["states"], stands["verified"], stands["complete"], things)


def _flat(stands: Any) -> tuple[Any, ...]:
    states, *rest = stands
    return (*states, *rest)


def _key(item: Any) -> tuple[str, str, str]:
    return item["counts_for"], item["school"], item["device_id"]


def _key_of(row: Row) -> tuple[str, str, str]:
    return row["home"], row["school"], _id_of(row)


def _said(item: Any) -> Any:
    states = (item["state"], *item["also"])
    return (states, item["verified"], item["complete"], item["quantity"])


def _wrong(reader: str, told: Any, expected: Any) -> Iterator[str]:
    """A sentence where they are not alike; of many only those that are not."""
    if told == expected:
        return
    if isinstance(told, dict):
        alike = {key for key in told if key in expected and told[key] == expected[key]}
        told = {key: value for key, value in told.items() if key not in alike}
        expected = {key: value for key, value in expected.items() if key not in alike}
    yield f"{reader}: told {told}, expected {expected}"


def main() -> int:
    """Play the seeds of the command line on one database, emptied between them."""
    if sys.argv[3:] == ["postgresql"]:
        found = programs()
        assert found, "no PostgreSQL on this machine"
        with Cluster(found) as cluster, Store(cluster.fresh()) as store:
            return play_seeds(lambda seed, _: wrongs_of(seed, store))
    with tempfile.TemporaryDirectory() as folder, Store(sqlite_in(Path(folder))) as store:
        return play_seeds(lambda seed, _: wrongs_of(seed, store))


if __name__ == "__main__":
    raise SystemExit(main())
