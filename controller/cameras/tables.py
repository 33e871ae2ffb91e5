"""This file holds the tables of cameras: how they stand, and which computers owe an answer."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from controller.database.schema import flags, keys, longs, metadata, numbers, texts

camera_standings: Final = Table(
    "camera_standings",
    metadata,
    *keys("province", "school", "agent"),
    *texts("room"),
    *flags("off"),
    *longs("since_ms"),
    *texts("by", "name", "looks"),  # JSON: looks
    *numbers("check_s"),
    *longs("at_ms", "run", "seq"),
)


camera_commands: Final = Table(
    "camera_commands",
    metadata,
    *keys("province", "school", "agent"),
    *texts("command", "actor"),
    *longs("asked_ms"),
)
