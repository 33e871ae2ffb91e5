"""This file holds the tables of erasures: what agents shall erase, and who has been asked."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Table, Text

from controller.database.schema import keys, longs, metadata, numbers, texts

erasures: Final = Table(
    "erasures",
    metadata,
    *keys("province", "school", "erasure"),
    *texts("salt", "digest"),  # empty as soon as every agent has proved it
    *texts("actor", "copies"),  # JSON: the copies that existed then, by place
    *numbers("records", "lists", "messages"),
    *longs("at_ms"),
    *longs("broker_ms", "done_ms", nullable=True),
)


erasing_agents: Final = Table(
    "erasing_agents",
    metadata,
    *keys("province", "school", "agent"),
    Column("erasure", Text, primary_key=True),
)
