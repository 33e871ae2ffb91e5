"""What people call devices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: nobody was asked so far."""
    op.add_column("devices", sa.Column("given_name", sa.Text(), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("devices", "given_name")
