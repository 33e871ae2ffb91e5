"""The inventory's records, where rooms are, and what schools tell their department."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.add_column("register", sa.Column("name", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "spots",
        *_texts("province", "school", "room_key", "room", "site", "building"),
        sa.PrimaryKeyConstraint("province", "school", "room_key"),
    )
    op.create_table(
        "assets",
        *_texts("province", "school", "agent", "device_id"),
        sa.Column("line", sa.BigInteger(), nullable=True),
        sa.Column("row", sa.BigInteger(), nullable=True),
        *_texts("asset_tag", "type", "kind", "name", "maker", "model", "serial"),
        *_texts("room", "site", "building"),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("cost_vnd", sa.BigInteger(), nullable=True),
        *_texts("funding", "condition", "state", "also", "there", "by", "lacks"),
        _flag("verified"),
        *_texts("status", "reasons", "sources"),
        sa.Column("identity", sa.Text(), nullable=True),
        *_texts("aliases"),
        *_numbers("since_ms", "first_seen_ms", "seen_ms", "told_ms"),
        sa.Column("removed_ms", sa.BigInteger(), nullable=True),
        *_numbers("change", "relay_change"),
        *_texts("feed", "serial_key", "tag_key", "room_key"),
        _flag("complete"),
        _flag("owned"),
        sa.PrimaryKeyConstraint("province", "school", "device_id"),
    )
    op.create_index("assets_change", "assets", ["province", "change"])
    op.create_index("assets_school_change", "assets", ["province", "school", "change"])
    op.create_index("assets_relay", "assets", ["province", "school", "relay_change"])
    op.create_index("assets_serial", "assets", ["serial_key"])
    op.create_table(
        "schools",
        *_texts("province", "school", "name", "version", "boot"),
        *_numbers("session", "rev"),
        _flag("online"),
        *_texts("feed"),
        *_numbers("reached", "newest"),
        _flag("whole"),
        *_texts("figures"),
        *_numbers("as_of_ms", "first_heard_ms", "heard_ms"),
        sa.PrimaryKeyConstraint("province", "school"),
    )


def downgrade() -> None:
    """Go back."""
    for table in ("schools", "assets", "spots"):
        op.drop_table(table)
    with op.batch_alter_table("register") as register:
        register.drop_column("name")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(create_constraint=False), nullable=False)
