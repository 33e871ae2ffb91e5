"""Stocktakes are kept: each scan once, the list as it was, nothing changed after the end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.__main__ import main
from controller.database.store import Store
from controller.reconcile.store import observations_of_scans
from controller.register import life_store as lives
from controller.register import store as register
from controller.register.book import Line
from controller.register.life import Why
from controller.stocktake import store as stocktake
from controller.stocktake.count import Outcome, Stocktake, counted
from controller.stocktake.scan import Scan
from protocol.model import Place
from tests.databases import Database, sqlite_in

HERE, OTHER = Place("79", "00123"), Place("79", "00999")
NOW = 1_788_567_000_000
LINES = (
    Line(row=1, asset_tag="TB-001", type="board", room="P203", serial="0012345", year=2024),
    Line(row=2, type="desk", room="P203"),
    Line(row=3, asset_tag="TB-003", type="chair", room="P204", year=2020),
)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    with Store(database.url) as opened:
        for place, lines in ((HERE, LINES), (OTHER, LINES[1:])):
            with opened.locked(place) as db:
                register.bring_in(db, place, lines, whole=True, now_ms=NOW)
        yield opened


def begun(store: Store, *rooms: str, place: Place = HERE) -> Stocktake:
    with store.locked(place) as db:
        take = stocktake.begin(db, place, rooms, who="lan", now_ms=NOW)
    assert take is not None
    return take


def sent(store: Store, no: int, *scans: Scan, now_ms: int = NOW + 60_000) -> stocktake.ScanReceipt:
    with store.locked(HERE) as db:
        take = stocktake.stocktake_of(db, HERE, no)
        assert take is not None
        return stocktake.keep_scans(
            db, HERE, take, scans, sent_ms=now_ms, who="phone", now_ms=now_ms
        )


def scan(number: int, **told: object) -> Scan:
    base = {"id": f"scan-{number:04}", "room": "P203", "at_ms": NOW + number}
    return Scan(**(base | told))  # type: ignore[arg-type]  # a table's values


def test_a_stocktake_is_kept_with_its_list_and_numbered_by_school(store: Store) -> None:
    """The book may change afterwards: the list is the one of its beginning."""
    first, second = begun(store), begun(store, "P203")
    assert (first.no, second.no, begun(store, place=OTHER).no) == (1, 2, 1)
    with store.locked(HERE) as db:
        register.bring_in(db, HERE, LINES[:1], whole=True, now_ms=NOW + 1)
    with store.view() as db:
        assert stocktake.stocktake_of(db, HERE, 1) == first
        assert [each.no for each in stocktake.stocktakes_of(db, HERE)] == [2, 1]
        assert stocktake.stocktake_of(db, HERE, 3) is None


def test_no_stocktake_begins_without_lines(store: Store) -> None:
    """A room that the book does not know, or an empty book."""
    with store.locked(HERE) as db:
        assert stocktake.begin(db, HERE, ["P999"], who="", now_ms=NOW) is None
    empty = Place("79", "00777")
    with store.locked(empty) as db:
        assert stocktake.begin(db, empty, [], who="", now_ms=NOW) is None


def test_a_batch_that_comes_twice_is_kept_once(store: Store) -> None:
    """The phone is told what is kept; what was kept first stands."""
    begun(store)
    batch = [scan(1, line=1, quality_pct=90), scan(2, asset_tag="TB-003")]
    once = sent(store, 1, *batch)
    twice = sent(store, 1, *batch, scan(1, found=False, line=1), now_ms=NOW + 90_000)
    assert once == (("scan-0001", "scan-0002"), ())
    assert twice.kept == ("scan-0001", "scan-0002", "scan-0001")
    with store.view() as db:
        told = stocktake.scans_of(db, HERE, 1)
        assert stocktake.scans_of(db, OTHER) == []
    assert [(each.id, each.found, each.quality_pct) for each in told] == [
        ("scan-0001", True, 90),
        ("scan-0002", True, None),
    ]
    assert told[0].seen_ms == NOW + 1
    assert told[0].who == "phone"


def test_what_comes_after_the_end_changes_nothing_and_is_told(store: Store) -> None:
    """It is kept as evidence; sent again it is late again, and what was in time stays in time."""
    take = begun(store)
    sent(store, 1, scan(1, line=1))
    with store.locked(HERE) as db:
        assert stocktake.finish(db, HERE, 1, who="lan", now_ms=NOW + 70_000)
        assert not stocktake.finish(db, HERE, 1, who="minh", now_ms=NOW + 80_000)
    for _ in range(2):
        told = sent(store, 1, scan(1, line=1), scan(2, line=2), now_ms=NOW + 90_000)
        assert told == (("scan-0001",), ("scan-0002",))
    with store.view() as db:
        scans = stocktake.scans_of(db, HERE, 1)
        seen = observations_of_scans(db, HERE)
        ended = stocktake.stocktakes_of(db, HERE)[0]
    assert counted(take, scans).count(Outcome.UNCOUNTED) == 2
    assert [each.line for each in seen] == [1, 2]
    assert (ended.finished_ms, ended.finished_by) == (NOW + 70_000, "lan")


def test_scans_are_evidence_for_the_register(
    store: Store,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By tag, by serial, and of a line that has neither; a scan taken back is none."""
    monkeypatch.setenv("LOPHOC_CONTROLLER_PROVINCE", HERE.province)
    monkeypatch.setenv("LOPHOC_CONTROLLER_SCHOOL", HERE.school)
    begun(store)
    sent(
        store,
        1,
        scan(1, serial="001 2345", room="P204"),
        scan(2, line=2, condition="broken"),
        scan(3, asset_tag="TB-003"),
        scan(4, cancels="scan-0003"),
        scan(5, type="fan"),
        scan(6, asset_tag="NEW-9", found=False),
    )
    as_of = "2026-09-06T07:00:00+07:00"
    assert main(["reconcile", "--as-of", as_of, "--json", "--data", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    states = {row: each["state"] for row, each in told["per_row"].items()}
    assert states == {"1": "moved", "2": "no_asset_tag", "3": "never_seen"}
    assert told["kpi"]["verified_within_365d"] == 2
    assert told["kpi"]["complete_and_verified"] == 1
    assert [each["type"] for each in told["unregistered"]] == ["fan"]


def test_printed_labels_are_remembered(store: Store) -> None:
    """Once each, without case and spaces, by school."""
    with store.locked(HERE) as db:
        stocktake.note_labels(db, HERE, ["TB-001", "tb-001 "], NOW)
        stocktake.note_labels(db, HERE, ["TB-001", "0007"], NOW + 1)
        assert stocktake.labelled(db, HERE) == {"tb-001", "0007"}
        assert stocktake.labelled(db, OTHER) == frozenset()


def test_a_stocktake_from_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Begun, listed, its minutes written in both kinds, ended once."""
    data = ("--data", str(tmp_path))
    assert main(["stocktake", "begin", *data]) == 2  # no book yet
    with Store(sqlite_in(tmp_path)) as store, store.locked(Place()) as db:
        register.bring_in(db, Place(), LINES, whole=True, now_ms=NOW)
    assert main(["stocktake", "begin", "--room", "phòng 203", *data]) == 0
    assert "/stocktake/1" in capsys.readouterr().out
    for kind in ("xlsx", "docx"):
        assert main(["stocktake", "minutes", "1", "-o", str(tmp_path / f"b.{kind}"), *data]) == 0
        assert (tmp_path / f"b.{kind}").read_bytes()[:2] == b"PK"
    assert main(["stocktake", "minutes", "1", "-o", str(tmp_path / "b.pdf"), *data]) == 2
    assert main(["stocktake", "minutes", "9", "-o", str(tmp_path / "b.xlsx"), *data]) == 2
    capsys.readouterr()
    assert main(["stocktake", "list", *data]) == 0
    assert "0/2\tđang kiểm kê" in capsys.readouterr().out
    assert main(["stocktake", "finish", "1", *data]) == 0
    assert main(["stocktake", "finish", "1", *data]) == 2


def test_what_a_stocktake_tells_of_conditions_is_in_the_lines_lives(store: Store) -> None:
    """Its end is a step of each line that it judged, once; the next one begins with it."""
    take = begun(store)
    line = take.lines[0].no
    sent(store, take.no, scan(1, line=line, condition="broken", quality_pct=40))
    with store.locked(HERE) as db:
        assert stocktake.finish(db, HERE, take.no, who="lan", now_ms=NOW + 90_000)
        assert not stocktake.finish(db, HERE, take.no, who="lan", now_ms=NOW + 91_000)
    with store.view() as db:
        (step,) = lives.standing_of(db, HERE).values()
    told = (step.line, step.condition, step.why, step.quality_pct, step.at_ms)
    assert told == (line, "broken", Why.STOCKTAKE, 40, NOW + 1)
    then = begun(store)
    assert next(each.condition for each in then.book if each.no == line) == "broken"
