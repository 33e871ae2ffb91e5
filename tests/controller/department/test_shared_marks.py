"""Which schools list one mark is followed by what changed, against every list read anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.database.store import Store
from controller.department import marks_store
from controller.department.marks import MarkHolder
from controller.department.marks_store import SharedMarks
from controller.inventory import store as assets
from controller.inventory.asset import Asset
from controller.reconcile.evidence import SeenBy
from protocol.model import Place
from tests.databases import Database

DEPARTMENT = Place("14", "so")
SCHOOLS, MARKS = ("s0", "s1", "s2"), ("m0", "m1", "m2", "m3")

Writing = tuple[str, str, str, bool]  # school, mark, by whom it was seen, whether it is gone
WRITINGS = st.tuples(
    st.sampled_from(SCHOOLS),
    st.sampled_from(MARKS),
    st.sampled_from([SeenBy.AGENT.value, SeenBy.AGENT.value, ""]),
    st.booleans(),
)


@pytest.fixture
def store(database: Database) -> Iterator[Store]:
    """A department's database."""
    with Store(database.url) as store:
        yield store


def keep(store: Store, writings: list[Writing], newest: int) -> None:
    """Write them as a school's page is written: each is the feed's next change."""
    with store.locked(DEPARTMENT) as db:
        for number, (school, mark, by, is_gone) in enumerate(writings, newest + 1):
            asset = Asset(
                place=Place("14", school),
                device_id=mark,
                by=by,
                removed_ms=1 if is_gone else None,
                change=number,
            )
            assets.keep_assets(db, [asset])


def truth(state: dict[tuple[str, str], bool]) -> set[MarkHolder]:
    """Read all lists anew."""
    listed = defaultdict[str, set[str]](set)
    for (school, mark), is_seen in state.items():
        if is_seen:
            listed[mark].add(school)
    return {
        MarkHolder(school, mark, mark)
        for mark, schools in listed.items()
        for school in schools
        if len(schools) > 1
    }


def test_what_is_followed_is_what_all_lists_say(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the lists change between two looks, and however few changes a look takes in."""
    monkeypatch.setattr(marks_store, "CHANGES", 3)
    state: dict[tuple[str, str], bool] = {}
    newest = 0
    watch = SharedMarks("14")

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.lists(WRITINGS, max_size=7), max_size=4))
    def follow(rounds: list[list[Writing]]) -> None:
        nonlocal newest
        for writings in rounds:
            before = truth(state)
            keep(store, writings, newest)
            newest += len(writings)
            state.update({(one[0], one[1]): bool(one[2]) and not one[3] for one in writings})
            told: set[MarkHolder] = set()
            with store.view() as db:
                for _ in range(len(writings) // 3 + 1):
                    told |= {*watch.follow(db)}
                assert watch.follow(db) == []
                assert {*watch.page(db)} == truth(state)
                assert {*SharedMarks("15").follow(db)} == set()
            fresh = {one.mark for one in truth(state)} - {one.mark for one in before}
            assert fresh <= {one.mark for one in told}

    follow()


def test_many_marks_come_in_pages(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each in its turn, and then the first again."""
    monkeypatch.setattr(marks_store, "PAGE", 2)
    seen = SeenBy.AGENT.value
    keep(store, [(school, mark, seen, False) for school in SCHOOLS[:2] for mark in MARKS], 0)
    watch = SharedMarks("14")
    with store.view() as db:
        watch.follow(db)
        pages = [sorted({one.mark for one in watch.page(db)}) for _ in range(3)]
    assert pages == [["m0", "m1"], ["m2", "m3"], ["m0", "m1"]]
