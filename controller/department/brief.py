"""This file puts the school's records as the department is told of them: without people's names."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from controller.feature import Program
from controller.fleet.records import ChainHeadRecord
from controller.inventory.asset import Asset
from controller.inventory.store import RecordCounts, count_records, refresh
from controller.live.live import LiveView
from controller.live.rooms import counts_of
from controller.reconcile.kpi import Kpi
from controller.use.hours import BoardWeek
from protocol.fields import fields_for
from protocol.heads import seal_of
from protocol.model import MAX_TEXT, DeviceKind, Status
from protocol.upward import ItemGone, ItemTold, LogSeal, SchoolFigures, UseLine


def item_of(asset: Asset) -> ItemTold:
    """The item, as of a moment, as the department is told: without the names that people gave."""
    fields = _brief_fields(ItemTold, asset)
    fields |= {"change": asset.relay_change, "seen_ms": asset.told_ms}
    return ItemTold(item=asset.device_id, device=asset.kind, **fields)


def use_line_of(week: BoardWeek) -> UseLine:
    """A board's week."""
    fields = _brief_fields(UseLine, week)
    return UseLine(item=week.device_id, device=DeviceKind(week.kind), **fields)


def seal_told_of(head: ChainHeadRecord) -> LogSeal:
    """How far a room's attendance log went, or the school's corrections."""
    return LogSeal(
        agent=head.place.agent,
        key=head.key,
        links=head.links,
        at_ms=head.at_ms,
        seal=seal_of(head.head, head.signature),
    )


def figures_of_day(kpi: Kpi) -> SchoolFigures:
    """The figures of a day that is over."""
    declared, complete, verified, managed = kpi.counts
    return SchoolFigures(declared=declared, complete=complete, verified=verified, managed=managed)


def _brief_fields(kind: type[msgspec.Struct], record: msgspec.Struct) -> dict[str, Any]:
    """What the record holds of the kind's fields, no text longer than the wire takes."""
    return {
        name: value[:MAX_TEXT] if isinstance(value, str) else value
        for name, value in fields_for(kind, record).items()
    }


def is_told(asset: Asset) -> bool:
    """Whether the department is to know of it."""
    return asset.removed_ms is None and asset.owned


def gone_of(asset: Asset, now_ms: int) -> ItemGone:
    """An item that was told and is there no more."""
    at_ms = asset.removed_ms or now_ms
    return ItemGone(item=asset.device_id, change=asset.relay_change, at_ms=at_ms)


async def figures_of(program: Program) -> SchoolFigures:
    """The school's figures: its rooms as they are now, its records as of now."""
    records = await asyncio.to_thread(_counts_of_records, program)
    live = program.service(LiveView)
    await live.load()  # what nobody has read yet is no figure
    rooms, agents = list(live.rooms()), list(live.agents())
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
        **records._asdict(),
    )


def _counts_of_records(program: Program) -> RecordCounts:
    now_ms = program.now_ms()
    refresh(program.store, program.school, program.zone, now_ms)
    return program.store.read(count_records, program.school, now_ms)
