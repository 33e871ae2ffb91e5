"""This file tells how repairs stand, as JSON; pure."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from controller.register.history import local_iso
from controller.register.merging import Kept
from controller.repairs.repair import Move, Repair


def told_repair(
    repair: Repair, zone: tzinfo, line: Kept | None, maybe: tuple[Kept, ...] = ()
) -> dict[str, Any]:
    """A repair as JSON tells it. kept: the line that it is about; maybe: those that it may be."""
    done = repair.done
    return {
        "no": repair.no,
        "state": repair.state.value,
        "room": repair.room,
        "part": repair.part,
        "reported_at": local_iso(repair.reported_ms, zone),
        "reported_by": repair.who,
        "by_fault": repair.event_id,
        "note": repair.note,
        "line": _told_line(line) if line else None,
        "candidates": [_told_line(candidate) for candidate in maybe],
        "outcome": done.outcome if done else "",
        "done_at": local_iso(done.at_ms, zone) if done else "",
        "moves": [_told_move(move, zone) for move in repair.moves],
    }


def _told_line(line: Kept) -> dict[str, Any]:
    data = line.data
    return {
        "row": data.row,
        "asset_tag": data.asset_tag,
        "type": data.type,
        "maker": data.maker,
        "model": data.model,
        "room": data.room,
    }


def _told_move(move: Move, zone: tzinfo) -> dict[str, Any]:
    fields = {
        "no": move.no,
        "at": local_iso(move.at_ms, zone),
        "who": move.who,
        "deed": move.deed.value,
        "outcome": move.outcome,
        "note": move.note,
        "undoes": move.undoes,
    }
    return {name: value for name, value in fields.items() if value not in ("", None)}
