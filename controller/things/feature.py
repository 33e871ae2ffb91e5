"""This file says what finding things brings: a search over everything, and pages of single ones."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level
from controller.things.tables import line_papers

FEATURE: Final = Feature(
    name="things",
    level=Level.SCHOOL,
    planned=(line_papers,),
    forget=(line_papers.c.removed_ms,),
)
