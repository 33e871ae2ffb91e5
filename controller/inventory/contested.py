"""This file says which items have a mark that lives in several schools, and so names no piece."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, select

from controller.database.scope import in_province
from controller.inventory.tables import assets, contested_marks


def names_no_piece(table: FromClause, province: str) -> ColumnElement[bool]:
    """Whether the item's serial is one that lives in several schools at once."""
    other = assets.alias()
    serials = (
        select(other.c.serial_key)
        .join(contested_marks, bears_mark(other))
        .where(in_province(other, province), other.c.serial_key != "")
    )
    return table.c.serial_key.in_(serials)


def bears_mark(table: FromClause) -> ColumnElement[bool]:
    """Whether the item is the one that was found to bear the mark."""
    marks = contested_marks.c
    return (
        (marks.province == table.c.province)
        & (marks.school == table.c.school)
        & (marks.item == table.c.device_id)
    )
