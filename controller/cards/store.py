"""This file keeps door cards and the keys that sign them; inside a transaction of the store's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, func, select, update

from controller.database.plan_version import bump_version
from controller.database.scope import codes_of, of
from controller.fleet.tables import agents
from controller.roster.tables import door_cards, door_keys
from protocol.doorcode import SERIAL_BYTES
from protocol.model import Place

KEY_BYTES: Final = 32
Random = Callable[[int], bytes]


def newest_key(db: Connection, place: Place, now_ms: int, random: Random) -> tuple[int, bytes]:
    """The key that signs new cards, and its version; made where there is none."""
    query = select(door_keys.c.version, door_keys.c.key).where(of(door_keys, place))
    row = db.execute(query.order_by(door_keys.c.version.desc()).limit(1)).one_or_none()
    if row:
        return row.version, bytes.fromhex(row.key)
    key = random(KEY_BYTES)
    made = {"version": 1, "key": key.hex(), "made_ms": now_ms, "in_rooms": False}
    db.execute(door_keys.insert(), codes_of(place) | made)
    return 1, key


def computers_with_keys(db: Connection, place: Place) -> int:
    """How many computers of rooms are given the school's keys; 0 once that was ended."""
    held = select(func.count()).where(of(door_keys, place), door_keys.c.in_rooms)
    if not db.execute(held).scalar_one():
        return 0
    return int(db.execute(select(func.count()).where(of(agents, place))).scalar_one())


def end_keys(db: Connection, place: Place) -> None:
    """Give no room a key any more; every card that opens goes on to."""
    held = update(door_keys).where(of(door_keys, place), door_keys.c.in_rooms)
    changed = db.execute(held.values(in_rooms=False)).rowcount > 0
    bump_version(db, place, changed=changed)


def issue(
    db: Connection, place: Place, students: Sequence[str], now_ms: int, random: Random
) -> dict[str, bytes]:
    """A new card's serial for each; cards that they had open no door any more."""
    serials: dict[str, bytes] = {}
    for student in students:
        revoke(db, place, now_ms, student=student)
        serials[student] = random(SERIAL_BYTES)
        card = {"student": student, "serial": serials[student].hex(), "made_ms": now_ms}
        db.execute(door_cards.insert(), codes_of(place) | card)
    bump_version(db, place, changed=bool(serials))
    return serials


def revoke(
    db: Connection, place: Place, now_ms: int, *, serial: str = "", student: str = ""
) -> int:
    """Let a card, or all of a pupil's, open no door any more; returns how many.

    serial: whole, or its last four digits or more where they are one card's alone.
    """
    cards = door_cards.c
    which = cards.revoked_ms.is_(None) & (
        cards.student == student
        if student
        else cards.serial.endswith(serial.casefold(), autoescape=True)
    )
    query = select(func.count()).select_from(door_cards).where(of(door_cards, place), which)
    count = db.execute(query).scalar_one()
    if not count or (not student and count > 1):
        return 0
    statement = update(door_cards).where(of(door_cards, place), which)
    db.execute(statement.values(revoked_ms=now_ms))
    bump_version(db, place, changed=True)
    return int(count)
