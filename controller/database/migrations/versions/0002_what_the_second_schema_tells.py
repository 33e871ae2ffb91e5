"""What the wire's second schema tells of devices and agents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. The defaults are for rows that are there; SQLite adds no such column without."""
    op.add_column(
        "agents", sa.Column("roaming", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("agents", sa.Column("line", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("agents", sa.Column("kit", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("devices", sa.Column("identity", sa.Text(), nullable=True))
    op.add_column("devices", sa.Column("aliases", sa.Text(), nullable=False, server_default="[]"))
    op.add_column("devices", sa.Column("address", sa.Text(), nullable=False, server_default=""))
    op.add_column("devices", sa.Column("measures", sa.Text(), nullable=True))


def downgrade() -> None:
    """Go back."""
    for table, names in (
        ("devices", ("measures", "address", "aliases", "identity")),
        ("agents", ("kit", "line", "roaming")),
    ):
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.drop_column(name)
