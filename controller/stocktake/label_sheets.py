"""This file is the table of label papers: stickers on A4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec


class LabelSheet(msgspec.Struct, frozen=True):
    """A sheet of stickers on A4: how many, how large, where the first begins, the gaps; in mm."""

    across: int
    down: int
    width: float
    height: float
    left: float = 0.0
    top: float = 0.0
    gap: float = 0.0

    @property
    def count(self) -> int:
        """Labels a sheet."""
        return self.across * self.down


# As the makers of label paper sell them; print at 100 %, not fitted to the page.
SHEETS: Final[Mapping[str, LabelSheet]] = {
    "3x8": LabelSheet(3, 8, 70.0, 37.0, top=0.5),
    "3x8-margin": LabelSheet(3, 8, 63.5, 33.9, left=7.25, top=12.9, gap=2.5),
    "2x7": LabelSheet(2, 7, 99.1, 38.1, left=4.65, top=15.15, gap=2.5),
    "4x10": LabelSheet(4, 10, 52.5, 29.7),
}
