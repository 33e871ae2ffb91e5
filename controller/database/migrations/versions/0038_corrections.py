"""Corrections of marks: what the school changed after the lesson, who, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PLACE = ("province", "school", "agent", "room", "event_id", "lesson", "day", "class_code")
_TEXTS = ("reason", "note", "actor", "before", "hash")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "corrections",
        sa.Column("no", _NUMBER, primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*_PLACE, "student", "seen")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("was", "status")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("erased", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.UniqueConstraint("event_id", name="corrections_id"),
        sa.UniqueConstraint("province", "school", "number", name="corrections_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("corrections_lesson", "corrections", ["lesson"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("corrections")
