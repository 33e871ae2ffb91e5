"""Of each day and week that a school told: its number there, so that nothing older replaces it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: what was told before has no number, and whatever comes replaces it."""
    op.create_table(
        "told_numbers",
        *(
            sa.Column(name, sa.Text(), primary_key=True, nullable=False)
            for name in ("province", "school", "what")
        ),
        sa.Column("numbering", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
    )
    with op.batch_alter_table("schools") as schools:
        schools.add_column(
            sa.Column("behind_rev", sa.BigInteger(), nullable=False, server_default="0")
        )


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("schools") as schools:
        schools.drop_column("behind_rev")
    op.drop_table("told_numbers")
