"""This file says what areas bring: tables that the department's lists and commands fill."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature

FEATURE: Final = Feature(name="areas")
