"""The figures of a department, a row for a day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "history_days",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in ("province", "day")),
        sa.Column("as_of_ms", sa.BigInteger(), nullable=False),
        sa.Column("figures", sa.LargeBinary(), nullable=False),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("history_days")
