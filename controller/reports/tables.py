"""This file holds the tables of packs and of the template that fills them."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, Table

from controller.database.schema import keys, longs, metadata, texts

report_packs: Final = Table(
    "report_packs",
    metadata,
    *keys("province"),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    *texts("day", "kind"),
    *longs("made_ms"),
    *texts("who", "digest"),
    *texts("figures"),  # JSON: all of the pack
)


report_templates: Final = Table(
    "report_templates",
    metadata,
    *keys("province"),
    *texts("name", "who"),
    *longs("at_ms"),
    Column("raw", LargeBinary, nullable=False),
)
