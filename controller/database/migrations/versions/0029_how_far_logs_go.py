"""How far agents say that their attendance logs go, and what signs for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "chain_heads",
        *_texts("province", "school", "agent", "head", "key", key=True),
        *_texts("room", "signature"),
        *_longs("links", "at_ms", "received_ms"),
    )
    op.create_table(
        "told_seals",
        *_texts("province", "school", "agent", "key", key=True),
        sa.Column("week", sa.BigInteger(), primary_key=True, autoincrement=False, nullable=False),
        *_longs("links", "at_ms", "heard_ms"),
        *_texts("seal"),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("told_seals")
    op.drop_table("chain_heads")


def _texts(*names: str, key: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=key, nullable=False) for name in names]


def _longs(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
