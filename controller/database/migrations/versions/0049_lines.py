"""How schools' lines did, day by day, and how often programs ask by their tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

_SUMS = ("reconnects", "bytes", "out_ms", "watched_ms", "at_ms")
_TOLD = ("oldest_s", "worst_s")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "line_days",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("province", "school", "day")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _SUMS),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in _TOLD),
    )
    op.add_column("api_tokens", sa.Column("rhythm_ms", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("api_tokens", "rhythm_ms")
    op.drop_table("line_days")
