"""This file says what identity brings: why devices are what they are, and which two are one."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature, Level
from controller.identity import store
from controller.identity.listener import IdentityListener

FEATURE: Final = Feature(
    name="identity",
    level=Level.SCHOOL,
    keep=store.keep,
    listener=IdentityListener,
)
