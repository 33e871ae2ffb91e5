"""Messages to people outside of the screens: those that wait, and those that went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _longs(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def upgrade() -> None:
    """Go forward."""
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "alerts",
        sa.Column("no", number, primary_key=True),
        *_texts("province", "school", "receiver", "about", "title", "text"),
        *_longs("made_ms", "next_ms", "tries"),
        *_texts("trouble"),
        *_longs("sent_ms", nullable=True),
        sa.Column("dropped", sa.Boolean(), nullable=False),
        sqlite_autoincrement=True,
    )
    place = ["province", "school"]
    op.create_index("alerts_about", "alerts", [*place, "receiver", "about"], unique=True)
    op.create_index("alerts_made", "alerts", [*place, "made_ms"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("alerts")
