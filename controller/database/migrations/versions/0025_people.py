"""Accounts, their sessions and tokens; who looked is told by account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0019"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _longs(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "accounts",
        sa.Column("account", sa.Text(), primary_key=True),
        *_texts("name", "role", "classes", "rooms", "areas", "password", "setup"),
        *_longs("made_ms"),
        *_longs("setup_until_ms", "ended_ms", nullable=True),
    )
    op.create_table(
        "web_sessions",
        sa.Column("no", _NUMBER, primary_key=True),
        *_texts("digest", "account", "device", "label"),
        *_longs("made_ms", "seen_ms"),
        *_longs("ended_ms", nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_web_sessions_digest", "web_sessions", ["digest"], unique=True)
    op.create_index("ix_web_sessions_device", "web_sessions", ["account", "device"])
    op.create_table(
        "api_tokens",
        sa.Column("token", sa.Text(), primary_key=True),
        *_texts("digest", "purpose", "made_by"),
        *_texts("province", "school", "agent", "area", "permissions"),
        *_longs("made_ms", "expires_ms"),
        *_longs("used_ms", "ended_ms", nullable=True),
    )
    op.add_column("looks", sa.Column("account", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Go back."""
    op.drop_column("looks", "account")
    op.drop_table("api_tokens")
    op.drop_table("web_sessions")
    op.drop_table("accounts")
