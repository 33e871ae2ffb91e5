"""This file says what reconciling brings: the figure, day by day."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature
from controller.reconcile.listener import BookListener
from controller.reconcile.tables import figures

FEATURE: Final = Feature(
    name="reconcile",
    planned=(figures,),
    listener=lambda program: program.service(BookListener),
)
