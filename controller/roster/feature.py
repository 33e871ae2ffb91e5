"""This file says what the roster brings: class lists, bells, terms, the timetable."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature
from controller.roster.tables import (
    bells,
    bookings,
    classes,
    door_cards,
    door_keys,
    holidays,
    letters,
    pupils,
    terms,
)

FEATURE: Final = Feature(
    name="roster",
    planned=(classes, pupils, bells, terms, holidays, bookings, letters, door_cards, door_keys),
)
