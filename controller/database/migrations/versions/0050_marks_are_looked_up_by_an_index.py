"""Which schools list one mark is read from an index alone, however many items there are."""

from __future__ import annotations

from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    columns = ["province", "device_id", "school", "by", "removed_ms"]
    op.create_index("assets_marks", "assets", columns)


def downgrade() -> None:
    """Go back."""
    op.drop_index("assets_marks", "assets")
