"""Who corrected a confirmed roll in its room; and what a school planned before it planned anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("marks", sa.Column("teacher", sa.Text(), nullable=True))
    op.add_column("marks", sa.Column("proof", sa.Text(), nullable=True))
    op.create_table(
        "past_schedules",
        *(
            sa.Column(name, sa.Text(), primary_key=True, nullable=False)
            for name in ("province", "school", "part", "until")
        ),
        sa.Column("lines", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("past_schedules")
    op.drop_column("marks", "proof")
    op.drop_column("marks", "teacher")
