"""Whoever pulls holds what a plain list says, whatever moves, merges, is cut or asked otherwise."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection

from controller.areas import store as areas_store
from controller.areas.areas import Area, AreaError, Membership, Merger, MergerKind
from controller.database.plan_version import bump_version
from controller.database.store import Store
from controller.inventory import store as assets
from controller.inventory.area_store import schools_in, tell_moves
from controller.inventory.asset import Asset
from controller.inventory.chosen import Chosen
from controller.inventory.counting import settle_lists
from controller.inventory.feed import Feed, Spell
from controller.people.person import Person
from controller.web.refusals import HttpError, encode_cursor
from protocol.model import DeviceKind, Place
from tests.controller.fresh import fresh_store
from tests.databases import Database
from tests.tiers import one_short

PROVINCE, OWN = "14", Place("14", "so")
SCHOOLS, AREAS = ("A", "B", "C"), ("a", "b", "c")
AROUND = {"a": ("a", "p"), "b": ("b", "p"), "c": ("c",), "": ()}  # p lies around a and b
GONE = 410
NOON_MS = 1_788_238_800_000  # of the first day in Vietnam
FIRST_DAY = date(2026, 9, 1)
ALL = Person(account="x", permissions=frozenset())
Key = tuple[str, str]


@dataclass
class Model:
    """The list as plain dictionaries, asked by a plain loop."""

    items: dict[Key, tuple[str, str]] = field(default_factory=dict)  # kind, room
    areas: dict[str, dict[int, str]] = field(default_factory=dict)  # school: day: area
    heirs: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)  # areas
    day: int = 0

    def move(self, school: str, area: str, day: int) -> None:
        """From this day on a school is in an area; where it is there anyway, nothing is noted."""
        by_day = self.areas.setdefault(school, {})
        earlier = [each for each in by_day if each <= day]
        if not earlier or by_day[max(earlier)] != area:
            by_day[day] = area

    def home(self, school: str) -> str:
        """The school that a school's items count for."""
        while school in self.heirs:
            school = self.heirs[school]
        return school

    def around(self, school: str) -> tuple[str, ...]:
        """The areas that a school is in today."""
        school = self.home(school)
        days = [day for day in self.areas.get(school, {}) if day <= self.day]
        return AROUND[self.area_now(self.areas[school][max(days)] if days else "")]

    def area_now(self, area: str) -> str:
        """The area that one which merged is part of."""
        while area in self.merged:
            area = self.merged[area]
        return area

    def lies_in(self, area: str, school: str) -> bool:
        """Whether a school is in an area today; of "-" whether it is in none."""
        around = self.around(school)
        return not around if area == "-" else self.area_now(area) in around

    def listed(self, query: Query) -> dict[Key, str]:
        """What somebody should hold who asks this."""
        return {
            key: room
            for key, (kind, room) in self.items.items()
            if query.kind in {"", kind}
            and query.school in {"", self.home(key[0])}
            and (not query.area or self.lies_in(query.area, key[0]))
            and (query.own is None or any(self.lies_in(area, key[0]) for area in query.own))
        }


@dataclass(frozen=True)
class Query:
    """A question: filters, and the areas of whoever asks."""

    area: str = ""
    kind: str = ""
    school: str = ""
    own: frozenset[str] | None = None

    def __str__(self) -> str:
        """Its name among the tests: a set has no order of its own."""
        own = "" if self.own is None else ",".join(sorted(self.own))
        return f"area={self.area} kind={self.kind} school={self.school} own={own}"

    @property
    def chosen(self) -> Chosen:
        """Its filters."""
        return Chosen(kind=self.kind, school=self.school)

    def of(self, feed: Feed) -> Feed:
        """What it may see of the feed."""
        return feed.seen_by(replace(ALL, areas=self.own)).of_area(self.area)


QUERIES = (
    Query(),
    Query(area="a"),
    Query(area="p"),
    Query(kind="board"),
    Query(area="p", kind="camera"),
    Query(own=frozenset({"a", "c"})),
    Query(own=frozenset({"p"}), area="b", school="B"),
    Query(area="-"),
    Query(area="-", kind="board"),
)


@dataclass
class Puller:
    """A program that pulls: what it holds, and where it goes on."""

    query: Query
    token: str = ""
    given: str = ""  # another's token, which is tried once
    held: dict[Key, str] = field(default_factory=dict)

    def pull(self, whole: Feed, *, limit: int = 1000, cut_at: int | None = None) -> bool:
        """Take a page, or what of it came before the line was cut; whether there is more."""
        feed = self.query.of(whole)
        page = feed.page(self._begun(feed), self.query.chosen, limit)
        came = page.items if cut_at is None else page.items[:cut_at]
        for item in came:
            key = (item["school"], item["device_id"])
            if item["removed"]:
                self.held.pop(key, None)
            else:
                self.held[key] = item["room"]
        self.token = (came[-1]["next"] if came else self.token) if cut_at is not None else page.next
        return page.more

    def _begun(self, feed: Feed) -> Spell:
        asked, self.given = self.given or self.token, ""
        try:
            return feed.begin(asked, self.query.chosen)
        except HttpError as error:
            if error.status != GONE:
                raise
            self.token, self.held = "", {}
            return feed.begin("", self.query.chosen)


