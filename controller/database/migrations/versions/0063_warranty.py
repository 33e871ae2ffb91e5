"""How long lines and items are under warranty, and what became of a department's items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0059"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: no book was asked for it so far."""
    for name, texts in _TEXTS.items():
        op.add_column(name, sa.Column("warranty_months", sa.Integer(), nullable=True))
        for text in texts:
            op.add_column(name, sa.Column(text, sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "item_steps",
        *(
            sa.Column(name, sa.Text(), primary_key=True, nullable=False)
            for name in ("province", "school", "device_id")
        ),
        sa.Column("day", sa.BigInteger(), primary_key=True, autoincrement=False, nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("room", "state", "condition")),
        sa.Column("here", sa.Boolean(), nullable=False),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("item_steps")
    for name, texts in _TEXTS.items():
        for column in (*texts, "warranty_months"):
            op.drop_column(name, column)


_TEXTS = {"register": ("warranty_until",), "assets": ("warranty_until", "warranty_end")}
