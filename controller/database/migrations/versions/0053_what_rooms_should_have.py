"""What each room should have: types of rooms, and which room is of which."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None


def _texts(*names: str, key: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=key, nullable=False) for name in names]


def upgrade() -> None:
    """Go forward."""
    op.create_table("room_types", *_texts("province", "school", "name", key=True), *_texts("kit"))
    op.create_table(
        "room_choices", *_texts("province", "school", "room", key=True), *_texts("label", "type")
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("room_choices")
    op.drop_table("room_types")
