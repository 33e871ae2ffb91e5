"""This file holds the shape in which the figure of digital records is told, of a school or many."""

from __future__ import annotations

from controller.web.items import RecordItem


class KpiItem(RecordItem):
    """The share of lines managed by digital record; null, never 100, without a register."""

    declared: int
    complete_digital_record: int
    verified_within_365d: int
    complete_and_verified: int
    digital_managed_pct: float | None
    target_pct: int
    meets_target: bool | None


class RaiseItem(RecordItem):
    """What would raise the figure: how many lines lack only this, and the figure then."""

    what: str
    lines: int
    pct: float
