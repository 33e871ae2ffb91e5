"""This file says what the register brings: the equipment book, decisions and conditions."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature
from controller.register.tables import conditions, decisions, register

FEATURE: Final = Feature(name="register", planned=(register, decisions, conditions))
