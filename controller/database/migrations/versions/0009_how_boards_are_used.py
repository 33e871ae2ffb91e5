"""When boards were on, when agents watched them, and how each board was used week by week."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SIGN = ("province", "school", "device_id", "agent", "boot", "sense")
_WATCH = ("province", "school", "agent", "boot", "room")
_WEEK = ("province", "school", "week", "device_id", "room")
_MINUTES = ("on_min", "used_min", "planned_min", "known_min")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "board_signs",
        *_texts(*_SIGN),
        *_millis("at_ms"),
        *_texts("room", "state"),
        sa.PrimaryKeyConstraint(*_SIGN, "at_ms"),
    )
    op.create_index("board_signs_at", "board_signs", ["at_ms"])
    op.create_table(
        "watches",
        *_texts(*_WATCH),
        *_millis("began_ms", "until_ms"),
        sa.PrimaryKeyConstraint(*_WATCH, "began_ms"),
    )
    op.create_index("watches_until", "watches", ["until_ms"])
    op.create_table(
        "use_weeks",
        *_texts(*_WEEK, "kind", "asset_tag"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _MINUTES),
        sa.PrimaryKeyConstraint(*_WEEK),
    )
    op.create_index("use_weeks_week", "use_weeks", ["week"])


def downgrade() -> None:
    """Go back."""
    for table in ("use_weeks", "watches", "board_signs"):
        op.drop_table(table)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _millis(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
