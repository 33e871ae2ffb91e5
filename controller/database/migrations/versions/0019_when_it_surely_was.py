"""Of what happened: what was told of its time where that cannot be; arrivals are possible."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0015"
branch_labels = None
depends_on = None

_FIRST_MS = 1_767_225_600_000  # 2026-01-01: no LopHoc ran before


def upgrade() -> None:
    """Go forward. What came in while the clock stood in 1970 counts as come in last."""
    for name in ("events", "marks", "rolls"):
        op.add_column(name, sa.Column("told_ms", sa.BigInteger()))
        op.execute(
            f"UPDATE {name} SET received_ms = (SELECT max(received_ms) FROM {name})"  # noqa: S608
            f" WHERE received_ms < {_FIRST_MS}"
        )
    op.add_column("rolls", sa.Column("told_day", sa.Text()))
    with op.batch_alter_table("lessons") as lessons:
        lessons.add_column(
            sa.Column("estimated", sa.Boolean(), nullable=False, server_default=sa.false())
        )


def downgrade() -> None:
    """Go back."""
    op.drop_column("lessons", "estimated")
    op.drop_column("rolls", "told_day")
    for name in ("rolls", "marks", "events"):
        op.drop_column(name, "told_ms")
