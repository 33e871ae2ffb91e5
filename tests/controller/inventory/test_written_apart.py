"""What a process of its own writes is what this one would have written."""

from __future__ import annotations

import contextlib
import gzip
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
import pytest
from msgspec.structs import replace

from controller.database.store import Store
from controller.inventory import store as assets
from controller.inventory.apart import order_of_picture, order_of_pull, written_apart
from controller.inventory.chosen import Chosen
from controller.inventory.exports.picture import ExportForm
from controller.inventory.feed import Feed, Format, written
from controller.inventory.paced import PacedStore
from protocol.model import Place
from tests.controller.some_assets import NOW_MS, SCHOOL, many
from tests.databases import Database, sqlite_in
from tests.tiers import wide
from tests.waiting import until

ABOVE = Place(SCHOOL.province, "so")
NAME = "THCS Nguyễn Du"


def children() -> list[psutil.Process]:
    """The processes that write for this one."""
    found = []
    for one in psutil.Process(os.getpid()).children():
        with contextlib.suppress(psutil.Error):
            if "controller.inventory.apart" in one.cmdline():
                found.append(one)
    return found


@pytest.mark.parametrize("count", [30, *wide(300, 2500)])
def test_what_is_written_apart_is_what_is_written_here(postgresql: Database, count: int) -> None:
    """A pull and whole pictures, byte by byte; who goes away leaves no process behind."""
    with Store(postgresql.url) as store:
        with store.locked(SCHOOL) as db:
            told = [replace(one, change=n) for n, one in enumerate(many(count), 1)]
            assets.keep_assets(db, told)
        feed = Feed(
            store, Place(SCHOOL.province), ABOVE, ZoneInfo("Asia/Ho_Chi_Minh"), lambda: NOW_MS
        )
        spell = feed.begin("")
        pulled = order_of_pull(feed, spell, Chosen(), 9_000, Format.NDJSON)
        here = b"".join(written(feed.pour(spell, Chosen(), 9_000), Format.NDJSON))
        assert b"".join(written_apart(pulled)) == here
        assert gzip.decompress(b"".join(written_apart(replace(pulled, is_packed=True)))) == here
        assert here.count(b"\n") == count
        picture = feed.picture(Chosen(), NAME)
        told = b"".join(written_apart(order_of_picture(picture, ExportForm.SNIPEIT)))
        assert told == b"".join(picture.written(ExportForm.SNIPEIT))
        unread = written_apart(pulled)
        assert children()
        unread.close()
        assert not children()
        cut = written_apart(pulled)
        assert next(iter(cut))
        assert children()
        del cut
        until(lambda: not children(), "the process goes with who asked")


def test_a_process_that_cannot_begin_is_an_error(postgresql: Database) -> None:
    """Before the first byte is answered."""
    with Store(postgresql.url) as store:
        feed = Feed(store, Place(SCHOOL.province), ABOVE, ZoneInfo("UTC"), lambda: NOW_MS)
        order = order_of_picture(feed.picture(Chosen(), NAME), ExportForm.XLSX)
        assert b"".join(written_apart(order)).startswith(b"PK")
        with pytest.raises(OSError, match="did not begin"):
            written_apart(replace(order, database="postgresql:///nowhere?host=/nowhere"))


def test_who_writes_rests_by_what_is_told_meanwhile(tmp_path: Path) -> None:
    """Not at all while nobody tells, and never for long at once."""
    rests: list[float] = []
    items = [replace(one, change=n) for n, one in enumerate(many(700), 1)]
    with PacedStore(sqlite_in(tmp_path), SCHOOL.province, rests.append) as store:
        for told in (0, 0, 10, 700):
            store.write(assets.keep_assets, items[:told])
            with store.view() as db:
                assert assets.newest_change(db, SCHOOL) == told
    assert rests == [0, 0.04, 1]
