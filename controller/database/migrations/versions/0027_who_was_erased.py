"""Erasures of pupils: what agents still owe, and the proofs that they gave in their logs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "erasures",
        *_texts("province", "school", "erasure", key=True),
        *_texts("salt", "digest", "actor", "copies"),
        *_numbers("records", "lists", "messages"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("broker_ms", sa.BigInteger()),
        sa.Column("done_ms", sa.BigInteger()),
    )
    op.create_table("erasing_agents", *_texts("province", "school", "agent", "erasure", key=True))
    op.create_table(
        "erasure_proofs",
        sa.Column(
            "no",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        *_texts("province", "school", "agent", "room", "event_id", "erasure"),
        *_numbers("records", "left_files"),
        *_texts("actor", "before", "hash"),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("told_ms", sa.BigInteger()),
        sa.UniqueConstraint("event_id", name="erasure_proofs_id"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Go back."""
    for name in ("erasure_proofs", "erasing_agents", "erasures"):
        op.drop_table(name)


def _texts(*names: str, key: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=key, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]
