"""This file says what report packs bring to a department."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level, MenuEntry
from controller.people.person import Permission
from protocol.words import N_

FEATURE: Final = Feature(
    name="reports",
    level=Level.DEPARTMENT,
    menu=(
        MenuEntry(
            "/reports",
            N_("Reports"),
            (Permission.DEPARTMENT,),
        ),
    ),
)
