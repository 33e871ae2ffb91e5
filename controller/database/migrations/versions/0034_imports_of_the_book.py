"""Each import of the equipment book, so that it can be taken back whole."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: books that were brought in before cannot be taken back whole."""
    op.create_table(
        "book_imports",
        *(sa.Column(name, sa.Text(), primary_key=True, nullable=False) for name in _PLACE),
        sa.Column("no", sa.BigInteger(), primary_key=True, autoincrement=False, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("who", "file")),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.Column("remaining", sa.Text(), nullable=False),
        sa.Column("undone_ms", sa.BigInteger(), nullable=True),
    )
    numbers = ("import_no", "line")
    op.create_table(
        "import_lines",
        *(sa.Column(name, sa.Text(), primary_key=True, nullable=False) for name in _PLACE),
        *(
            sa.Column(name, sa.BigInteger(), primary_key=True, autoincrement=False, nullable=False)
            for name in numbers
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("was", "becomes")),
        sa.Column("step", sa.BigInteger(), nullable=True),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("import_lines")
    op.drop_table("book_imports")


_PLACE = ("province", "school")
_COUNTS = ("at_ms", "new", "changed", "removed", "newest_step")
