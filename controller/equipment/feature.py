"""This file says what the department's list of items brings: where every number leads."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level, MenuEntry
from controller.people.person import Permission
from protocol.words import N_

FEATURE: Final = Feature(
    name="equipment",
    level=Level.DEPARTMENT,
    menu=(MenuEntry("/items", N_("Equipment"), (Permission.DEPARTMENT,)),),
)
