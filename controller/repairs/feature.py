"""This file says what repairs bring: faults that teachers report, and what became of them."""

from __future__ import annotations

from typing import Final

from controller.database.writing import Writing
from controller.feature import Feature, Level, MenuEntry
from controller.people.person import Permission
from controller.repairs import store
from controller.repairs.listener import FaultListener
from controller.repairs.tables import faults, repair_moves, repairs
from protocol.words import N_

FEATURE: Final = Feature(
    name="repairs",
    level=Level.SCHOOL,
    keep=store.keep,
    written={faults: Writing.INSERT_NEW},
    planned=(repairs, repair_moves),
    listener=FaultListener,
    menu=(MenuEntry("/repairs", N_("Repairs"), (Permission.SCHOOL,)),),
)
