"""Marks that live in two schools at once; what agents explain; which two devices are one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

_AGENT = ("province", "school", "agent")


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=True) for name in names]


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "contested_marks",
        *_keys("province", "school", "mark", "item"),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "explanations",
        *_keys(*_AGENT),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_table(
        "pair_words",
        *_keys(*_AGENT, "one", "other"),
        sa.Column("is_one", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("said_ms", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("pair_words")
    op.drop_table("explanations")
    op.drop_table("contested_marks")
