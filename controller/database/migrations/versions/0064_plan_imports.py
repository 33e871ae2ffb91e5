"""What imports of class lists and schedules changed, so that they can be taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "plan_imports",
        sa.Column("province", sa.Text(), primary_key=True, nullable=False),
        sa.Column("school", sa.Text(), primary_key=True, nullable=False),
        sa.Column("no", sa.Integer(), primary_key=True, nullable=False, autoincrement=False),
        *(
            sa.Column(name, sa.Text(), nullable=False)
            for name in ("part", "who", "file", "was", "became")
        ),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("undone_ms", sa.BigInteger(), nullable=True),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("plan_imports")
