"""This file holds the tables of inspections: those of the department, and those of a school."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Table

from controller.database.schema import flags, keys, longs, metadata, numbers, texts

inspections: Final = Table(
    "inspections",
    metadata,
    *keys("province", "inspection"),
    *longs("no"),
    *texts("title", "unit", "of_school", "of_area", "type", "seed"),
    *numbers("size", "frame_size"),
    *texts("frame_digest"),
    *longs("asked_ms", "due_ms"),
    *texts("who"),
    *longs("withdrawn_ms", nullable=True),
    *texts("withdrawn_by"),
)


inspection_frames: Final = Table(
    "inspection_frames",
    metadata,
    *keys("province", "school", "inspection"),
    *texts("units", "drawn"),  # JSON: what could be drawn, and what was
)


asked_schools: Final = Table(
    "asked_schools",
    metadata,
    *keys("province", "school", "inspection"),
    *texts("items"),  # JSON: what it is asked to show
    *longs("held"),
    *longs("first_ms", "arrived_ms"),  # by the department's clock
    *longs("received_ms", "told_ms", "finished_ms"),  # by the school's
    *texts("refused"),
    *longs("refused_ms"),  # by the department's clock
)


arrived_answers: Final = Table(
    "arrived_answers",
    metadata,
    *keys("province", "school", "inspection"),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    Column("arrival", BigInteger, primary_key=True, autoincrement=False),
    *texts("outcome", "evidence", "reason", "room", "condition"),
    *longs("at_ms", "arrived_ms"),
)


inspection_requests: Final = Table(
    "inspection_requests",
    metadata,
    *keys("province", "school", "inspection"),
    *longs("number"),
    *flags("withdrawn"),
    *texts("title"),
    *longs("asked_ms", "due_ms"),  # by the department's clock
    *longs("received_ms", "offset_ms"),  # by the school's; how far that was ahead
    *texts("items"),  # JSON
    *longs("stocktake"),
    *texts("refused"),
    *longs("finished_ms"),
)


inspection_words: Final = Table(
    "inspection_words",
    metadata,
    *keys("province", "school", "inspection"),
    Column("no", BigInteger, primary_key=True, autoincrement=False),
    Column("word", BigInteger, primary_key=True, autoincrement=False),
    *texts("outcome", "evidence", "reason", "room"),
    *longs("at_ms"),
    *texts("who"),  # stays in the school
)
