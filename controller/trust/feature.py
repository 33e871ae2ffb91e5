"""This file says what trust brings: the page by which phones believe the screens."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, MenuEntry
from controller.people.person import Permission
from controller.web.plain import TRUST
from protocol.words import N_

FEATURE: Final = Feature(
    name="trust",
    menu=(
        MenuEntry(
            TRUST,
            N_("Let a phone trust this page"),
            (Permission.STOCKTAKE, Permission.MANAGE),
            rank=8,
            is_tool=True,
        ),
    ),
)
