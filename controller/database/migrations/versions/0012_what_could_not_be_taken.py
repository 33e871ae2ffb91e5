"""Messages that could not be taken are kept whole, with who sent them, to be tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_COMMON = ("no", "topic", "flaw", "size", "raw", "received_ms")


def upgrade() -> None:
    """Go forward: what was kept before goes along, most of it its first bytes only."""
    quarantine = op.create_table(
        "quarantine",
        sa.Column("no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("flaw", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("no"),
        sqlite_autoincrement=True,
    )
    poison = sa.table("poison", *map(sa.column, _COMMON))
    query = sa.select(*(poison.c[name] for name in _COMMON if name != "no"))
    empty = sa.literal("").label("sender"), sa.literal("").label("detail")
    op.execute(
        quarantine.insert().from_select(
            [*(name for name in _COMMON if name != "no"), "sender", "detail"],
            query.add_columns(*empty).order_by(poison.c.no),
        )
    )
    op.drop_table("poison")


def downgrade() -> None:
    """Go back: an earlier version keeps such messages anew."""
    op.create_table(
        "poison",
        sa.Column("no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("flaw", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("no"),
        sqlite_autoincrement=True,
    )
    op.drop_table("quarantine")
