"""This file keeps how rooms' cameras stand, and the school's word until each computer answers it.

Every function works in a transaction of the store's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import uuid4

import msgspec
from sqlalchemy import Connection, delete, select

from controller.cameras.standing import CameraStanding, OffCommand
from controller.cameras.tables import camera_commands, camera_standings
from controller.cameras.words import CAMERA
from controller.database.changes import of_kind
from controller.database.reading import row_of, rows_of
from controller.database.scope import within
from controller.database.shape import Shape
from controller.database.writing import Writing, write
from controller.fleet.records import EventRecord
from controller.fleet.runs import said_at
from protocol.messages import CameraLook
from protocol.model import Place
from protocol.shapes import json_decoder

STANDINGS: Final = Shape(CameraStanding, camera_standings)
COMMANDS: Final = Shape(OffCommand, camera_commands)


class _Body(msgspec.Struct, frozen=True):
    """The event's own fields, as the log keeps them."""

    off: bool = False
    since_ms: int = 0
    by: str = ""
    name: str = ""
    looks: tuple[CameraLook, ...] = ()
    check_s: int = 0
    command: str = ""


_body: Final = json_decoder(_Body)


def keep(db: Connection, changes: Sequence[object], now_ms: int) -> None:
    """Keep the newest that each computer told; what it answers is owed no more."""
    for event in of_kind(changes, EventRecord):
        if event.kind == CAMERA:
            _keep_told(db, event, now_ms)


def standings_of(db: Connection, school: Place) -> list[CameraStanding]:
    """How the school's cameras stand, by computer."""
    query = select(camera_standings).where(within(camera_standings, school))
    return STANDINGS.records(rows_of(db, query.order_by(camera_standings.c.agent)))


def commands_of(db: Connection, school: Place) -> list[OffCommand]:
    """The school's words that are not answered yet."""
    query = select(camera_commands).where(within(camera_commands, school))
    return COMMANDS.records(rows_of(db, query.order_by(camera_commands.c.agent)))


def command_off(
    db: Connection, agents: Collection[Place], actor: str, now_ms: int
) -> Sequence[object]:
    """Have these computers switch their cameras off; a word that waits is replaced."""
    commands = [
        OffCommand(place=agent, command=uuid4().hex, actor=actor, asked_ms=now_ms)
        for agent in agents
    ]
    write(db, camera_commands, [*map(COMMANDS.row, commands)], Writing.UPSERT)
    return commands


def _keep_told(db: Connection, event: EventRecord, now_ms: int) -> None:
    told, place = _body.decode(event.body), event.place
    if told.command:
        answered = delete(camera_commands).where(
            within(camera_commands, place), camera_commands.c.command == told.command
        )
        db.execute(answered)
    row = row_of(db, select(camera_standings).where(within(camera_standings, place)))
    before = STANDINGS.record(row) if row else None
    if before and _is_older(event, before, now_ms):
        return  # told again, long after
    standing = CameraStanding(
        place=place,
        room=event.room,
        off=told.off,
        since_ms=told.since_ms,
        by=told.by,
        name=told.name,
        looks=told.looks,
        check_s=told.check_s,
        at_ms=event.at_ms,
        run=event.run,
        seq=event.seq,
    )
    write(db, camera_standings, [STANDINGS.row(standing)], Writing.UPSERT)


def _is_older(event: EventRecord, standing: CameraStanding, now_ms: int) -> bool:
    """Whether its computer said it before what stands; of before it had numbers, by the clock."""
    if standing.run:
        return said_at(event) < said_at(standing)
    return event.at_ms < min(standing.at_ms, now_ms)
