"""This file says what the schedule brings: pages by which a school's timetable comes in."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level, MenuEntry
from controller.people.person import Permission
from protocol.words import N_

FEATURE: Final = Feature(
    name="schedule",
    level=Level.SCHOOL,
    menu=(
        MenuEntry(
            "/schedule/import",
            N_("Timetable"),
            (Permission.MANAGE,),
            lambda frame: frame["one_school"],
            is_tool=True,
        ),
    ),
)
