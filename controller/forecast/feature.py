"""This file says what the forecast brings: what must be replaced when."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature

FEATURE: Final = Feature(name="forecast")
