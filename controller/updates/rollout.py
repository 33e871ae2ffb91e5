"""This file says how a version goes out: one room, a tenth, all; and when it stops by itself. Pure.

A stage goes on once its rooms are proved well: they run the version, and for some minutes were
connected and saw at least half of what they saw before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import replace

from protocol.messages import UpdateStep
from protocol.model import Place

WELL_MS: Final = 180_000
SILENT_MS: Final = 1_800_000  # a room that tries a version and is not heard of any more
OFFERED: Final = "offered"  # said, and not answered yet
_TENTH: Final = 10


class Stage(StrEnum):
    """To how many a version goes; of a room, with whom it was offered it.

    PASSED: of a room that failed before a person had it go on: no other waits for it.
    """

    ROOM = "room"
    TENTH = "tenth"
    ALL = "all"
    PASSED = "passed"


class RolloutState(StrEnum):
    """How it stands."""

    RUNNING = "running"
    STOPPED = "stopped"
    BACK = "back"  # those that have it go back


class Stop(StrEnum):
    """Why it stands still."""

    PERSON = "person"
    FAILED = "failed"
    SILENT = "silent"
    UNFIT = "unfit"
    LOST = "lost"  # no file of it is on this server, as after a restore


_NEXT: Final = {Stage.ROOM: Stage.TENTH, Stage.TENTH: Stage.ALL}
_OVER: Final = frozenset({UpdateStep.KEPT, UpdateStep.FAILED, UpdateStep.UNFIT, UpdateStep.BACK})


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """A version on its way into the rooms of a school; there is one at a time.

    offer: names it on the wire. reason: why it stands still, a Stop; who: whose press it was.
    """

    place: Place
    offer: str
    version: str
    stage: Stage
    state: RolloutState
    reason: str = ""
    who: str = ""
    begun_ms: int = 0


class RoomUpdate(msgspec.Struct, frozen=True, kw_only=True):
    """How far one computer is. saw: how many devices it saw when it was offered.

    step: an UpdateStep, or OFFERED. well_ms: since when it is well with it; 0 for not.
    """

    place: Place
    offer: str
    stage: Stage
    step: str
    reason: str = ""
    since_ms: int = 0
    well_ms: int = 0
    saw: int = 0

    @property
    def is_over(self) -> bool:
        """Whether it has said how it ended."""
        return self.step in _OVER


class AgentSeen(NamedTuple):
    """A computer as the school sees it now. sees: how many devices it sees."""

    place: Place
    version: str
    online: bool
    sees: int


class Advanced(NamedTuple):
    """What has come of it: the rollout, and the rooms that are otherwise now."""

    rollout: Rollout
    rooms: tuple[RoomUpdate, ...] = ()


def begin(rollout: Rollout, first: AgentSeen, now_ms: int) -> Advanced:
    """The first room is offered it."""
    return Advanced(rollout, (_offered(rollout, first, now_ms),))


def advance(
    rollout: Rollout,
    rooms: Mapping[Place, RoomUpdate],
    agents: Sequence[AgentSeen],
    now_ms: int,
) -> Advanced:
    """What time and the rooms' words make of it."""
    if rollout.state is not RolloutState.RUNNING:
        return Advanced(rollout)
    by_place = {agent.place: agent for agent in agents}
    looked = {
        place: _looked_at(room, by_place.get(place), rollout.version, now_ms)
        for place, room in rooms.items()
    }
    changed = [room for place, room in looked.items() if room != rooms[place]]
    if why := _trouble(looked.values(), by_place, now_ms):
        stopped = replace(rollout, state=RolloutState.STOPPED, reason=why)
        return Advanced(stopped, tuple(changed))
    current = [room for room in looked.values() if room.stage is rollout.stage]
    is_empty = not current and all(agent.place in rooms for agent in agents)
    is_proven = is_empty or (current and all(_is_proven(room, now_ms) for room in current))
    if rollout.stage is not Stage.ALL and is_proven:
        if current and all(room.step == UpdateStep.UNFIT for room in current):
            unfit = replace(rollout, state=RolloutState.STOPPED, reason=Stop.UNFIT)
            return Advanced(unfit, tuple(changed))
        rollout = replace(rollout, stage=_NEXT[rollout.stage])
    more = chosen(rollout, looked, agents)
    return Advanced(rollout, (*changed, *(_offered(rollout, agent, now_ms) for agent in more)))


