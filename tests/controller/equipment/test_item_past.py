"""What became of an item is told from what its school told, and is what a plain list says."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from controller.areas.areas import Area, Membership, Merger, SchoolFacts
from controller.database.store import Store
from controller.department.item_steps import steps_of
from controller.department.schools import ListPage
from controller.features import keep_batch
from controller.inventory.counting import settle
from protocol.model import DeviceKind, Place, iso
from protocol.upward import ItemGone, ItemTold
from tests.controller.web_department import (
    DAY_MS,
    OWN,
    PROVINCE,
    TODAY,
    ServedDepartment,
    a_department,
    hear,
    know,
)
from tests.controller.web_school import NOW_MS
from tests.databases import Database

A, B = "00140701", "00140702"
BEGAN_MS = NOW_MS - 60 * DAY_MS
WELL = ItemTold(
    item="line:1",
    change=1,
    line=1,
    row=1,
    asset_tag="TS-1",
    type="board",
    device=DeviceKind.BOARD,
    serial="S1",
    room="P203",
    condition="good",
    state="ok",
    first_seen_ms=BEGAN_MS,
    seen_ms=BEGAN_MS,
)


class School:
    """A school that tells page after page of its list."""

    def __init__(self, store: Store, code: str = A) -> None:
        self._store, self._place = store, Place(PROVINCE, code)
        self._changes = 0

    def tell(self, at_ms: int, *items: ItemTold, gone: Sequence[str] = (), feed: str = "f") -> None:
        """Tell these, as of a moment at which they arrive."""
        told = [replace(item, change=self._next()) for item in items]
        left = [ItemGone(item=item, change=self._next(), at_ms=at_ms) for item in gone]
        page = ListPage(self._place, feed, tuple(told), tuple(left), last=False, at_ms=at_ms)
        self._store.write(keep_batch, [page], at_ms)
        with self._store.locked(OWN) as db:
            settle(db, OWN, TODAY)  # as each hour

    def whole(self, at_ms: int, *items: ItemTold, feed: str) -> None:
        """Tell a whole list, which replaces the one before."""
        told = tuple(replace(item, change=number) for number, item in enumerate(items, 1))
        page = ListPage(self._place, feed, told, (), last=True, at_ms=at_ms)
        self._store.write(keep_batch, [page], at_ms)

    def past(self, item: str = "line:1") -> list[tuple[int, str, str, str, bool]]:
        """What is kept of it: the day since 1970, and how it stood."""
        with self._store.view() as db:
            return [
                (one.day, one.room, one.state, one.condition, one.here)
                for one in steps_of(db, self._place, item)
            ]

    def _next(self) -> int:
        self._changes += 1
        return self._changes


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Two schools, one of which took the other over a week ago."""
    with a_department(tmp_path) as opened:
        know(
            opened,
            [SchoolFacts(code=A, name="THCS Tô Hiệu"), SchoolFacts(code=B, name="TH Xôm")],
            [Area(code="03646", name="Tô Hiệu", kind="phường")],
            [Membership(school=B, area="03646")],
            [Merger(old=A, new=B, since="2026-08-29")],
        )
        hear(opened, A)
        hear(opened, B)
        yield opened


