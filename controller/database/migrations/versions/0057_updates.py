"""Packages for rooms, the version on its way, and how far each room is with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def _texts(*names: str, key: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=key, nullable=False) for name in names]


def _longs(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "update_packages",
        *_texts("province", "school", "sha256", key=True),
        *_texts("version", "system", "arch", "manifest", "signature", "who"),
        *_longs("size", "added_ms"),
    )
    op.create_table(
        "update_rollouts",
        *_texts("province", "school", key=True),
        *_texts("offer", "version", "stage", "state", "reason", "who"),
        *_longs("begun_ms"),
    )
    op.create_table(
        "update_rooms",
        *_texts("province", "school", "agent", key=True),
        *_texts("offer", "stage", "step", "reason"),
        *_longs("since_ms", "well_ms"),
        sa.Column("saw", sa.Integer(), nullable=False),
    )


def downgrade() -> None:
    """Go back."""
    for name in ("update_rooms", "update_rollouts", "update_packages"):
        op.drop_table(name)
