"""This file says what the teachers bring: their page, and what a school plans of them."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level, MenuEntry
from controller.people.person import Permission
from controller.teachers.tables import confirming, teachers
from protocol.words import N_

FEATURE: Final = Feature(
    name="teachers",
    level=Level.SCHOOL,
    planned=(teachers, confirming),
    menu=(
        MenuEntry(
            "/teachers",
            N_("Teachers' PINs"),
            (Permission.MANAGE,),
            lambda frame: frame["one_school"],
            is_tool=True,
        ),
    ),
)
