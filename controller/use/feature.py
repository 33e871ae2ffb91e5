"""This file says what use brings: what shows that boards are on, and the hours of each week."""

from __future__ import annotations

from typing import Final

from controller.database.writing import Writing
from controller.feature import Feature
from controller.use import signs
from controller.use.tables import board_signs, watches

FEATURE: Final = Feature(
    name="use",
    keep=signs.keep,
    written={board_signs: Writing.UPSERT, watches: Writing.UPSERT},
    forget=signs.forget,
)
