"""Corrections of a roll that its room took back count now: its lesson is counted anew."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_KEY = ("province", "school", "agent", "lesson")
_OPEN = sa.text(
    "SELECT province, school, agent, lesson FROM lessons"
    " WHERE NOT confirmed AND coalesce(how, '') != 'undone'"
)
_MADE = sa.text(
    "SELECT student, class_code, status FROM corrections WHERE province = :province"
    " AND school = :school AND agent = :agent AND lesson = :lesson AND student != '-'"
    " ORDER BY number"
)
_COUNTED = sa.text(
    "UPDATE lessons SET counts = :counts WHERE province = :province"
    " AND school = :school AND agent = :agent AND lesson = :lesson"
)
_CORRECTED = sa.text("SELECT DISTINCT province, school, agent, lesson FROM corrections")


def upgrade() -> None:
    """Go forward."""
    db = op.get_bind()
    corrected = {tuple(row) for row in db.execute(_CORRECTED)}
    for row in db.execute(_OPEN).all():
        if tuple(row) in corrected:
            lesson = dict(zip(_KEY, row, strict=True))
            counts = _counts(db.execute(_MADE, lesson).mappings())
            db.execute(_COUNTED, {**lesson, "counts": json.dumps(counts, separators=(",", ":"))})


def downgrade() -> None:
    """Go back: what is counted stays."""


def _counts(made: Iterable[Mapping[Any, Any]]) -> dict[str, dict[str, int]]:
    """How many pupils of each class have each mark by their last correction."""
    latest = {one["student"]: one for one in made}
    counts: dict[str, Counter[str]] = {}
    for one in latest.values():
        if one["status"] is not None:
            counts.setdefault(one["class_code"], Counter())[one["status"]] += 1
    return {code: dict(sorted(by.items())) for code, by in sorted(counts.items())}
