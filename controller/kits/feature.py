"""This file says what kits bring: what rooms should have, chosen once for all who count it."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level, MenuEntry
from controller.kits.listener import KitListener
from controller.people.person import Permission
from protocol.words import N_

FEATURE: Final = Feature(
    name="kits",
    level=Level.SCHOOL,
    listener=KitListener,
    menu=(
        MenuEntry("/kits", N_("What rooms should have"), (Permission.BOOK,), rank=4, is_tool=True),
    ),
)
