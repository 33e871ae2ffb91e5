"""This file says what reconciling brings: the figure, day by day."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level
from controller.reconcile.listener import BookListener
from controller.reconcile.tables import figures

FEATURE: Final = Feature(
    name="reconcile",
    level=Level.SCHOOL,
    held=("POST /register/decisions",),
    planned=(figures,),
    listener=lambda program: program.service(BookListener),
)
