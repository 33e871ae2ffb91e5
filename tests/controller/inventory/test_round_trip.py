"""A book that was brought in, written out and brought in again is the book that it was.

As a program it tries as many books as one likes:
python -m tests.controller.inventory.test_round_trip FIRST LAST.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from controller.database.store import Store
from controller.inventory.chosen import Chosen
from controller.inventory.exports.picture import ExportForm
from controller.inventory.feed import Feed, Format, written
from controller.register import store as register
from controller.register.book import Book
from controller.register.intake import take_in, weigh
from controller.register.merging import Kept, Merged, MergeVerdict
from controller.register.reading import read_book
from controller.sheets.errors import SheetError
from tests.controller.register.written_books import case_of, write
from tests.controller.web_school import NAME, NOW_MS, SCHOOL, ZONE, a_store
from tests.seeds import play
from tests.tiers import one_short

_ALL = 1 << 40
BUNCH = 5
LAST = 10


@pytest.mark.parametrize("first", one_short(range(0, LAST, BUNCH)))
def test_a_book_written_out_and_brought_in_again_is_unchanged(tmp_path: Path, first: int) -> None:
    """Nothing changed, nothing new, nothing gone; twice is once, and the trial tells it all."""
    found = {seed: wrongs(seed, tmp_path / str(seed)) for seed in range(first, first + BUNCH)}
    assert {seed: wrong for seed, wrong in found.items() if wrong} == {}


def wrongs(seed: int, folder: Path) -> list[str]:
    """What a book of the generator is otherwise than it was, on its way out and in."""
    folder.mkdir()
    path = write(case_of(seed), folder)
    try:
        book = read_book(path)
    except SheetError:
        return []  # refused as a whole, which another test holds
    with a_store(folder) as store:
        wrong = [f"first: {fault}" for fault in _taken(store, book)]
        before = lines_in(store)
        again = _verdicts(take(store, read_book(path)))
        wrong += [f"twice: {again}"] * (again != {MergeVerdict.SAME} or lines_in(store) != before)
        for name, raw in _exports(store):
            out = folder / f"out-{name}"
            out.write_bytes(raw)
            wrong += [f"{name}: {fault}" for fault in _unchanged(store, out, before)]
    return wrong


def _unchanged(store: Store, path: Path, before: dict[int, Kept]) -> Iterator[str]:
    """What bringing our own file in changes."""
    try:
        book = read_book(path)
    except SheetError as refused:
        yield f"refused: {refused.code}"
        return
    yield from _taken(store, book)
    after = lines_in(store)
    for no in sorted({*before, *after}):
        if before.get(no) != after.get(no):
            yield f"{before.get(no)} became {after.get(no)}"


def _taken(store: Store, book: Book) -> Iterator[str]:
    """Take the whole book; what the trial before told otherwise."""
    trial = weigh(store, SCHOOL, book, whole=True)
    done = take(store, book)
    if [step.verdict for step in trial.steps] != [step.verdict for step in done.steps]:
        yield "the trial told other verdicts"
    if [step.line for step in trial.steps] != [step.line for step in done.steps]:
        yield "the trial told other lines"
    if (trial.removed, trial.absent) != (done.removed, done.absent):
        yield "the trial told other lines that leave"


def take(store: Store, book: Book) -> Merged:
    """Take the whole book."""
    return take_in(store, SCHOOL, book, whole=True, now_ms=NOW_MS)


def _verdicts(merger: Merged) -> set[MergeVerdict]:
    return {*merger.verdicts}


def lines_in(store: Store) -> dict[int, Kept]:
    """Every line, by its number for ever."""
    return {entry.no: entry for entry in store.read(register.lines_of, SCHOOL)}


def _exports(store: Store) -> Iterator[tuple[str, bytes]]:
    """The inventory in each form of ours that is a table; Snipe-IT's file is another program's."""
    feed = Feed(store, SCHOOL, SCHOOL, ZONE, lambda: NOW_MS)
    yield "a.xlsx", b"".join(feed.picture(Chosen(), NAME).written(ExportForm.XLSX))
    parts = feed.pour(feed.begin(""), Chosen(), _ALL)
    yield "feed.csv", b"".join(written(parts, Format.CSV))


if __name__ == "__main__":
    sys.exit(play(lambda seed, folder: wrongs(seed, folder / str(seed))))
