"""This file says what the stocktake brings: counts, scans and labels."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level
from controller.stocktake.tables import labels, scans, stocktakes

FEATURE: Final = Feature(
    name="stocktake",
    level=Level.SCHOOL,
    planned=(stocktakes, scans, labels),
)
