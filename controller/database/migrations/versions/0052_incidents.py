"""Incidents, what is watched, what people did about them; and times of maintenance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None


def _texts(*names: str, key: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=key, nullable=False) for name in names]


def _longs(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _number() -> sa.Column[int]:
    return sa.Column("no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "incidents",
        *_texts("province", "school", key=True),
        sa.Column("no", sa.Integer(), primary_key=True, autoincrement=False),
        *_texts("scope", "key", "status", "members", "subnet", "device"),
        *_longs("began_ms", "opened_ms"),
        *_longs("well_ms", "closed_ms", nullable=True),
        *_longs("returns"),
    )
    op.create_index("incidents_closed", "incidents", ["province", "school", "closed_ms"])
    op.create_table(
        "incident_watches",
        *_texts("province", "school", "key", key=True),
        *_longs("seen_ms"),
        *_texts("falls", "devices"),
        *_longs("gone_ms", nullable=True),
    )
    op.create_table(
        "incident_subnets", *_texts("province", "school", "agent", key=True), *_texts("subnet")
    )
    op.create_table(
        "incident_moves",
        _number(),
        *_texts("province", "school"),
        *_longs("incident"),
        *_texts("deed"),
        *_longs("until_ms", nullable=True),
        *_texts("who"),
        *_longs("at_ms"),
        *_longs("undoes", nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("incident_moves_incident", "incident_moves", ["province", "school", "incident"])
    op.create_table(
        "maintenances",
        _number(),
        *_texts("province", "school", "room", "note", "who"),
        *_longs("begins_ms", "ends_ms"),
        sqlite_autoincrement=True,
    )
    op.create_index("maintenances_school", "maintenances", ["province", "school", "ends_ms"])


def downgrade() -> None:
    """Go back."""
    for name in ("maintenances", "incident_moves", "incident_subnets", "incident_watches"):
        op.drop_table(name)
    op.drop_table("incidents")
