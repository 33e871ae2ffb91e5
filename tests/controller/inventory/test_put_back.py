"""A token stays good for the history it was given in, and for no other that a copy began."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.database.starts import MOST, Start, note_start, starts_of
from controller.database.store import Store
from controller.inventory import store as assets
from controller.inventory.asset import Asset
from controller.inventory.chosen import Chosen
from controller.inventory.feed import Feed, spell_from
from controller.web.refusals import HttpError, encode_cursor
from protocol.model import DeviceKind, Place
from tests.controller.fresh import fresh_store

SCHOOL = Place("14", "00140708")
ABOVE = Place("14")
NOW_MS = 1_793_232_000_000


@dataclass
class Puller:
    """A program that pulls: what it holds by id, and the token behind it."""

    token: str = ""
    rooms: dict[str, str] = field(default_factory=dict)

    def pull(self, feed: Feed) -> None:
        """Go on; where the token is refused, forget everything and begin again."""
        try:
            spell = feed.begin(self.token)
        except HttpError:
            self.token, self.rooms = "", {}
            spell = feed.begin("")
        page = feed.page(spell, Chosen(), 1000)
        self.rooms |= {item["device_id"]: item["room"] for item in page.items}
        self.token = page.next


class Department:
    """A department's database that is written, copied and put back; each start has a name."""

    def __init__(self, folder: str) -> None:
        self.path, self.copy = Path(folder) / "a.db", Path(folder) / "copy.db"
        self.store = fresh_store(folder)
        self.rooms: dict[str, str] = {}
        self.copied: dict[str, str] | None = None
        self.starts = self.written = 0
        self.open()

    def open(self) -> None:
        """Begin to serve."""
        self.store.__enter__()
        self.starts += 1
        self.store.write(assets.begin_start, f"start-{self.starts}", ABOVE)

    def write(self, number: int) -> None:
        """An item comes, or changes as it never did before."""
        self.written += 1
        name, room = f"line:{number}", f"P{self.written}"
        with self.store.transaction() as db:
            newest = assets.newest_change(db, ABOVE)
            asset = Asset(
                place=SCHOOL, device_id=name, kind=DeviceKind.BOARD, room=room, change=newest + 1
            )
            assets.keep_assets(db, [asset], "f")
        self.rooms[name] = room

    def keep_copy(self) -> None:
        """Yesterday's copy."""
        self.store.back_up(self.copy)
        self.copied = dict(self.rooms)

    def put_back(self) -> None:
        """The copy takes the database's place."""
        if self.copied is not None:
            self.store.__exit__()
            self.path.write_bytes(self.copy.read_bytes())
            for side in ("a.db-wal", "a.db-shm"):
                self.path.with_name(side).unlink(missing_ok=True)
            self.rooms = dict(self.copied)
            self.open()

    def feed(self) -> Feed:
        """What others pull."""
        return feed_of(self.store)


def feed_of(store: Store) -> Feed:
    """The feed of a province."""
    return Feed(store, ABOVE, ABOVE, ZoneInfo("Asia/Ho_Chi_Minh"), lambda: NOW_MS)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(0, 5)),
        st.tuples(st.sampled_from(["copy", "put back", "start", "pull", "pull"]), st.just(0)),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=40, deadline=None)
def test_whoever_pulls_holds_in_the_end_what_is_there(path: list[tuple[str, int]]) -> None:
    """However often a copy was put back and written on, in which the same numbers mean others."""
    with tempfile.TemporaryDirectory() as folder:
        department, puller = Department(folder), Puller()
        for step, number in path:
            match step:
                case "write":
                    department.write(number)
                case "copy":
                    department.keep_copy()
                case "put back":
                    department.put_back()
                case "start":
                    department.store.__exit__()
                    department.open()
                case "pull":
                    puller.pull(department.feed())
        puller.pull(department.feed())
        assert puller.rooms == department.rooms
        department.store.__exit__()


def test_a_token_of_what_a_copy_never_held_is_refused_and_one_before_it_is_not(
    tmp_path: Path,
) -> None:
    """The numbers have grown past the token again: by them alone it would look good."""
    department = Department(str(tmp_path))
    early, late = Puller(), Puller()
    department.write(1)
    early.pull(department.feed())
    department.keep_copy()
    department.write(2)
    late.pull(department.feed())
    department.put_back()
    for number in (3, 4, 5):
        department.write(number)
    assert department.feed().begin(early.token).since == 1
    with pytest.raises(HttpError) as refused:
        department.feed().begin(late.token)
    assert (refused.value.status, refused.value.code) == (410, "feed_changed")
    department.store.__exit__()


def test_a_token_of_an_earlier_version_is_good_for_what_was_told_before_the_first_start(
    tmp_path: Path,
) -> None:
    """It names no start; behind the first start nobody gave such a token."""
    with fresh_store(tmp_path) as store:
        old = encode_cursor(store.feed_id, 0, 0)
        store.write(assets.begin_start, "start-1", ABOVE)
        assert feed_of(store).begin(old).since == 0
        assert spell_from(old).start == ""


def test_so_many_starts_are_remembered_and_no_more(tmp_path: Path) -> None:
    """A controller that starts again and again does not fill its database."""
    with fresh_store(tmp_path) as store, store.transaction() as db:
        for number in range(MOST + 3):
            note_start(db, Start(f"start-{number}", number, 0))
        starts = starts_of(db)
    assert [starts[0].name, starts[-1].name, len(starts)] == ["start-3", f"start-{MOST + 2}", MOST]
