"""This file says what the roster brings: class lists and their pages, bells, the timetable."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level, MenuEntry
from controller.people.person import Permission
from controller.roster.tables import (
    bells,
    bookings,
    class_members,
    classes,
    door_cards,
    door_keys,
    holidays,
    letters,
    past_schedules,
    plan_imports,
    pupils,
    terms,
)
from protocol.words import N_

FEATURE: Final = Feature(
    name="roster",
    level=Level.SCHOOL,
    planned=(
        classes,
        pupils,
        class_members,
        bells,
        terms,
        holidays,
        bookings,
        past_schedules,
        letters,
        door_cards,
        door_keys,
        plan_imports,
    ),
    forget_pupils=(class_members.c.ended_ms, plan_imports.c.at_ms),
    menu=(
        MenuEntry(
            "/lists/import",
            N_("Class lists"),
            (Permission.MANAGE,),
            lambda frame: frame["one_school"],
            is_tool=True,
        ),
    ),
)
