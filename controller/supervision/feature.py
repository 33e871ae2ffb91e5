"""This file says what supervision brings: a probe that goes through the broker and the database."""

from __future__ import annotations

from typing import Final

from controller.feature import Feature
from controller.supervision.round_trip import RoundTrip
from controller.supervision.store import keep

FEATURE: Final = Feature(
    name="supervision",
    keep=keep,
    publish=lambda program: program.service(RoundTrip).note_stored,
)
