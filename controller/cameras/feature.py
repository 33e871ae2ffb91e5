"""This file says what cameras bring: how each room's stand, and the school's word to them."""

from __future__ import annotations

from typing import Final

from controller.cameras import store
from controller.cameras.listener import CameraListener
from controller.feature import Feature, Level

FEATURE: Final = Feature(
    name="cameras",
    level=Level.SCHOOL,
    keep=store.keep,
    listener=CameraListener,
    held=("POST /cameras",),
)
