"""How long lines of the book, and items, are under warranty."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: no book was asked for it so far."""
    for name, texts in _TEXTS.items():
        op.add_column(name, sa.Column("warranty_months", sa.Integer(), nullable=True))
        for text in texts:
            op.add_column(name, sa.Column(text, sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back."""
    for name, texts in _TEXTS.items():
        for column in (*texts, "warranty_months"):
            op.drop_column(name, column)


_TEXTS = {"register": ("warranty_until",), "assets": ("warranty_until", "warranty_end")}
