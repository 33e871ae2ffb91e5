"""This file keeps who looked at pupils' marks: a session, never a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from controller.access.tables import accesses
from controller.database.reading import rows_of
from controller.database.scope import codes_of, of
from protocol.model import Place


def note_access(
    db: Connection, school: Place, session: str, what: str, subject: str, *, now_ms: int
) -> None:
    """Keep that a session looked at something, such as a class's sheet of some days."""
    row = {"session": session, "what": what, "subject": subject, "at_ms": now_ms}
    db.execute(accesses.insert().values(**codes_of(school), **row))


def access_log(db: Connection, school: Place, limit: int = 200) -> Sequence[Mapping[str, Any]]:
    """Who looked at pupils' marks, the newest first."""
    query = select(accesses).where(of(accesses, school)).order_by(accesses.c.no.desc())
    return rows_of(db, query.limit(limit))
