"""What processes of one database hand over: held requests, and how the ingest is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "held_requests",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
    )
    op.create_table(
        "ingest_status",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("ingest_status")
    op.drop_table("held_requests")
