"""This file holds the tables of updates: packages, the version on its way, and each room's part."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from controller.database.schema import keys, longs, metadata, numbers, texts

update_packages: Final = Table(
    "update_packages",
    metadata,
    *keys("province", "school", "sha256"),
    *texts("version", "system", "arch", "manifest", "signature", "who"),
    *longs("size", "added_ms"),
)

update_rollouts: Final = Table(
    "update_rollouts",
    metadata,
    *keys("province", "school"),
    *texts("offer", "version", "stage", "state", "reason", "who"),
    *longs("begun_ms"),
)

update_rooms: Final = Table(
    "update_rooms",
    metadata,
    *keys("province", "school", "agent"),
    *texts("offer", "stage", "step", "reason"),
    *longs("since_ms", "well_ms"),
    *numbers("saw"),
)
