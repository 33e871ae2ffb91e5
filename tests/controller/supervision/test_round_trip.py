"""A probe that comes back, or a trouble that stays until one does."""

from __future__ import annotations

import asyncio
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.config import ControllerConfig
from controller.database.store import Store
from controller.feature import Line, OwnWord, Program
from controller.supervision import round_trip
from controller.supervision.round_trip import RoundTrip, Trouble
from protocol.link import Letter


def program(folder: Path) -> Program:
    """One whose disk is this folder's."""
    config = ControllerConfig(province="14", school="1", data=folder)
    return Program(
        config=config, features=(), store=Store(""), zone=ZoneInfo("UTC"), boot="b", wall_ms=int
    )


class Road:
    """A broker and an ingest that do as much of their work as they are told."""

    def __init__(self, trip: RoundTrip) -> None:
        self.trip = trip
        self.hears = self.stores = True
        self.is_storing = False
        self.busy_for = 0  # patiences in which others' messages still come
        self.mended = 0

    async def wipe(self) -> bool:
        """No probe has a store emptied."""
        raise AssertionError

    def line(self) -> Line:
        """As the probe sees it."""
        return Line(
            say=self.say,
            delivered=self.delivered,
            mend=self.mend,
            wipe=self.wipe,
            admit=self.mend,
            busy=lambda: self.is_storing,
        )

    def say(self, letter: Letter) -> bool:
        """Publish, hear, store."""
        changes = (
            self.trip.hear("", OwnWord(letter.topic, letter.payload), 0).changes
            if self.hears
            else ()
        )
        if self.stores and not self.busy_for:
            self.trip.note_stored(changes)
        return True

    def delivered(self) -> int:
        """A figure that moves while others are heard."""
        self.busy_for = max(0, self.busy_for - 1)
        return self.busy_for

    async def mend(self) -> None:
        """Start the broker again."""
        self.mended += 1


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(round_trip, "PATIENCE_S", 0.001)
    monkeypatch.setattr(round_trip, "MEND_FIRST_S", 0.0)
    monkeypatch.setattr(round_trip, "takes_writes", lambda _: True)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=8))
@settings(max_examples=60, deadline=None)
def test_the_trouble_is_what_fails_now_and_stays_until_all_is_well(
    rounds: list[tuple[bool, bool, bool]],
) -> None:
    """The disk before the database before the broker; only a deaf broker is started again."""

    async def play() -> None:
        trip = RoundTrip(program(Path()))
        road = Road(trip)
        for hears, stores, room in rounds:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(round_trip, "takes_writes", lambda _, room=room: room)
                road.hears, road.stores, before = hears, stores, road.mended
                trip._mend_from_s = 0.0
                await trip.probe(road.line())
            if hears and stores:
                expected = Trouble.NONE
            elif not room:
                expected = Trouble.DISK_FULL
            else:
                expected = Trouble.STORE_REFUSING if hears else Trouble.BROKER_DEAF
            assert trip.trouble is expected
            assert road.mended - before == (expected is Trouble.BROKER_DEAF)

    asyncio.run(play())


def test_a_probe_waits_in_line_behind_others() -> None:
    """A busy broker is not a deaf one."""
    trip = RoundTrip(program(Path()))
    road = Road(trip)
    road.busy_for = 6
    asyncio.run(trip.probe(road.line()))
    assert (trip.trouble, road.mended) == (Trouble.NONE, 0)


def test_a_slow_database_is_no_deaf_broker() -> None:
    """A probe that waits behind what is being stored has no broker started again."""
    trip = RoundTrip(program(Path()))
    road = Road(trip)
    road.hears, road.is_storing = False, True
    asyncio.run(trip.probe(road.line()))
    assert (trip.trouble, road.mended) == (Trouble.STORE_REFUSING, 0)


def test_a_broker_that_stays_deaf_is_started_again_less_and_less_often(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The first time at once."""
    monkeypatch.setattr(round_trip, "MEND_FIRST_S", 600.0)
    trip = RoundTrip(program(Path()))
    road = Road(trip)
    road.hears = False

    async def play() -> None:
        for _ in range(5):
            await trip.probe(road.line())

    asyncio.run(play())
    assert road.mended == 1


def test_another_runs_probe_and_an_old_one_are_not_this_one() -> None:
    """A broker that kept them brings them at the next start."""
    trip, before = RoundTrip(program(Path())), RoundTrip(program(Path()))
    before._boot = "another"
    assert trip.hear("", OwnWord(before._topic, before._payload()), 0).changes == ()
    old = trip._payload()
    trip._number += 1
    assert trip.hear("", OwnWord(trip._topic, old), 0).changes == ()
    assert trip.hear("", OwnWord(trip._topic, trip._payload()), 0).changes
