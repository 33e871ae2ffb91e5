"""This file keeps where a school's rooms are: building and site (điểm trường)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, delete

from controller.database.plan_version import bump_version
from controller.inventory.asset import Spot
from controller.inventory.store import spots_of
from controller.inventory.tables import spots
from controller.sheets.names import room_key
from protocol.model import Place


def keep_spots(db: Connection, school: Place, given: Mapping[str, Spot]) -> int:
    """Keep where rooms are, by the room's name; returns how many are other than before.

    Rooms that are not given stay where they are.
    """
    known = spots_of(db, school)
    fresh = {
        room: spot for room, spot in given.items() if known.get(room_key(room), Spot()) != spot
    }
    for room, spot in fresh.items():
        key = {"province": school.province, "school": school.school, "room_key": room_key(room)}
        db.execute(delete(spots).where(*(spots.c[name] == value for name, value in key.items())))
        db.execute(spots.insert(), key | {"room": room} | spot._asdict())
    bump_version(db, school, changed=bool(fresh))
    return len(fresh)
