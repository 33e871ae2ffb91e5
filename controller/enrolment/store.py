"""This file asks which rooms the school knows of and which of them have a computer already."""

from __future__ import annotations

from sqlalchemy import Connection, select

from controller.database.scope import of
from controller.fleet.store import rooms_with_agents
from controller.register.tables import register
from controller.roster.tables import bookings
from controller.sheets.names import room_code
from protocol.model import Place


def rooms_without_computer(db: Connection, school: Place) -> list[str]:
    """Rooms of the book and the timetable from which no computer speaks, by their names."""
    in_book = select(register.c.room).where(of(register, school), register.c.removed_ms.is_(None))
    planned = select(bookings.c.room).where(of(bookings, school))
    named = [*db.scalars(in_book.distinct()), *db.scalars(planned.distinct())]
    taken = {room_code(room) for room in rooms_with_agents(db, school)}
    rooms = {room_code(room): room for room in sorted(named) if room}
    return sorted(room for code, room in rooms.items() if code not in taken)
