"""Lessons, the attendance log with its chain, faults, and who looked."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ADDED = {
    "agents": ("schema", "plan"),
    "events": ("lesson", "day"),
    "marks": ("class_code", "actor", "why", "before", "hash", "erased"),
}
_INDEXED = ("events", "marks")


def upgrade() -> None:
    """Go forward. The defaults are for rows that are there; SQLite adds no such column without."""
    op.add_column("agents", sa.Column("schema", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("agents", sa.Column("plan", sa.Text(), nullable=False, server_default=""))
    op.add_column("events", sa.Column("lesson", sa.Text(), nullable=True))
    op.add_column("events", sa.Column("day", sa.Text(), nullable=True))
    op.add_column("marks", sa.Column("class_code", sa.Text(), nullable=True))
    for name, default in (("actor", ""), ("why", "marked"), ("before", ""), ("hash", "")):
        column = sa.Column(name, sa.Text(), nullable=False, server_default=default)
        op.add_column("marks", column)
    erased: sa.Column[bool] = sa.Column(
        "erased", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("marks", erased)
    for table in _INDEXED:
        op.create_index(f"{table}_lesson", table, ["lesson"])
    _log("rolls", *_roll_columns())
    op.create_index("rolls_lesson", "rolls", ["lesson"])
    op.create_index("rolls_day", "rolls", ["day"])
    op.create_table(
        "lessons",
        *(_text(name) for name in ("province", "school", "agent", "lesson", "room", "classes")),
        sa.Column("period", sa.Integer(), nullable=True),
        _text("subject"),
        sa.Column("substitute", sa.Boolean(), nullable=False),
        _text("day"),
        _millis("began_ms", nullable=True),
        _millis("ended_ms", nullable=True),
        sa.Column("how", sa.Text(), nullable=True),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        _text("counts"),
        sa.PrimaryKeyConstraint("province", "school", "agent", "lesson"),
    )
    op.create_index("lessons_day", "lessons", ["day"])
    _log(
        "faults",
        *(_text(name) for name in ("province", "school", "agent", "event_id", "room", "part")),
        sa.Column("lesson", sa.Text(), nullable=True),
        _millis("at_ms"),
        _millis("received_ms"),
        _millis("done_ms", nullable=True),
        sa.UniqueConstraint("event_id", name="faults_id"),
    )
    _log(
        "looks",
        *(_text(name) for name in ("province", "school", "session", "what", "subject")),
        _millis("at_ms"),
    )


def downgrade() -> None:
    """Go back."""
    for table in ("looks", "faults", "lessons", "rolls"):
        op.drop_table(table)
    for table in _INDEXED:
        op.drop_index(f"{table}_lesson", table)
    for table, columns in _ADDED.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in reversed(columns):
                batch_op.drop_column(name)


def _roll_columns() -> list[sa.Column[Any] | sa.UniqueConstraint]:
    return [
        *(_text(name) for name in ("province", "school", "agent", "room", "event_id")),
        sa.Column("reopened", sa.Boolean(), nullable=False),
        *(_text(name) for name in ("lesson", "day", "classes")),
        sa.Column("period", sa.Integer(), nullable=True),
        *(_text(name) for name in ("subject", "lines", "actor", "before", "hash")),
        sa.Column("erased", sa.Integer(), nullable=False),
        _millis("at_ms"),
        _millis("received_ms"),
        sa.UniqueConstraint("event_id", name="rolls_id"),
    ]


def _log(table: str, *columns: sa.Column[Any] | sa.UniqueConstraint) -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        table,
        sa.Column("no", number, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("no"),
        sqlite_autoincrement=True,
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _millis(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)
