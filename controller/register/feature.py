"""This file says what the register brings: the equipment book, decisions and conditions."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level, MenuEntry
from controller.people.person import Permission
from controller.register.tables import book_imports, conditions, decisions, import_lines, register
from protocol.words import N_

FEATURE: Final = Feature(
    name="register",
    level=Level.SCHOOL,
    planned=(register, decisions, conditions, book_imports, import_lines),
    menu=(
        MenuEntry(
            "/register",
            N_("Equipment book"),
            (Permission.SCHOOL,),
            lambda frame: frame["one_school"],
        ),
    ),
)
