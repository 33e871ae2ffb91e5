"""Rooms, tags and serials have one way of being compared: what is stored of it is made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from alembic import op

from controller.sheets.names import room_key, serial_key, tag_key

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COMPARED = (
    ("assets", "serial", "serial_key", serial_key),
    ("assets", "asset_tag", "tag_key", tag_key),
    ("assets", "room", "room_key", room_key),
    ("register", "serial", "serial_key", serial_key),
)
_SCHOOL = ("province", "school")

Key = Callable[[str], str]


def upgrade() -> None:
    """Go forward."""
    for name, written, compared, key in _COMPARED:
        _renew(_table(name, written, compared), written, compared, key)
    spots = _table("spots", *_SCHOOL, "room_key", "room", "site", "building")
    _renew_primary(spots, "room", "room_key", room_key)
    _renew_primary(_table("labels", *_SCHOOL, "tag", "printed_ms"), "tag", "tag", tag_key)
    _renew(_table("decisions", "subject"), "subject", "subject", _subject)


def downgrade() -> None:
    """Go back: an earlier version reads these keys, and writes its own with what changes."""


def _renew(table: sa.TableClause, written: str, compared: str, key: Key) -> None:
    pairs = op.get_bind().execute(sa.select(table.c[written], table.c[compared]).distinct())
    changed = [(raw, key(raw)) for raw, stored in pairs if key(raw) != stored]
    for raw, fresh in changed:
        op.execute(sa.update(table).where(table.c[written] == raw).values({compared: fresh}))


def _renew_primary(table: sa.TableClause, written: str, compared: str, key: Key) -> None:
    """The same where it is a part of the primary key: of rows that are now one, one stays."""
    db = op.get_bind()
    rows = [dict(row) for row in db.execute(sa.select(table)).mappings()]
    right = {_place(row, compared) for row in rows if key(row[written]) == row[compared]}
    fresh = [row for row in rows if _place(row, compared) not in right]
    for row in fresh:
        names = (*_SCHOOL, compared)
        op.execute(sa.delete(table).where(*(table.c[name] == row[name] for name in names)))
    anew = {
        _place(row, compared): row
        for row in (old_row | {compared: key(old_row[written])} for old_row in fresh)
    }
    if lacking := [row for place, row in anew.items() if place not in right]:
        db.execute(sa.insert(table), lacking)


def _place(row: Mapping[str, str], compared: str) -> tuple[str, ...]:
    return row["province"], row["school"], row[compared]


def _subject(subject: str) -> str:
    """What a decision is about, when that is a serial or a tag as they are compared."""
    kind, _, value = subject.partition(":")
    keys = {"serial": serial_key, "tag": tag_key}
    return f"{kind}:{keys[kind](value)}" if kind in keys else subject


def _table(name: str, *columns: str) -> sa.TableClause:
    return sa.table(name, *map(sa.column, columns))
