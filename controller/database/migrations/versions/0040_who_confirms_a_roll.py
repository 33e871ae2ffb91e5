"""Teachers with a digest of their PIN, whether rooms ask for it, and who confirmed a roll."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_SCHOOL = ("province", "school")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "teachers",
        *(
            sa.Column(name, sa.Text(), primary_key=True)
            for name in ("province", "school", "teacher")
        ),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "salt", "digest")),
    )
    op.create_table(
        "confirming",
        *(sa.Column(name, sa.Text(), primary_key=True) for name in _SCHOOL),
        sa.Column("asks", sa.Boolean(create_constraint=False), nullable=False),
    )
    op.add_column("rolls", sa.Column("teacher", sa.Text(), nullable=True))
    op.add_column("rolls", sa.Column("proof", sa.Text(), nullable=True))


def downgrade() -> None:
    """Go back."""
    op.drop_column("rolls", "proof")
    op.drop_column("rolls", "teacher")
    op.drop_table("confirming")
    op.drop_table("teachers")
