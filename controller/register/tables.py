"""This file holds the tables of the equipment book, its imports, decisions and conditions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Table

from controller.database.schema import NUMBER, keys, longs, metadata, numbers, texts

register: Final = Table(
    "register",
    metadata,
    *keys("province", "school"),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    *longs("row"),
    *texts("asset_tag", "type", "name", "maker", "model", "serial", "room"),
    *numbers("year", nullable=True),
    *longs("unit_cost_vnd", "cost_vnd", nullable=True),  # of one thing, and of all of them
    *numbers("quantity"),
    *texts("funding", "condition", "errors", "origin", "device"),  # JSON: errors
    *texts("serial_key"),  # as serials are compared
    *numbers("warranty_months", nullable=True),
    *texts("warranty_until"),
    *longs("added_ms", "changed_ms"),
    *longs("removed_ms", nullable=True),
    Index("register_serial", "serial_key"),
)


decisions: Final = Table(
    "decisions",
    metadata,
    *keys("province", "school"),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    *texts("subject", "deed"),
    *longs("line", nullable=True),
    *texts("was", "becomes", "who"),
    *longs("at_ms"),
    *longs("undone_ms", nullable=True),
)


conditions: Final = Table(
    "conditions",
    metadata,
    Column("no", NUMBER, primary_key=True),
    *texts("province", "school"),
    *longs("line"),
    *texts("condition", "why", "who"),
    *longs("at_ms"),
    *texts("note"),
    *numbers("quality_pct", nullable=True),
    *longs("repair", "undoes", nullable=True),
    Index("conditions_line", "province", "school", "line"),
    sqlite_autoincrement=True,
)


book_imports: Final = Table(
    "book_imports",
    metadata,
    *keys("province", "school"),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    *texts("who", "file"),
    *longs("at_ms", "new", "changed", "removed", "newest_step"),
    *texts("remaining"),  # JSON
    *longs("undone_ms", nullable=True),
)


import_lines: Final = Table(
    "import_lines",
    metadata,
    *keys("province", "school"),
    Column("import_no", BigInteger, primary_key=True, autoincrement=False),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    *texts("was", "becomes"),  # JSON
    *longs("step", nullable=True),
)