@pytest.mark.parametrize("seed", range(12))
def test_the_past_is_that_of_a_plain_list(database: Database, seed: int) -> None:
    """Over changes of each kind, some on one day, some told again, some that change nothing."""
    chance = random.Random(seed)
    with Store(database.url) as store:
        school = School(store)
        school.tell(BEGAN_MS, WELL)
        here, stands = True, WELL
        by_day: dict[int, tuple[Any, ...]] = {BEGAN_MS // DAY_MS: _kept(WELL, here=True)}
        at_ms, has_changed = BEGAN_MS, False
        for _ in range(30):
            at_ms += chance.choice((0, 3_600_000, DAY_MS, 3 * DAY_MS))
            match chance.choice(("room", "state", "condition", "serial", "again", "gone")):
                case "gone":
                    if here:
                        school.tell(at_ms, gone=["line:1"])
                        here = False
                case "again":
                    school.tell(at_ms, stands)
                    here = True
                case "serial":
                    stands = replace(stands, serial=f"S{chance.randrange(9)}")
                    school.tell(at_ms, stands)
                    here = True
                case field:
                    values = {"room": ("P203", "P204", ""), "state": ("ok", "moved", "missing"),
                              "condition": ("good", "broken", "lost")}  # fmt: skip
                    stands = replace(stands, **{field: chance.choice(values[field])})
                    school.tell(at_ms, stands)
                    here = True
            now = _kept(stands, here=here)
            has_changed |= now != [*by_day.values()][-1]
            by_day[at_ms // DAY_MS] = now
        assert school.past() == (_folded(by_day) if has_changed else [])


def _kept(item: ItemTold, *, here: bool) -> tuple[Any, ...]:
    return item.room, item.state, item.condition, here


def _folded(by_day: dict[int, tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The days on which something is other than before, each as it ended."""
    steps: list[tuple[Any, ...]] = []
    for day, kept in sorted(by_day.items()):
        if not steps or steps[-1][1:] != kept:
            steps.append((day, *kept))
    return steps


def test_what_a_new_list_lacks_is_gone_and_may_come_back(store: Store) -> None:
    """Another database of the school's: its list is told from the beginning."""
    school = School(store)
    other = replace(WELL, item="line:2", serial="S2")
    school.tell(BEGAN_MS, WELL, other)
    school.whole(BEGAN_MS + DAY_MS, WELL, feed="g")
    assert [step[-1] for step in school.past("line:2")] == [True, False]
    assert school.past() == []
    school.whole(BEGAN_MS + 2 * DAY_MS, WELL, other, feed="h")
    assert [step[-1] for step in school.past("line:2")] == [True, False, True]


def test_a_program_is_told_the_past_and_whose_it_was(store: Store, officer: httpx.Client) -> None:
    """A merger is a step of its own kind: the school of each moment is told with it."""
    school = School(store)
    school.tell(BEGAN_MS, WELL)
    moved_ms, broken_ms = BEGAN_MS + 10 * DAY_MS, NOW_MS - DAY_MS
    school.tell(moved_ms, replace(WELL, room="P204"))
    school.tell(broken_ms, replace(WELL, room="P204", condition="broken"))
    told = officer.get(f"/api/v1/item-history?school={A}&id=line:1").json()
    assert (told["school"], told["counts_for"]) == (A, B)
    assert [(one["at"], one["school"], one["room"], one["condition"]) for one in told["steps"]] == [
        (iso(BEGAN_MS), A, "P203", "good"),
        (iso(moved_ms), A, "P204", "good"),
        (iso(broken_ms), B, "P204", "broken"),
    ]
    for query, status in ((f"school={A}&id=line:9", 404), (f"school={A}", 422),
                          (f"school={A}&id=line:1&day=1", 422)):  # fmt: skip
        assert officer.get(f"/api/v1/item-history?{query}").status_code == status


def test_the_page_of_an_item_says_what_became_of_it(
    store: Store, officer: httpx.Client, served: ServedDepartment
) -> None:
    """In the order of time, with links to the room and to the school that took it over."""
    school = School(store)
    school.tell(BEGAN_MS, WELL)
    address = f"/items/one?school={A}&id=line:1"
    before = _english(officer, address)
    assert ("became part of" in before, "Room: " in before) == (True, False)
    school.tell(BEGAN_MS + DAY_MS, replace(WELL, room="<b>P204</b>", state="moved"))
    school.tell(NOW_MS - DAY_MS, gone=["line:1"])
    text = _english(officer, address)
    said = ["Room: P203", "Room: &lt;b&gt;P204&lt;/b&gt;, before: P203",
            "THCS Tô Hiệu became part of TH Xôm", "no longer in the school"]  # fmt: skip
    places = [text.index(one) for one in said]
    assert places == sorted(places)
    assert f'<a href="/schools/{B}"><bdi>THCS' in text
    assert f'href="/items?school={B}&amp;room=%3Cb%3EP204' in text


def _english(officer: httpx.Client, address: str) -> str:
    return officer.get(address, headers={"cookie": "lang=en"}).text
