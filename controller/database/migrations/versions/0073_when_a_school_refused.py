"""When a school's refusal of an inspection came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: of those of before, the school's last word is all that is known."""
    op.add_column(
        "asked_schools",
        sa.Column("refused_ms", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute("UPDATE asked_schools SET refused_ms = arrived_ms WHERE refused <> ''")


def downgrade() -> None:
    """Go back."""
    op.drop_column("asked_schools", "refused_ms")
