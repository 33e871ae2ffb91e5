"""This file says what the register brings: the equipment book, decisions and conditions."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, MenuEntry
from controller.register.tables import conditions, decisions, register
from protocol.words import N_

FEATURE: Final = Feature(
    name="register",
    planned=(register, decisions, conditions),
    menu=(
        MenuEntry(
            "/register",
            N_("Equipment book"),
            lambda frame: frame["own_rooms"] and frame["one_school"],
        ),
    ),
)