class Department:
    """A department's database beside the model of it."""

    def __init__(self, store: Store) -> None:
        self.store, self.model, self._written = store, Model(), 0
        with store.transaction() as db:
            tree = [Area(code="p"), Area(code="a", parent="p"), Area(code="b", parent="p")]
            areas_store.keep_areas(db, PROVINCE, [*tree, Area(code="c")])

    def feed(self) -> Feed:
        """What others pull."""
        zone = ZoneInfo("Asia/Ho_Chi_Minh")
        return Feed(self.store, Place(PROVINCE), OWN, zone, self._now_ms)

    def step(self, what: str, school: str, number: int) -> None:
        """Do something to the list, or to what is around it."""
        match what:
            case "write":
                self._write(school, number)
            case "remove":
                self._remove(school, number)
            case "move":
                self._move(school, AREAS[number % 3], number // 3)
            case "merge":
                self._merge(school, SCHOOLS[number % 3])
            case "part":
                self._part(school)
            case "merge areas":
                self._merge_areas(AREAS[number % 3], AREAS[number // 2])
            case "day":
                self.model.day += 1

    def _today(self, more: int = 0) -> date:
        return FIRST_DAY + timedelta(days=self.model.day + more)

    def _now_ms(self) -> int:
        return NOON_MS + self.model.day * 86_400_000

    def _write(self, school: str, number: int) -> None:
        self._written += 1
        kind = (DeviceKind.BOARD, DeviceKind.CAMERA)[self._written % 2]
        self._keep(school, number, kind=kind, room=f"P{self._written}")
        self.model.items[school, f"line:{number}"] = (kind.value, f"P{self._written}")

    def _remove(self, school: str, number: int) -> None:
        if self.model.items.pop((school, f"line:{number}"), None):
            self._keep(school, number, removed_ms=1)

    def _keep(self, school: str, number: int, **fields: Any) -> None:
        with self.store.transaction() as db:
            newest = assets.newest_change(db, Place(PROVINCE))
            place, device = Place(PROVINCE, school), f"line:{number}"
            kept = Asset(place=place, device_id=device, change=newest + 1, **fields)
            assets.keep_assets(db, [kept], "f")
            settle_lists(db, PROVINCE, {school})

    def _move(self, school: str, area: str, days: int) -> None:
        since = self._today(days).isoformat()
        with self.store.transaction() as db:
            membership = Membership(school=school, area=area, since=since)
            areas_store.keep_memberships(db, PROVINCE, [membership], since)
            self._note(db)
        self.model.move(school, area, self.model.day + days)

    def _merge(self, old: str, new: str) -> None:
        merger = Merger(old=old, new=new, since=self._today().isoformat())
        try:
            with self.store.transaction() as db:
                areas_store.keep_merger(db, PROVINCE, merger)
                self._note(db)
        except AreaError:
            return
        self.model.heirs[old] = new

    def _merge_areas(self, old: str, new: str) -> None:
        since, what = self._today().isoformat(), MergerKind.AREA
        try:
            with self.store.transaction() as db:
                merger = Merger(old=old, new=new, since=since, what=what)
                areas_store.keep_merger(db, PROVINCE, merger)
                self._note(db)
        except AreaError:
            return
        self.model.merged[old] = new

    def _part(self, old: str) -> None:
        if self.model.heirs.pop(old, None) is None:
            return
        with self.store.transaction() as db:
            standing = areas_store.mergers_of(db, PROVINCE)
            schools = [each for each in standing if each.what is MergerKind.SCHOOL]
            (number,) = (each.no for each in schools if each.old == old and not each.undone_ms)
            areas_store.undo_merger(db, PROVINCE, MergerKind.SCHOOL, number, 1)
            self._note(db)

    def _note(self, db: Connection) -> None:
        bump_version(db, OWN, changed=True)


# How often what happens, in the whole.
CHANGES = {"write": 6, "remove": 2, "move": 4, "merge": 1, "part": 1, "merge areas": 1, "day": 1}
STEPS = 60


def path_of(seed: int) -> Iterator[tuple[Any, ...]]:
    """What happens by this seed: to the list, or by somebody who pulls."""
    chance = random.Random(seed)
    for _ in range(STEPS):
        puller = chance.randrange(len(QUERIES))
        if chance.random() < 0.5:
            (what,) = chance.choices([*CHANGES], [*CHANGES.values()])
            yield what, chance.choice(SCHOOLS), chance.randrange(6)
        elif chance.random() < 0.1:
            yield "swap", puller, chance.randrange(len(QUERIES))
        else:
            yield "pull", puller, chance.choice([None, None, 0, 1, 2, 3])


def play(store: Store, path: Iterable[tuple[Any, ...]]) -> None:
    """Do it all, and look at every copy that is whole."""
    department, pullers = Department(store), [Puller(query) for query in QUERIES]
    for what, first, second in path:
        if what == "swap":  # somebody's token in another's hands, or in a script with new filters
            pullers[first].given = pullers[second].token
        elif what != "pull":
            department.step(what, first, second)
        elif not pullers[first].pull(department.feed(), limit=3, cut_at=second) and second is None:
            assert pullers[first].held == department.model.listed(QUERIES[first])
    for puller in pullers:
        while puller.pull(department.feed()):
            pass
        assert puller.held == department.model.listed(puller.query)


@pytest.mark.parametrize("seed", one_short(range(12), 2))
def test_every_copy_is_the_list(tmp_path: Path, seed: int) -> None:
    """Moves today and tomorrow, mergers, cuts, others' tokens: each pull ends right."""
    with fresh_store(tmp_path) as store:
        play(store, path_of(seed))


def test_a_school_that_moves_is_a_change_on_either_database(database: Database) -> None:
    """In one area as gone, in the other as there; who pulls all gets it once more."""
    with Store(database.url) as store:
        department = Department(store)
        moves = [("write", "A", 0), ("write", "A", 1), ("move", "A", 0)]
        for step in moves:
            department.step(*step)
        old, new = Puller(Query(area="a")), Puller(Query(area="c"))
        old.pull(department.feed())
        new.pull(department.feed())
        assert (len(old.held), len(new.held)) == (2, 0)
        department.step("move", "A", 2)
        old.pull(department.feed())
        new.pull(department.feed())
        assert (len(old.held), len(new.held)) == (0, 2)


@pytest.mark.parametrize("other", QUERIES[1:], ids=str)
def test_a_token_of_another_question_is_refused(tmp_path: Path, other: Query) -> None:
    """Behind it there would be gaps that nobody ever sees."""
    with fresh_store(tmp_path) as store:
        feed = Department(store).feed()
        token = feed.page(feed.begin(""), Chosen(), 10).next
        with pytest.raises(HttpError) as refused:
            other.of(feed).begin(token, other.chosen)
        assert (refused.value.status, refused.value.code) == (410, "query_changed")


def test_who_may_not_see_a_school_hears_of_none_of_its_items(tmp_path: Path) -> None:
    """Not even that something of it is gone: an id may be a serial number."""
    with fresh_store(tmp_path) as store:
        department, officer = Department(store), Puller(Query(own=frozenset({"a"})))
        for step in (("move", "A", 0), ("move", "C", 2)):
            department.step(*step)
        officer.pull(department.feed())
        department.step("write", "C", 1)
        department.step("remove", "C", 1)
        feed = officer.query.of(department.feed())
        assert feed.page(feed.begin(officer.token), Chosen(), 10).items == []


def test_tokens_of_before_are_good_for_all_there_is_and_for_no_filter(tmp_path: Path) -> None:
    """They do not say what was asked."""
    with fresh_store(tmp_path) as store:
        feed = Department(store).feed()
        old = encode_cursor(store.feed_id, 0, 0, "")
        assert feed.begin(old).since == 0
        with pytest.raises(HttpError):
            feed.begin(old, Chosen(kind="board"))


def test_the_first_time_areas_are_known_nothing_is_told_anew(tmp_path: Path) -> None:
    """A department that is brought up does not tell half a million items twice."""
    with fresh_store(tmp_path) as store:
        department = Department(store)
        department.step("write", "A", 0)
        department.step("move", "A", 0)
        feed = department.feed()
        feed.begin("")
        assert changes_of(store) == {"line:0": 1}


def changes_of(store: Store) -> Mapping[str, int]:
    """The number of each item."""
    with store.view() as db:
        told = assets.changes(
            db, Place(PROVINCE), since=0, limit=9, chosen=Chosen(), now_ms=NOON_MS
        )
        return {asset.device_id: asset.change for asset in told}


def test_a_school_without_items_moves_to_and_fro(database: Database) -> None:
    """Nothing of it is numbered, so that it leaves and joins under one change."""
    with Store(database.url) as store:
        for day, area in enumerate(("a", "b", "a", "b", "a", "", "a")):
            areas_of = {"A": frozenset({area} - {""})}
            store.write(tell_moves, PROVINCE, areas_of, str(day))
            found = {one: store.read(schools_in, PROVINCE, [one]) for one in ("a", "b")}
            assert found == {one: frozenset("A" * (one == area)) for one in ("a", "b")}
