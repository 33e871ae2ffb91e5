"""This file keeps what rooms should have. Every function works in a transaction of the store's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, delete, func, select

from controller.database.reading import rows_of
from controller.database.scope import codes_of, of
from controller.database.shape import Shape
from controller.database.writing import insert_into
from controller.kits.kits import MAX_TYPES, Kits, RoomType, TypeOfRoom, kits_of
from controller.kits.tables import room_choices, room_types
from protocol.errors import ActionError
from protocol.model import Place
from protocol.words import N_

TYPES: Final = Shape(RoomType, room_types)
ROOMS: Final = Shape(TypeOfRoom, room_choices)


def kits_in(db: Connection, place: Place) -> Kits:
    """All that the school has chosen."""
    types = select(room_types).where(of(room_types, place)).order_by(room_types.c.name)
    rooms = select(room_choices).where(of(room_choices, place)).order_by(room_choices.c.room)
    return kits_of(TYPES.records(rows_of(db, types)), ROOMS.records(rows_of(db, rooms)))


def keep_type(db: Connection, place: Place, kind: RoomType) -> Sequence[object]:
    """Keep a type, in place of one of its name. Raises ActionError."""
    count = select(func.count()).where(of(room_types, place), room_types.c.name != kind.name)
    if db.execute(count).scalar_one() >= MAX_TYPES:
        raise ActionError("types_many", N_("There are enough types of rooms."), N_("Drop one."))
    values = codes_of(place) | TYPES.values(kind)
    new = insert_into(db, room_types).values(values)
    keys = ["province", "school", "name"]
    db.execute(new.on_conflict_do_update(index_elements=keys, set_={"kit": values["kit"]}))
    return [kind]


def drop_type(db: Connection, place: Place, name: str) -> Sequence[object]:
    """Let a type go; of its rooms nobody has chosen any more."""
    db.execute(delete(room_types).where(of(room_types, place), room_types.c.name == name))
    db.execute(delete(room_choices).where(of(room_choices, place), room_choices.c.type == name))
    return [name]


def choose(db: Connection, place: Place, choice: TypeOfRoom) -> Sequence[object]:
    """Keep which type a room is."""
    values = codes_of(place) | ROOMS.values(choice)
    new = insert_into(db, room_choices).values(values)
    rest = {name: values[name] for name in ("label", "type")}
    keys = ["province", "school", "room"]
    db.execute(new.on_conflict_do_update(index_elements=keys, set_=rest))
    return [choice]


def unchoose(db: Connection, place: Place, room: str) -> Sequence[object]:
    """Of this room nobody has chosen."""
    db.execute(delete(room_choices).where(of(room_choices, place), room_choices.c.room == room))
    return [room]
