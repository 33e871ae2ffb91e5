"""This file makes the twelve numbers that a province's operations centre (IOC) shows; pure.

There is no person in any of them. Rooms in lesson are people at work: a small count is hidden.
"""

from __future__ import annotations

import sys
from datetime import tzinfo
from typing import Final

import msgspec

from controller.department.cells import shown_count
from controller.department.standing import DAY_MS, Overview, live_of
from protocol.model import instant

LESSON_FRESH_MS: Final = 3_600_000  # a lesson of an hour ago is none now


class Tile(msgspec.Struct, frozen=True, kw_only=True):
    """Twelve numbers, and as of when.

    schools_heard_today: on this local day. rooms_in_lesson: of schools that told within an hour;
    None for one to four.
    boards_working, incidents_open: of those that told within a day. managed_pct: None where no
    register is known.
    """

    as_of_ms: int
    schools_known: int
    schools_heard_today: int
    rooms: int
    rooms_in_lesson: int | None
    boards: int
    boards_working: int
    items_declared: int
    items_complete: int
    items_verified: int
    managed_pct: float | None
    items_missing: int
    incidents_open: int


def tile_of(overview: Overview, zone: tzinfo) -> Tile:
    """The department in twelve numbers."""
    ever = live_of(overview.schools, sys.maxsize, overview.now_ms)
    today = live_of(overview.schools, DAY_MS, overview.now_ms)
    tally = overview.whole.tally
    heard_ms = [
        max(record.heard_ms for record in school.records)
        for school in overview.schools
        if school.records
    ]
    in_lesson = live_of(overview.schools, LESSON_FRESH_MS, overview.now_ms).rooms_in_lesson
    days = [instant(at_ms).astimezone(zone).date().isoformat() for at_ms in heard_ms]
    return Tile(
        as_of_ms=overview.now_ms,
        schools_known=overview.whole.schools,
        schools_heard_today=days.count(overview.day),
        rooms=ever.rooms,
        rooms_in_lesson=shown_count(in_lesson),
        boards=ever.boards,
        boards_working=today.boards_working,
        items_declared=tally.declared,
        items_complete=tally.complete,
        items_verified=tally.verified,
        managed_pct=overview.whole.kpi.digital_managed_pct,
        items_missing=tally.missing,
        incidents_open=today.faults_open,
    )
