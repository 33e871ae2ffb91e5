"""What the outbox remembers of lessons keeps its shape: an agent reads what an older one wrote."""

from __future__ import annotations

import json
from typing import Any

from agent.lessons import memos
from protocol.plan import Plan
from tests.agent.classrooms import moment, room

# As 0.1.0 wrote them.
LESSON: dict[str, Any] = {
    "lesson": "l1",
    "since_ms": 1757203200000,
    "classes": ["10A1"],
    "period": None,
    "subject": "",
    "substitute": False,
    "day": "2026-09-07",
    "began_min": None,
    "bell_min": None,
    "ends_ms": 1757214000000,
    "turns": 1,
    "sheet": {
        "pupils": [
            {"student": "S1", "class_code": "10A1", "number": 1, "name": "An"},
            {"student": "S2", "class_code": "10A1", "number": 2, "name": "Bình"},
        ],
        "suggestions": {
            "S1": {"method": "tablet", "at_ms": 5, "tablet": "Máy 01", "flags": ["shared_tablet"]}
        },
        "taps": {"S2": "late"},
        "said": {
            "S1": [
                {
                    "status": "absent_excused",
                    "method": "manual",
                    "actor": "teacher",
                    "at_ms": 1757203203000,
                    "why": "corrected",
                }
            ]
        },
        "confirmed_ms": 1757203202000,
    },
}
MEMOS: dict[str, Any] = {
    "lesson": {
        "running": None,
        "ended": {"lesson": LESSON, "at_ms": 1757203205000, "how": "teacher"},
    },
    "desk": {
        "head": "7ee1d7d502d55b712832e15c3792c4aa410c7bae025c514f46233057d29cda11",
        "faults": [{"part": "board", "at_ms": 1757203204000, "event_id": "id-1"}],
        "recent": [["10A1"]],
    },
    "mark/2026-09-07/S9": {
        "student": "S9",
        "status": "present",
        "method": "manual",
        "lesson": None,
        "day": "2026-09-07",
        "at_ms": 1757203206000,
        "event_id": "870c6baa-bbfd-51f8-8a5b-fc9b118b23ad",
        "n": 0,
    },
}


def test_memos_are_read_and_written_in_the_shape_of_the_first_version() -> None:
    """Every field by its name; nothing is added and nothing left out."""
    stored = {name: json.dumps(memo).encode() for name, memo in MEMOS.items()}
    teaching = memos.restore_teaching(room(), stored, Plan(), moment())
    empty = memos.restore_teaching(room(), {}, Plan(), moment())
    rewritten = {
        name: json.loads(memo) for name, memo in memos.changes(empty, teaching).items() if memo
    }
    assert rewritten == MEMOS
