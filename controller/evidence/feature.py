"""This file says what evidence brings: the heads that agents tell, kept as they were told first."""

from __future__ import annotations

from typing import Final

from controller.evidence import told
from controller.evidence.tables import chain_heads
from controller.feature import Feature

FEATURE: Final = Feature(
    name="evidence",
    keep=told.keep,
    forget_pupils=(chain_heads.c.received_ms,),
)
