"""The school's equipment book, what persons decided about it, and the figure day by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TEXTS = ("asset_tag", "type", "maker", "model", "serial", "room")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "register",
        *_texts("province", "school"),
        sa.Column("no", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        *_texts(*_TEXTS),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("cost_vnd", sa.BigInteger(), nullable=True),
        *_texts("funding", "condition", "errors", "origin", "device", "serial_key"),
        *_millis("added_ms", "changed_ms"),
        sa.Column("removed_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("province", "school", "no"),
    )
    op.create_index("register_serial", "register", ["serial_key"])
    op.create_table(
        "decisions",
        *_texts("province", "school"),
        sa.Column("no", sa.BigInteger(), nullable=False, autoincrement=False),
        *_texts("subject", "deed"),
        sa.Column("line", sa.BigInteger(), nullable=True),
        *_texts("was", "becomes", "who"),
        *_millis("at_ms"),
        sa.Column("undone_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("province", "school", "no"),
    )
    op.create_table(
        "figures",
        *_texts("province", "school", "day"),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("declared", "complete", "verified", "managed")
        ),
        sa.PrimaryKeyConstraint("province", "school", "day"),
    )


def downgrade() -> None:
    """Go back."""
    for table in ("figures", "decisions", "register"):
        op.drop_table(table)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _millis(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
