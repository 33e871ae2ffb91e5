"""For which school an item counts, as of when it was seen, and from when on it is missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_COUNTED = ("province", "counted_for", "school", "counted")
# As they were when this was written: what an agent would see, and what need not be seen.
_VISIBLE = (
    *("access_point", "board", "camera", "computer", "desktop", "display", "laptop", "printer"),
    *("projector", "router", "switch", "tablet"),
)
_OUT = ("awaiting_disposal", "broken", "disposed", "repair")


def upgrade() -> None:
    """Go forward: what was verified was so as of when it was seen."""
    for column in (
        _moment("verified_ms"),
        _moment("missing_ms"),
        sa.Column("counted_for", sa.Text(), nullable=False, server_default=""),
        _flag("counted", sa.true()),
    ):
        op.add_column("assets", column)
    item, table = _ASSETS.c, _ASSETS
    op.execute(table.update().values(counted_for=item.school))
    op.execute(table.update().where(item.verified).values(verified_ms=item.seen_ms))
    watched = item.type.in_(_VISIBLE) & item.condition.not_in(_OUT) & item.line.is_not(None)
    since = item.seen_ms + _MISSING_MS
    op.execute(table.update().where(watched, item.seen_ms > 0).values(missing_ms=since))
    is_missing = (item.state == "missing") | item.also.contains('"missing"')
    op.execute(table.update().where(is_missing).values(missing_ms=_MISSING_MS))
    op.drop_column("assets", "verified")
    op.create_index("assets_counted", "assets", _COUNTED)


def downgrade() -> None:
    """Go back: verified is what was seen at all."""
    op.drop_index("assets_counted", "assets")
    op.add_column("assets", _flag("verified", sa.false()))
    op.execute(_ASSETS.update().where(_ASSETS.c.verified_ms > 0).values(verified=sa.true()))
    for name in ("counted", "counted_for", "missing_ms", "verified_ms"):
        op.drop_column("assets", name)


def _moment(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")


def _flag(name: str, default: sa.ColumnElement[bool]) -> sa.Column[bool]:
    flag = sa.Boolean(create_constraint=False)
    return sa.Column(name, flag, nullable=False, server_default=default)


_MISSING_MS = 45 * 86_400_000 + 1
_ASSETS = sa.table(
    "assets",
    *(sa.column(name, sa.Text()) for name in ("school", "counted_for", "type", "condition")),
    *(sa.column(name, sa.Text()) for name in ("state", "also")),
    *(sa.column(name, sa.BigInteger()) for name in ("line", "seen_ms", "verified_ms")),
    sa.column("missing_ms", sa.BigInteger()),
    sa.column("verified", sa.Boolean()),
)
