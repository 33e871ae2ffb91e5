"""This file holds the shape in which faults are told."""

from __future__ import annotations

from controller.web.items import Moment, RecordItem
from protocol.messages import Part


class FaultItem(RecordItem):
    """What a teacher says is broken. done_at: when a person said it is dealt with, else null."""

    event_id: str
    part: Part
    room: str
    school: str
    agent_id: str
    at: Moment
    received_at: Moment
    done_at: Moment | None
