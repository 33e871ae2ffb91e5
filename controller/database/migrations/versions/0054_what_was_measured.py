"""What things measured, in blocks; and how long they were up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def _texts(*names: str, key: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=key, nullable=False) for name in names]


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "measure_blocks",
        *_texts("province", "school", "tier", "thing", "measure", key=True),
        sa.Column("begins_ms", sa.BigInteger(), primary_key=True, autoincrement=False),
        *_texts("points"),
    )
    op.create_table(
        "uptimes",
        *_texts("province", "school", "day", "part", "name", key=True),
        sa.Column("up_min", sa.BigInteger(), nullable=False),
        sa.Column("all_min", sa.BigInteger(), nullable=False),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("uptimes")
    op.drop_table("measure_blocks")
