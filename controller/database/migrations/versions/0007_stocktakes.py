"""Stocktakes, the scans that persons made, and which labels were printed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "stocktakes",
        *_texts("province", "school"),
        sa.Column("no", sa.BigInteger(), nullable=False, autoincrement=False),
        *_millis("begun_ms"),
        *_texts("begun_by", "rooms"),
        sa.Column("finished_ms", sa.BigInteger(), nullable=True),
        *_texts("finished_by", "book"),
        sa.PrimaryKeyConstraint("province", "school", "no"),
    )
    op.create_table(
        "scans",
        *_texts("province", "school", "id"),
        sa.Column("stocktake", sa.BigInteger(), nullable=False),
        *_texts("room"),
        sa.Column("found", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=True),
        *_texts("asset_tag", "serial", "type", "condition"),
        sa.Column("quality_pct", sa.Integer(), nullable=True),
        *_texts("note", "cancels"),
        *_millis("at_ms", "seen_ms", "received_ms"),
        *_texts("who"),
        sa.Column("late", sa.Boolean(create_constraint=False), nullable=False),
        sa.PrimaryKeyConstraint("province", "school", "id"),
    )
    op.create_index("scans_of_stocktake", "scans", ["province", "school", "stocktake"])
    op.create_table(
        "labels",
        *_texts("province", "school", "tag"),
        *_millis("printed_ms"),
        sa.PrimaryKeyConstraint("province", "school", "tag"),
    )


def downgrade() -> None:
    """Go back."""
    for table in ("labels", "scans", "stocktakes"):
        op.drop_table(table)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _millis(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
