"""This file holds days and times of records against what their agents told. Pure.

The hash covers what was told. Beside it lie a day of the school's, and an estimate where what was
told could not be.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from controller.evidence.chains import finding_of
from controller.evidence.findings import Finding, Flaw
from controller.fleet.dating import DAY_MS, OLDEST_MS, local_day
from controller.fleet.records import AttendanceRecord, ChainRecord, RollRecord
from protocol.model import FIRST_MS


def day_findings(log: Iterable[ChainRecord], zone: tzinfo) -> list[Finding]:
    """Records whose day or time was moved."""
    return [
        finding_of(record, Flaw.MOVED)
        for record in log
        if is_estimated_without_need(record) or not _is_day_right(record, zone)
    ]


def is_estimated_without_need(record: ChainRecord) -> bool:
    """Whether what was told could well be, and yet something else counts."""
    if record.told_ms is None:
        return False
    oldest_ms = max(FIRST_MS, record.received_ms - OLDEST_MS)
    return oldest_ms <= record.told_ms <= record.at_ms + DAY_MS


def _is_day_right(record: ChainRecord, zone: tzinfo) -> bool:
    """Whether its day is that of its moment; a roll's own word on its day is in its hash."""
    match record:
        case AttendanceRecord():
            return record.day == local_day(record.at_ms, zone)
        case RollRecord():
            is_told = not record.reopened and record.told_day is None
            return is_told or record.day == local_day(record.at_ms, zone)
        case _:
            return True
