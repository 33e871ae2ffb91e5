"""In which areas the feed has told a school's items, so that a school that moves is a change."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "feed_areas",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("province", "school", "area")),
        sa.Column("since", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("feed_areas")
