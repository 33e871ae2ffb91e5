"""This file says what the connections bring: a page of who speaks here, and who knocks."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, MenuEntry
from controller.people.person import Permission
from protocol.words import N_

FEATURE: Final = Feature(
    name="connections",
    held=("GET /connections",),
    menu=(
        MenuEntry("/connections", N_("Connections"), (Permission.MANAGE,), rank=8, is_tool=True),
    ),
)
