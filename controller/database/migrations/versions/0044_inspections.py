"""Inspections: what schools are asked and answer; stocktakes of some lines, how scans are made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_SCHOOL = "province school inspection"
_TABLES = {
    "inspections": {
        "key": "province inspection",
        "long": "no asked_ms due_ms",
        "text": "title unit of_school of_area type seed frame_digest who withdrawn_by",
        "number": "size frame_size",
        "maybe": "withdrawn_ms",
    },
    "inspection_frames": {"key": _SCHOOL, "text": "units drawn"},
    "asked_schools": {
        "key": _SCHOOL,
        "text": "items refused",
        "long": "held first_ms arrived_ms received_ms told_ms finished_ms",
    },
    "arrived_answers": {
        "key": _SCHOOL,
        "part": "no arrival",
        "text": "outcome evidence reason room condition",
        "long": "at_ms arrived_ms",
    },
    "inspection_requests": {
        "key": _SCHOOL,
        "long": "number asked_ms due_ms received_ms offset_ms stocktake finished_ms",
        "flag": "withdrawn",
        "text": "title items refused",
    },
    "inspection_words": {
        "key": _SCHOOL,
        "part": "no word",
        "text": "outcome evidence reason room who",
        "long": "at_ms",
    },
}


def upgrade() -> None:
    """Go forward."""
    for name, columns in _TABLES.items():
        op.create_table(name, *_columns(columns))
    with op.batch_alter_table("stocktakes") as table:
        table.add_column(sa.Column("title", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("only", sa.Text(), nullable=False, server_default="[]"))
    with op.batch_alter_table("scans") as table:
        table.add_column(sa.Column("how", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("scans") as table:
        table.drop_column("how")
    with op.batch_alter_table("stocktakes") as table:
        table.drop_column("only")
        table.drop_column("title")
    for name in reversed(_TABLES):
        op.drop_table(name)


def _columns(columns: dict[str, str]) -> Iterator[sa.Column[Any]]:
    for kind, names in columns.items():
        for name in names.split():
            yield _column(kind, name)


def _column(kind: str, name: str) -> sa.Column[Any]:
    match kind:
        case "key":
            return sa.Column(name, sa.Text(), primary_key=True)
        case "part":
            return sa.Column(name, sa.BigInteger(), primary_key=True, autoincrement=False)
        case "text":
            return sa.Column(name, sa.Text(), nullable=False)
        case "number":
            return sa.Column(name, sa.Integer(), nullable=False)
        case "flag":
            return sa.Column(name, sa.Boolean(create_constraint=False), nullable=False)
        case _:
            return sa.Column(name, sa.BigInteger(), nullable=kind == "maybe")
