"""This file says what the inventory brings: items, and where rooms lie."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature
from controller.inventory.store import begin_start
from controller.inventory.tables import spots

FEATURE: Final = Feature(
    name="inventory",
    planned=(spots,),
    started=lambda db, program: begin_start(db, program.boot, program.school),
)
