"""How rooms' cameras are switched, and the school's word to those that have not answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "camera_standings",
        *_texts("province", "school", "agent", key=True),
        *_texts("room"),
        sa.Column("off", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        *_texts("by", "name", "looks"),
        sa.Column("check_s", sa.Integer(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "camera_commands",
        *_texts("province", "school", "agent", key=True),
        *_texts("command", "actor"),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("camera_commands")
    op.drop_table("camera_standings")


def _texts(*names: str, key: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=key, nullable=False) for name in names]
