"""How many things a line of the book is, and what one of them costs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: each line was one thing so far."""
    for name in _TABLES:
        with op.batch_alter_table(name) as table:
            table.add_column(
                sa.Column("quantity", sa.Integer(), nullable=False, server_default="1")
            )
            table.add_column(sa.Column("unit_cost_vnd", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Go back."""
    for name in _TABLES:
        with op.batch_alter_table(name) as table:
            table.drop_column("unit_cost_vnd")
            table.drop_column("quantity")


_TABLES = ("register", "assets")
