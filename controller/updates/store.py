"""This file keeps packages, the version on its way, and what rooms say of it.

Every function works in a transaction of the store's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple
from uuid import uuid4

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, delete, select

from controller.database.changes import of_kind
from controller.database.reading import row_of, rows_of
from controller.database.scope import within
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.fleet.records import EventRecord
from controller.fleet.store import agents_of, all_devices
from controller.updates.rollout import (
    Advanced,
    AgentSeen,
    Rollout,
    RolloutState,
    RoomUpdate,
    Stage,
    Stop,
    advance,
    begin,
    is_on_its_way,
)
from controller.updates.rollout import go_on as resumed
from controller.updates.tables import update_packages, update_rollouts, update_rooms
from controller.updates.words import UPDATE_TOLD
from protocol.model import Place, Status
from protocol.shapes import json_decoder


class HeldPackage(msgspec.Struct, frozen=True, kw_only=True):
    """A package that lies here. manifest, signature: as they were signed; who: gave it."""

    place: Place
    sha256: str
    version: str
    system: str
    arch: str
    manifest: str
    signature: str
    who: str
    size: int
    added_ms: int


class RolloutWish(NamedTuple):
    """Which version is to go out, and to which computer first."""

    version: str
    first: Place


class _Body(msgspec.Struct, frozen=True):
    """The event's own fields, as the log keeps them."""

    offer: str = ""
    step: str = ""
    reason: str = ""


PACKAGES: Final = Shape(HeldPackage, update_packages)
ROLLOUTS: Final = Shape(Rollout, update_rollouts)
ROOMS: Final = Shape(RoomUpdate, update_rooms)
_body: Final = json_decoder(_Body)


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep how far each computer says it is with the present offer."""
    for event in of_kind(changes, EventRecord):
        if event.kind == UPDATE_TOLD:
            _keep_told(db, event, now_ms)


def packages_of(db: Connection, school: Place) -> list[HeldPackage]:
    """What lies here, the latest given first."""
    query = select(update_packages).where(within(update_packages, school))
    newest = update_packages.c.added_ms.desc()
    return PACKAGES.records(rows_of(db, query.order_by(newest, update_packages.c.sha256)))


def add_package(db: Connection, package: HeldPackage) -> Sequence[object]:
    """A package lies here now; given again, it is the newest."""
    write(db, update_packages, [PACKAGES.row(package)], Writing.UPSERT)
    return [package]


def drop_packages(db: Connection, school: Place, digests: Sequence[str]) -> Sequence[object]:
    """These lie here no more."""
    db.execute(
        delete(update_packages).where(
            within(update_packages, school), update_packages.c.sha256.in_(digests)
        )
    )
    return list(digests)


def rollout_of(db: Connection, school: Place) -> Rollout | None:
    """The version on its way, or that went last."""
    row = row_of(db, select(update_rollouts).where(within(update_rollouts, school)))
    return ROLLOUTS.record(row) if row else None


def rooms_of(db: Connection, school: Place) -> dict[Place, RoomUpdate]:
    """How far each computer is with it."""
    rollout = rollout_of(db, school)
    return {
        room.place: room
        for room in _all_rooms(db, school)
        if rollout is not None and room.offer == rollout.offer
    }


def leaving_of(db: Connection, school: Place) -> list[RoomUpdate]:
    """The computers that were offered a version before, and have not said how that ended."""
    here = rooms_of(db, school)
    return [room for room in _all_rooms(db, school) if room.place not in here and not room.is_over]


def _all_rooms(db: Connection, school: Place) -> list[RoomUpdate]:
    query = select(update_rooms).where(within(update_rooms, school))
    return ROOMS.records(rows_of(db, query.order_by(update_rooms.c.agent)))


def seen_agents(db: Connection, school: Place) -> list[AgentSeen]:
    """The school's computers as they are now."""
    sees = Counter(
        device.place for device in all_devices(db, school) if device.status is not Status.UNKNOWN
    )
    return [
        AgentSeen(agent.place, agent.version, agent.online, sees[agent.place])
        for agent in agents_of(db, school, limit=None)
    ]


