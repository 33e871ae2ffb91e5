"""Of each school: which start of its controller is believed, and who else speaks as it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"
branch_labels = None
depends_on = None

_TEXTS = ("branch", "day", "rival")
_LONGS = ("heard_rev", "owed", "rival_ms", "forked_ms")


def upgrade() -> None:
    """Go forward: schools that never named a start are believed as before."""
    with op.batch_alter_table("schools") as schools:
        schools.add_column(sa.Column("chained", sa.Boolean(), nullable=False, server_default="0"))
        for name in _TEXTS:
            schools.add_column(sa.Column(name, sa.Text(), nullable=False, server_default=""))
        for name in _LONGS:
            schools.add_column(sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("schools") as schools:
        for name in ("chained", *_TEXTS, *_LONGS):
            schools.drop_column(name)
