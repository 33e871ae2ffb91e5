"""This file says when the warranty of a line of the book ends, and what of it stays; pure."""

from __future__ import annotations

from collections.abc import Collection

from msgspec.structs import replace

from controller.register.book import Line
from controller.register.warranty import end_of


def end_of_line(line: Line) -> str:
    """The same of a line of the book."""
    return end_of(line.year, line.warranty_months, line.warranty_until)


def warranted(line: Line, before: Line, told: Collection[str]) -> Line:
    """The line, without an end that another length belongs to, or a length of another end."""
    months, until = "warranty_months" in told, "warranty_until" in told
    was = before.warranty_months
    if months and not until and was is not None and was != line.warranty_months:
        return replace(line, warranty_until="")
    ended = before.warranty_until
    if until and not months and ended and ended != line.warranty_until:
        return replace(line, warranty_months=None)
    return line
