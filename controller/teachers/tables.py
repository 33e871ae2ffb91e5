"""This file holds the tables of teachers, and of whether rooms ask who confirms a roll."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Table

from controller.database.schema import flags, keys, metadata, texts

teachers: Final = Table(
    "teachers",
    metadata,
    *keys("province", "school", "teacher"),
    *texts("name", "salt", "digest"),
)

confirming: Final = Table("confirming", metadata, *keys("province", "school"), *flags("asks"))
