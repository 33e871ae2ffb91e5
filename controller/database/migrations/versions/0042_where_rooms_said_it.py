"""Of what agents say: which of their starts said it, and as its how manyth."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_SAID = ("events", "marks", "rolls", "erasure_proofs", "camera_standings")
_PLACES = [*((table, name) for table in _SAID for name in ("run", "seq")), ("streams", "run")]


def upgrade() -> None:
    """Go forward. What is there already has no place: it stands before all that has one."""
    for table, name in _PLACES:
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column(table, column)


def downgrade() -> None:
    """Go back."""
    for table, name in _PLACES:
        op.drop_column(table, name)