def begin_rollout(
    db: Connection, school: Place, wish: RolloutWish, who: str, now_ms: int
) -> Sequence[object]:
    """A person has a version go to one room, and from there on; nothing where none such is.

    One at a time: while another is on its way, nothing. Who has not answered the one before stays,
    to be told that it is over.
    """
    version, first = wish
    before = rollout_of(db, school)
    if before and is_on_its_way(before, rooms_of(db, school).values()):
        return []
    known = {agent.place: agent for agent in seen_agents(db, school)}
    if first not in known or not any(one.version == version for one in packages_of(db, school)):
        return []
    rollout = Rollout(
        place=school, offer=uuid4().hex, version=version, stage=Stage.ROOM,
        state=RolloutState.RUNNING, who=who, begun_ms=now_ms,
    )  # fmt: skip
    return _write(db, begin(rollout, known[first], now_ms))


def stop_rollout(db: Connection, school: Place, who: str) -> Sequence[object]:
    """A person stops it: who has not tried it yet leaves it."""
    rollout = rollout_of(db, school)
    if rollout is None or rollout.state is not RolloutState.RUNNING:
        return []
    stopped = replace(rollout, state=RolloutState.STOPPED, reason=Stop.PERSON, who=who)
    return _write(db, Advanced(stopped))


def stop_lost(db: Connection, school: Place) -> Sequence[object]:
    """What is on its way stands still where this server has no package of it any more."""
    rollout = rollout_of(db, school)
    if rollout is None or rollout.state is not RolloutState.RUNNING:
        return []
    if any(one.version == rollout.version for one in packages_of(db, school)):
        return []
    return _write(db, Advanced(replace(rollout, state=RolloutState.STOPPED, reason=Stop.LOST)))


def go_on(db: Connection, school: Place, who: str, now_ms: int) -> Sequence[object]:
    """A person has it go on from where it stopped; who failed is passed over."""
    rollout = rollout_of(db, school)
    if rollout is None or rollout.state is not RolloutState.STOPPED:
        return []
    rooms = rooms_of(db, school).values()
    return _write(db, resumed(rollout, rooms, uuid4().hex, who, now_ms))


def take_back(db: Connection, school: Place, who: str) -> Sequence[object]:
    """A person has every room that took the version go back to the one before."""
    rollout = rollout_of(db, school)
    if rollout is None or rollout.state is RolloutState.BACK:
        return []
    return _write(db, Advanced(replace(rollout, state=RolloutState.BACK, reason="", who=who)))


def advance_rollout(db: Connection, school: Place, now_ms: int) -> Sequence[object]:
    """Have it go on, or stop, as its rooms fare."""
    rollout = rollout_of(db, school)
    if rollout is None or rollout.state is not RolloutState.RUNNING:
        return []
    rooms = rooms_of(db, school)
    after = advance(rollout, rooms, seen_agents(db, school), now_ms)
    return _write(db, after) if after.rollout != rollout or after.rooms else []


def _write(db: Connection, after: Advanced) -> Sequence[object]:
    write(db, update_rollouts, [ROLLOUTS.row(after.rollout)], Writing.UPSERT)
    if after.rooms:
        write(db, update_rooms, [*map(ROOMS.row, after.rooms)], Writing.UPSERT)
    return [after.rollout, *after.rooms]


def _keep_told(db: Connection, event: EventRecord, now_ms: int) -> None:
    told = _body.decode(event.body)
    row = row_of(db, select(update_rooms).where(within(update_rooms, event.place)))
    room = ROOMS.record(row) if row else None
    if room is None or room.offer != told.offer or room.step == told.step:
        return  # of an offer that is over, or told again
    said = replace(room, step=told.step, reason=told.reason, since_ms=now_ms)
    write(db, update_rooms, [ROOMS.row(said)], Writing.UPSERT)
