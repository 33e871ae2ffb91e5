"""This file says what access brings: the log of who looked, forgotten with what they looked at."""

from __future__ import annotations

from typing import Final

from controller.access import store
from controller.feature import Feature

FEATURE: Final = Feature(
    name="access",
    forget_pupils=store.forget,
)
