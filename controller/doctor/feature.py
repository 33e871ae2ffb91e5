"""This file says what the doctor brings: a command, and its page."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, MenuEntry
from controller.people.person import Permission
from protocol.words import N_

FEATURE: Final = Feature(
    name="doctor",
    menu=(MenuEntry("/doctor", N_("Doctor"), (Permission.MANAGE,), rank=8, is_tool=True),),
)
