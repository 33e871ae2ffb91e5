"""Who was in which class, from when until when, under which number of its book."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: those who are in a class now were always there, as far as is known."""
    keys = ("province", "school", "class_code", "student", "since")
    class_members = op.create_table(
        "class_members",
        *(sa.Column(name, sa.Text(), primary_key=True, nullable=False) for name in keys),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("until", sa.Text(), nullable=True),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
    )
    pupils = sa.table(
        "pupils",
        *map(sa.column, ("province", "school", "class", "student", "number", "name")),
    )
    own = [pupils.c[name] for name in ("province", "school", "class", "student", "number", "name")]
    columns = ["province", "school", "class_code", "student", "number", "name", "since"]
    query = sa.select(*own, sa.literal("").label("since"))
    op.execute(sa.insert(class_members).from_select(columns, query))


def downgrade() -> None:
    """Go back."""
    op.drop_table("class_members")
