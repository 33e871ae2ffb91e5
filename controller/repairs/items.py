"""This file holds the shape in which faults are told."""

from __future__ import annotations

from pydantic import BaseModel

from controller.fleet.records import FaultRecord
from protocol.messages import Part
from protocol.model import iso


class FaultItem(BaseModel):
    """What a teacher says is broken. done_at: when a person said it is dealt with, else null."""

    event_id: str
    part: Part
    room: str
    school: str
    agent_id: str
    at: str
    received_at: str
    done_at: str | None


def fault_item(record: FaultRecord) -> FaultItem:
    """A fault as the lists show it."""
    return FaultItem(
        event_id=record.event_id,
        part=record.part,
        room=record.room,
        school=record.place.school,
        agent_id=record.place.agent,
        at=iso(record.at_ms),
        received_at=iso(record.received_ms),
        done_at=None if record.done_ms is None else iso(record.done_ms),
    )
