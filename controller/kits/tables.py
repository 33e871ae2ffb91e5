"""This file holds the tables of types of rooms, and of which room is of which type."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from controller.database.schema import keys, metadata, texts

room_types: Final = Table(
    "room_types", metadata, *keys("province", "school", "name"), *texts("kit")
)


room_choices: Final = Table(
    "room_choices", metadata, *keys("province", "school", "room"), *texts("label", "type")
)