def go_on(
    rollout: Rollout, rooms: Iterable[RoomUpdate], offer: str, who: str, now_ms: int
) -> Advanced:
    """A person has it go on, as a new offer: who failed is passed over, but for the first room.

    Who tried it and fell silent is asked again, and waited for no more.
    """
    running = replace(rollout, offer=offer, state=RolloutState.RUNNING, reason="", who=who)
    return Advanced(running, tuple(_asked_again(room, rollout, offer, now_ms) for room in rooms))


def _asked_again(room: RoomUpdate, stopped: Rollout, offer: str, now_ms: int) -> RoomUpdate:
    has_failed = room.step == UpdateStep.FAILED
    is_silent = room.step == UpdateStep.PROVING and stopped.reason == Stop.SILENT
    is_passed = stopped.stage is not Stage.ROOM and (has_failed or is_silent)
    stage = Stage.PASSED if is_passed else room.stage
    if has_failed and stage is Stage.PASSED:
        return replace(room, offer=offer, stage=stage)
    return replace(
        room, offer=offer, stage=stage, step=OFFERED, reason="", since_ms=now_ms, well_ms=0
    )


def chosen(
    rollout: Rollout, rooms: Mapping[Place, RoomUpdate], agents: Sequence[AgentSeen]
) -> list[AgentSeen]:
    """Who is offered it besides: of a tenth those who are here now, in an order of this offer."""
    others = [agent for agent in agents if agent.place not in rooms and agent.online]
    if rollout.stage is Stage.ALL:
        return others
    is_filled = any(room.stage is rollout.stage for room in rooms.values())
    if rollout.stage is Stage.ROOM or is_filled:
        return []
    others.sort(key=lambda agent: _lot(rollout.offer, agent.place))
    return others[: max(1, -(-len(agents) // _TENTH))]


def is_done(rollout: Rollout, rooms: Iterable[RoomUpdate]) -> bool:
    """Whether everybody who was heard of has said how it ended."""
    is_last = rollout.state is RolloutState.RUNNING and rollout.stage is Stage.ALL
    return is_last and all(room.is_over for room in rooms)


def is_on_its_way(rollout: Rollout, rooms: Iterable[RoomUpdate]) -> bool:
    """Whether somebody is still to answer it."""
    return rollout.state is RolloutState.RUNNING and not is_done(rollout, rooms)


def _offered(rollout: Rollout, agent: AgentSeen, now_ms: int) -> RoomUpdate:
    return RoomUpdate(
        place=agent.place, offer=rollout.offer, stage=rollout.stage, step=OFFERED,
        since_ms=now_ms, saw=agent.sees,
    )  # fmt: skip


def _looked_at(room: RoomUpdate, agent: AgentSeen | None, version: str, now_ms: int) -> RoomUpdate:
    is_well = (
        room.step == UpdateStep.KEPT
        and agent is not None
        and agent.online
        and agent.version == version
        and agent.sees * 2 >= room.saw
    )
    if is_well == bool(room.well_ms):
        return room
    return replace(room, well_ms=now_ms if is_well else 0)


def _is_proven(room: RoomUpdate, now_ms: int) -> bool:
    if room.step == UpdateStep.UNFIT:
        return True
    return bool(room.well_ms) and now_ms - room.well_ms >= WELL_MS


def _trouble(
    rooms: Iterable[RoomUpdate], agents: Mapping[Place, AgentSeen], now_ms: int
) -> Stop | None:
    for room in rooms:
        if room.stage is Stage.PASSED:
            continue
        if room.step == UpdateStep.FAILED:
            return Stop.FAILED
        agent = agents.get(room.place)
        is_here = agent is not None and agent.online
        is_late = now_ms - room.since_ms > SILENT_MS
        if room.step == UpdateStep.PROVING and is_late and not is_here:
            return Stop.SILENT
    return None


def _lot(offer: str, place: Place) -> bytes:
    return hashlib.sha256(f"{offer}\n{place.agent}".encode()).digest()
