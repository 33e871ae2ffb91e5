"""What a school plans: class lists, bells, terms, timetable, letters and door cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TABLES = (
    "plans",
    "classes",
    "pupils",
    "bells",
    "terms",
    "holidays",
    "bookings",
    "letters",
    "door_cards",
    "door_keys",
)


def upgrade() -> None:
    """Go forward."""
    _make("plans", (), _whole("version"), _int("grace_min"))
    _make("classes", ("code",), _text("code"), _text("room"))
    _make(
        "pupils",
        ("class", "student"),
        _text("class"),
        _text("student"),
        _int("number"),
        sa.Column("name", sa.Text(), nullable=True),
    )
    _make(
        "bells",
        ("period", "weekdays"),
        _int("period"),
        _text("weekdays"),
        _text("begins"),
        _text("ends"),
    )
    for table in ("terms", "holidays"):
        _make(table, ("begins",), _text("begins"), _text("ends"), _text("name"))
    _make(
        "bookings",
        ("room", "weekday", "period", "weeks"),
        _text("room"),
        _int("weekday"),
        _int("period"),
        _text("weeks"),
        _text("classes"),
        _text("subject"),
        _text("teacher"),
    )
    _make("letters", ("status",), _text("status"), _text("letter"))
    _make(
        "door_cards",
        ("serial",),
        _text("serial"),
        _text("student"),
        _whole("made_ms"),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
    )
    _make("door_keys", ("version",), _int("version"), _text("key"), _whole("made_ms"))


def downgrade() -> None:
    """Go back."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _make(table: str, key: tuple[str, ...], *columns: sa.Column[str] | sa.Column[int]) -> None:
    place = (_text("province"), _text("school"))
    op.create_table(table, *place, *columns, sa.PrimaryKeyConstraint("province", "school", *key))


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _int(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)
