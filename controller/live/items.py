"""This file holds the shapes in which rooms are told."""

from __future__ import annotations

from pydantic import BaseModel

from controller.attendance.items import LessonItem, lesson_item
from controller.fleet.items import KitItem, ReasonItem
from controller.live.rooms import Cause, Problem, RoomSummary
from protocol.messages import Part
from protocol.model import DeviceKind, Status, iso


class CauseItem(ReasonItem):
    """A reason for a room's status, and whose it is; device_id is null for the agent's own."""

    agent_id: str
    device_id: str | None


class ProblemItem(BaseModel):
    """One line of work in a room; kind is null for the agent, code is null where none was given.

    part: what a teacher says is broken, else null.
    """

    status: Status
    kind: DeviceKind | None
    code: str | None
    value: float | str | None
    limit: float | None
    count: int
    devices: list[str]
    since: str
    part: Part | None = None


class RoomItem(BaseModel):
    """A room's summary. devices: how many of each kind have each status.

    kit: what it should have, as its fixed computer tells; empty where none tells.
    sleeping: tablets that work and are asleep. sheet: the lesson that runs, else the last of today
    if nobody confirmed its roll. roll: such as 42/39/3. faults: the parts said to be broken.
    """

    room: str
    school: str
    status: Status
    reasons: list[CauseItem]
    problems: list[ProblemItem]
    agents: list[str]
    lesson: str | None
    devices: dict[DeviceKind, dict[Status, int]]
    since: str
    kit: list[KitItem]
    sleeping: int
    sheet: LessonItem | None
    roll: str
    faults: list[Part]


def room_item(room: RoomSummary) -> RoomItem:
    """A room as the lists show it."""
    return RoomItem(
        room=room.key.room,
        school=room.key.school,
        status=room.status,
        reasons=[_cause_item(cause) for cause in room.causes],
        problems=[_problem_item(problem) for problem in room.problems],
        agents=list(room.agents),
        lesson=room.lesson,
        devices={kind: dict(tally) for kind, tally in room.devices.items()},
        since=iso(room.since_ms),
        kit=[KitItem.of(line) for line in room.kit],
        sleeping=room.sleeping,
        sheet=lesson_item(room.sheet) if room.sheet else None,
        roll=room.roll,
        faults=list(dict.fromkeys(fault.part for fault in room.faults)),
    )


def _cause_item(cause: Cause) -> CauseItem:
    return CauseItem(
        code=cause.reason.code,
        value=cause.reason.value,
        limit=cause.reason.limit,
        agent_id=cause.agent_id,
        device_id=cause.device_id or None,
    )


def _problem_item(problem: Problem) -> ProblemItem:
    reason = problem.reason
    return ProblemItem(
        status=problem.status,
        kind=problem.kind,
        code=reason.code if reason else None,
        value=reason.value if reason else None,
        limit=reason.limit if reason else None,
        count=max(1, len(problem.devices)),
        devices=list(problem.devices),
        since=iso(problem.since_ms),
        part=problem.part,
    )
