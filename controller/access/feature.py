"""This file says what access brings: the log of who looked, forgotten with what they looked at."""

from __future__ import annotations

from typing import Final

from controller.access.tables import accesses
from controller.feature import Feature

FEATURE: Final = Feature(
    name="access",
    forget_pupils=(accesses.c.at_ms,),
)
