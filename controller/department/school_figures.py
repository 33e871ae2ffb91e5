"""This file counts a school as its department hears of it; pure."""

from __future__ import annotations

from collections.abc import Iterable

from controller.dashboard.rooms import RoomSummary, counts_of
from controller.fleet.records import AgentRecord
from controller.inventory.store import Tally
from protocol.model import DeviceKind, Status
from protocol.upward import SchoolFigures


def figures_of(
    rooms: Iterable[RoomSummary], agents: Iterable[AgentRecord], tally: Tally
) -> SchoolFigures:
    """The school's figures: its rooms as they are now, its records as they were brought up."""
    rooms, agents = list(rooms), list(agents)
    counts = counts_of(rooms)
    boards = [room.devices.get(DeviceKind.BOARD, {}) for room in rooms]
    return SchoolFigures(
        rooms=counts.rooms,
        rooms_in_lesson=counts.in_lesson,
        agents=len(agents),
        agents_online=sum(agent.online for agent in agents),
        devices=counts.devices,
        devices_working=counts.working,
        boards=sum(sum(board.values()) for board in boards),
        boards_working=sum(board.get(Status.OK, 0) for board in boards),
        faults_open=sum(len(room.faults) for room in rooms),
        declared=tally.declared,
        complete=tally.complete,
        verified=tally.verified,
        managed=tally.managed,
        missing=tally.missing,
        unregistered=tally.unregistered,
    )
