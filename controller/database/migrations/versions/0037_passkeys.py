"""People's passkeys: public keys, and how often each was used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXTS = ("account", "credential", "handle", "site", "public_key", "name")


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "passkeys",
        sa.Column("no", _NUMBER, primary_key=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in _TEXTS),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_passkeys_credential", "passkeys", ["credential"], unique=True)
    op.create_index("ix_passkeys_account", "passkeys", ["account"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("passkeys")
