"""This file says what cards bring: printed sheets for pupils and doors."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature

FEATURE: Final = Feature(name="cards")
