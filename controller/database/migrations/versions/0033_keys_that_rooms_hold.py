"""Which door keys rooms are given: those of before, until somebody ends it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: a key that signed cards before is in rooms, whose programs may need it."""
    with op.batch_alter_table("door_keys") as keys:
        flag = sa.Boolean(create_constraint=False)
        keys.add_column(sa.Column("in_rooms", flag, nullable=False, server_default=sa.true()))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("door_keys") as keys:
        keys.drop_column("in_rooms")
