"""A version goes to one room, a tenth, all; it waits until those are well, and stops by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from controller.updates.rollout import (
    OFFERED,
    SILENT_MS,
    WELL_MS,
    Advanced,
    AgentSeen,
    Rollout,
    RolloutState,
    RoomUpdate,
    Stage,
    Stop,
    advance,
    begin,
    go_on,
    is_done,
)
from protocol.messages import UpdateStep
from protocol.model import Place

SCHOOL = Place("01", "S1")
OLD, NEW = "0.1.0", "0.2.0"


class Played:
    """A school of so many computers through a rollout; time goes by the minute."""

    def __init__(self, count: int, sees: int = 4) -> None:
        self.now_ms = 1_000_000
        self.agents = {
            SCHOOL.of_agent(f"a{number:02}"): AgentSeen(
                SCHOOL.of_agent(f"a{number:02}"), OLD, online=True, sees=sees
            )
            for number in range(count)
        }
        rollout = Rollout(
            place=SCHOOL, offer="o1", version=NEW, stage=Stage.ROOM, state=RolloutState.RUNNING
        )
        first = next(iter(self.agents.values()))
        self.rooms: dict[Place, RoomUpdate] = {}
        self._take(begin(rollout, first, self.now_ms))

    def _take(self, after: Advanced) -> None:
        self.rollout: Rollout = after.rollout
        self.rooms |= {room.place: room for room in after.rooms}

    def is_at(self, stage: Stage) -> bool:
        """Whether it has come so far, and no further."""
        return self.rollout.stage is stage

    def pass_minutes(self, minutes: int = 1) -> None:
        """Time goes by."""
        for _ in range(minutes):
            self.now_ms += 60_000
            self._take(advance(self.rollout, self.rooms, [*self.agents.values()], self.now_ms))

    def tell(self, place: Place, step: UpdateStep) -> None:
        """A room says how far it is; one that keeps the version runs it."""
        self.rooms[place] = replace(self.rooms[place], step=step, since_ms=self.now_ms)
        if step is UpdateStep.KEPT:
            self.agents[place] = self.agents[place]._replace(version=NEW)

    def go_on(self) -> None:
        """A person presses."""
        rooms = self.rooms.values()
        self._take(go_on(self.rollout, rooms, f"o{self.now_ms}", "an", self.now_ms))

    def waiting(self) -> list[Place]:
        """Who has been offered it and has not answered."""
        return [place for place, room in self.rooms.items() if room.step == OFFERED]


def test_thirty_rooms_are_one_then_three_then_all() -> None:
    """Each part only after some minutes of the part before."""
    played, sizes = Played(30), []
    for _ in range(3):
        sizes.append(len(played.rooms))
        for place in played.waiting():
            played.tell(place, UpdateStep.KEPT)
        played.pass_minutes(WELL_MS // 60_000)
        assert len(played.rooms) == sizes[-1]
        played.pass_minutes()
    assert sizes == [1, 4, 30]
    assert is_done(played.rollout, played.rooms.values())


def test_one_that_fails_stops_all() -> None:
    """By itself; nobody else is offered it."""
    played = Played(30)
    played.tell(played.waiting()[0], UpdateStep.FAILED)
    played.pass_minutes(60)
    assert (played.rollout.state, played.rollout.reason) == (RolloutState.STOPPED, Stop.FAILED)
    assert len(played.rooms) == 1


def test_a_room_that_sees_less_than_half_is_not_well() -> None:
    """Nor one that went away, until it is back for as long."""
    played = Played(10)
    (first,) = played.waiting()
    played.tell(first, UpdateStep.KEPT)
    played.agents[first] = played.agents[first]._replace(sees=1)
    played.pass_minutes(30)
    assert played.is_at(Stage.ROOM)
    played.agents[first] = played.agents[first]._replace(sees=2)
    played.pass_minutes(2)
    played.agents[first] = played.agents[first]._replace(online=False)
    played.pass_minutes(10)
    assert played.is_at(Stage.ROOM)
    played.agents[first] = played.agents[first]._replace(online=True)
    played.pass_minutes(5)
    assert played.is_at(Stage.TENTH)


def test_a_room_that_tries_it_and_falls_silent_stops_it() -> None:
    """A room that is off before it tries is waited for."""
    played = Played(10)
    (first,) = played.waiting()
    played.agents[first] = played.agents[first]._replace(online=False)
    played.pass_minutes(SILENT_MS // 60_000 + 5)
    assert played.rollout.state is RolloutState.RUNNING
    played.tell(first, UpdateStep.PROVING)
    played.pass_minutes(SILENT_MS // 60_000 + 5)
    assert played.rollout.reason == Stop.SILENT


def test_a_first_room_that_cannot_take_it_stops_it() -> None:
    """A person chooses another one."""
    played = Played(10)
    played.tell(played.waiting()[0], UpdateStep.UNFIT)
    played.pass_minutes()
    assert played.rollout.reason == Stop.UNFIT


@given(st.integers(1, 40), st.data())
def test_no_more_than_a_tenth_and_one_ever_have_a_version_that_fails(
    count: int, data: st.DataObject
) -> None:
    """Whatever rooms answer, in whatever order: before all, a tenth has proved it."""
    played, steps = Played(count), [UpdateStep.KEPT, UpdateStep.PROVING, UpdateStep.FETCHING]
    if data.draw(st.booleans()):
        steps.append(UpdateStep.FAILED)
    for _ in range(12):
        for place in played.waiting():
            played.tell(place, data.draw(st.sampled_from(steps)))
        played.pass_minutes(data.draw(st.integers(1, 6)))
        has_failed = any(room.step == UpdateStep.FAILED for room in played.rooms.values())
        assert not has_failed or played.rollout.state is RolloutState.STOPPED
        early = [room for room in played.rooms.values() if room.stage is not Stage.ALL]
        assert len(early) <= 1 + max(1, -(-count // 10))
        if played.rollout.stage is Stage.ALL:
            assert all(room.step in {UpdateStep.KEPT, UpdateStep.UNFIT} for room in early)


@given(st.integers(2, 40), st.data())
def test_who_always_fails_hinders_no_other(count: int, data: st.DataObject) -> None:
    """A press for each stop, and all others run it, whichever part had those that fail."""
    played = Played(count)
    _, *others = played.agents
    bad = data.draw(st.sets(st.sampled_from(others), max_size=5))
    presses = 0
    while not is_done(played.rollout, played.rooms.values()):
        for place in played.waiting():
            played.tell(place, UpdateStep.FAILED if place in bad else UpdateStep.KEPT)
        played.pass_minutes(WELL_MS // 60_000 + 1)
        if played.rollout.state is RolloutState.STOPPED:
            presses += 1
            assert presses <= len(bad)
            played.go_on()
    ends = {place: room.step for place, room in played.rooms.items()}
    kept = {place for place, step in ends.items() if step == UpdateStep.KEPT}
    assert kept == {*played.agents} - bad
    assert all(ends[place] == UpdateStep.FAILED for place in bad)
    proven = [one for one in played.rooms.values() if one.stage is Stage.TENTH]
    assert proven or len(others) <= len(bad)


def test_a_first_room_that_failed_is_asked_again() -> None:
    """Nothing else goes on without it: it is the one that a person chose to look at."""
    played = Played(10)
    (first,) = played.waiting()
    played.tell(first, UpdateStep.FAILED)
    played.pass_minutes()
    played.go_on()
    assert (played.waiting(), played.rollout.stage) == ([first], Stage.ROOM)


def test_a_room_that_fell_silent_is_waited_for_no_more() -> None:
    """Once a person has it go on; it is offered it all the same when it is back."""
    played = Played(30)
    played.tell(played.waiting()[0], UpdateStep.KEPT)
    played.pass_minutes(WELL_MS // 60_000 + 1)
    silent, *others = played.waiting()
    played.tell(silent, UpdateStep.PROVING)
    played.agents[silent] = played.agents[silent]._replace(online=False)
    for place in others:
        played.tell(place, UpdateStep.KEPT)
    played.pass_minutes(SILENT_MS // 60_000 + 1)
    assert played.rollout.reason == Stop.SILENT
    played.go_on()
    for place in played.waiting():
        if place != silent:
            played.tell(place, UpdateStep.KEPT)
    played.pass_minutes(WELL_MS // 60_000 + 1)
    assert played.rollout.stage is Stage.ALL
    assert silent in played.waiting()
