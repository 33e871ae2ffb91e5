"""This file says what the dashboard brings: rooms at a glance, live."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature

FEATURE: Final = Feature(name="dashboard")
