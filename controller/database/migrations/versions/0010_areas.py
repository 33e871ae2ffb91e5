"""Areas with their history, what schools are, who merged into whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "areas",
        *_texts("province", "code", "name", "kind", "parent", "since", "until"),
        sa.PrimaryKeyConstraint("province", "code"),
    )
    op.create_table(
        "memberships",
        *_texts("province", "school", "since", "area"),
        sa.PrimaryKeyConstraint("province", "school", "since"),
    )
    op.create_table(
        "school_facts",
        *_texts("province", "school", "name", "level", "sites"),
        sa.PrimaryKeyConstraint("province", "school"),
    )
    op.create_table(
        "mergers",
        *_texts("province"),
        sa.Column("no", sa.BigInteger(), nullable=False),
        *_texts("what", "old", "new", "since", "who"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("undone_ms", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("province", "no"),
    )
    op.create_index("assets_tag", "assets", ["tag_key"])


def downgrade() -> None:
    """Go back."""
    op.drop_index("assets_tag", "assets")
    for table in ("mergers", "school_facts", "memberships", "areas"):
        op.drop_table(table)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
