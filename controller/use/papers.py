"""This file writes boards' weeks as comma separated text, a line a board and week."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from controller.sheets.writing import EXCEL_MARK, csv_text
from controller.use.hours import BoardWeek
from protocol.model import Place

COLUMNS: Final = (
    "province", "school", "week", "device_id", "asset_tag", "kind", "room",
    "on_min", "used_min", "planned_min", "known_min",
)  # fmt: skip


def use_csv(rows: Iterable[tuple[Place, str, BoardWeek]]) -> Iterable[str]:
    """RFC 4180 with the mark that Excel needs, line by line; what is not known is empty, not 0."""
    yield EXCEL_MARK + csv_text([COLUMNS])
    for place, week, line in rows:
        minutes = (line.on_min, line.used_min) if line.known_min else ("", "")
        what = (line.device_id, line.asset_tag, line.kind, line.room)
        codes = (place.province, place.school, week)
        yield csv_text([(*codes, *what, *minutes, line.planned_min, line.known_min)])
