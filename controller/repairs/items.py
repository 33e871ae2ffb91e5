"""This file holds the shapes in which faults and repairs are told."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

from controller.repairs.figures import RepairFigure
from controller.web.items import Moment, RecordItem, described
from protocol.messages import Part

_FIGURE: Final[Any] = described("RepairFigureItem", RepairFigure)


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


class RepairFiguresItem(BaseModel):
    """Repairs within a term: all of them, by type, by maker and model."""

    since: str
    until: str
    all: _FIGURE
    by_type: dict[str, _FIGURE]
    by_model: dict[str, _FIGURE]


class RepairLineItem(BaseModel):
    """A line of the book that a repair is about."""

    row: int
    asset_tag: str
    type: str
    maker: str
    model: str
    room: str


class RepairItem(BaseModel):
    """A repair. candidates: the lines that it may be about; moves: its steps, oldest first."""

    no: int
    state: str
    room: str
    part: str
    reported_at: str
    reported_by: str
    by_fault: str | None
    note: str
    line: RepairLineItem | None
    candidates: list[RepairLineItem]
    outcome: str
    done_at: str
    moves: list[dict[str, Any]]
