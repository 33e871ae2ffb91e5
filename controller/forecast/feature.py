"""This file says what the forecast brings: what must be replaced when."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, MenuEntry
from controller.people.person import Permission
from protocol.words import N_

FEATURE: Final = Feature(
    name="forecast",
    menu=(
        MenuEntry(
            "/forecast",
            N_("End of life"),
            (Permission.SCHOOL,),
            lambda frame: not frame["own_rooms"],
        ),
    ),
)
