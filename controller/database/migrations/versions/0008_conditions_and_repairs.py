"""How the lines of the register fare step by step, and the repairs of what is broken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLES = ("conditions", "repairs", "repair_moves")


def upgrade() -> None:
    """Go forward. Each fault that waits opens a repair."""
    _log(
        "conditions",
        _number("line"),
        *_texts("condition", "why", "who"),
        _number("at_ms"),
        *_texts("note"),
        sa.Column("quality_pct", sa.Integer(), nullable=True),
        _number("repair", nullable=True),
        _number("undoes", nullable=True),
    )
    op.create_index("conditions_line", "conditions", ["province", "school", "line"])
    _log(
        "repairs",
        sa.Column("event_id", sa.Text(), nullable=True),
        *_texts("room", "part", "note", "who"),
        _number("reported_ms"),
        _number("opened_ms"),
        sa.UniqueConstraint("event_id", name="repairs_event"),
    )
    op.create_index("repairs_school", "repairs", ["province", "school"])
    _log(
        "repair_moves",
        _number("repair"),
        *_texts("deed"),
        _number("line", nullable=True),
        *_texts("outcome"),
        _number("step", nullable=True),
        *_texts("note", "who"),
        _number("at_ms"),
        _number("undoes", nullable=True),
    )
    op.create_index("repair_moves_repair", "repair_moves", ["province", "school", "repair"])
    op.execute(
        "INSERT INTO repairs"
        " (province, school, event_id, room, part, note, who, reported_ms, opened_ms)"
        " SELECT province, school, event_id, room, part, '', agent, at_ms, received_ms"
        " FROM faults WHERE done_ms IS NULL ORDER BY no"
    )


def downgrade() -> None:
    """Go back."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _log(table: str, *columns: sa.Column[str] | sa.Column[int] | sa.UniqueConstraint) -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        table,
        sa.Column("no", number, nullable=False),
        *_texts("province", "school"),
        *columns,
        sa.PrimaryKeyConstraint("no"),
        sqlite_autoincrement=True,
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)
