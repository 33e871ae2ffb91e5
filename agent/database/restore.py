"""This file brings the room back as it was before a restart, and says what must outlive one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, NamedTuple
from uuid import uuid4

from agent.classroom import Classroom
from agent.clock import RoomClock, live_in
from agent.config import AgentConfig
from agent.database import CLOCK, DOCUMENTS, OUTBOX
from agent.database.documents import Documents, SavedState
from agent.equipment import devices
from agent.equipment import memos as equipment_memos
from agent.equipment.switch import CameraSwitch
from agent.equipment.traces import Traces
from agent.health.machine import ThisMachine, agent_id_from
from agent.health.vitals import Vitals
from agent.lessons import memos
from agent.lessons.teaching import Teaching
from agent.placement import Placement, placement_at_start
from agent.room import AgentRoom, Moment
from protocol.messages import PairAnswer
from protocol.model import Place
from protocol.outbox import DEFAULT_MAX_BYTES, Outbox, OutboxError
from protocol.settings import SettingsError
from protocol.unreadable import UNREADABLE
from protocol.words import N_

_MB: Final = 1_000_000
_DAY_S: Final = 86_400


class _SchoolWords(NamedTuple):
    """What the school said of the room's devices."""

    confirmed: frozenset[str]
    paired: tuple[PairAnswer, ...]
    kinds: tuple[devices.SchoolKind, ...]


class RestoredRoom(NamedTuple):
    """The room as it was, and where what happens next is recorded."""

    classroom: Classroom
    outbox: Outbox
    documents: Documents
    clock: RoomClock


@asynccontextmanager
async def open_room(config: AgentConfig, machine: ThisMachine) -> AsyncIterator[RestoredRoom]:
    """Open the records in the agent's folder, until no thread works on them any more.

    Raises SettingsError, DocumentError, OutboxError.
    """
    documents = Documents(config.data / DOCUMENTS)
    clock = RoomClock(config.data / CLOCK, live_in=live_in)
    saved = documents.load()
    where = placement_at_start(_room_code(config), roaming=config.roaming, stay=saved.stay)
    room = _room(config, machine, saved, where)
    with _outbox(config, room) as outbox:
        room = replace(room, boot=outbox.boot)
        try:
            teaching, said = _remembered(room, outbox, saved, clock.now())
            classroom = _classroom(config, room, where, saved, teaching, said)
            yield RestoredRoom(classroom, outbox, documents, clock)
        finally:
            await asyncio.get_running_loop().shutdown_default_executor()
            documents.close()


def saved_state_of(classroom: Classroom) -> SavedState:
    """What must outlive a restart."""
    return SavedState(
        agent_id=classroom.room.place.agent,
        devices=tuple(record.device for record in classroom.devices.by_id.values()),
        traces=tuple(classroom.devices.traces.held.values()),
        decisions=classroom.devices.decisions,
        answers=dict(classroom.devices.traces.answers),
        ours=classroom.devices.ours,
        strangers=classroom.devices.strangers,
        stay=classroom.placement.saved,
        typed=classroom.typed,
        camera=classroom.own_switch,
        plan=classroom.teaching.plan,
    )


def _room(
    config: AgentConfig, machine: ThisMachine, saved: SavedState, where: Placement
) -> AgentRoom:
    agent = config.agent_id or saved.agent_id
    agent = agent or agent_id_from(machine.hostname, machine.id)
    return AgentRoom(
        place=Place(config.province, config.school, agent),
        room=where.room,
        boot=uuid4().hex,
        beat_s=config.beat_s,
        new_id=lambda: str(uuid4()),
    )


def _outbox(config: AgentConfig, room: AgentRoom) -> Outbox:
    return Outbox(
        config.data / OUTBOX,
        room.place,
        room.boot,
        max_bytes=config.outbox_max_mb * _MB,
        max_age_s=config.outbox_max_days * _DAY_S,
        archive_bytes=min(config.outbox_max_mb * _MB, DEFAULT_MAX_BYTES),
        tells_age=True,
        counts_starts=True,
    )


def _classroom(  # noqa: PLR0917 - all that a room is made of
    config: AgentConfig,
    room: AgentRoom,
    where: Placement,
    saved: SavedState,
    teaching: Teaching,
    said: _SchoolWords,
) -> Classroom:
    traces = Traces(
        room=room.room,
        roaming=where.roaming,
        answers=saved.answers,
        homes={key: home for key in where.seen_in if (home := where.home_of(key))},
        held={trace.at: trace for trace in saved.traces},
    )
    known = devices.restore_devices(
        room, saved.devices, traces, saved.decisions, (saved.ours, saved.strangers)
    )
    return Classroom(
        room=room,
        placement=where,
        devices=replace(known.with_kinds(said.kinds), confirmed=said.confirmed, paired=said.paired),
        template=config.kit,
        own_switch=_switch(saved),
        camera_locked=config.camera == "off",
        typed=saved.typed,
        vitals=Vitals(room=room, limits=config.limits, report_s=config.report_s),
        teaching=teaching,
    )


def _switch(saved: SavedState) -> CameraSwitch:
    """How people switched the cameras; up to format 4 nobody knew since when."""
    return CameraSwitch(off=True) if saved.camera_off else saved.camera


def _room_code(config: AgentConfig) -> str:
    """The room in the settings. Raises SettingsError where a fixed computer has none."""
    if not config.room and not config.roaming:
        raise SettingsError(
            "setting_missing",
            N_("The room is missing."),
            N_("Give --room, or --roaming true for a computer that is carried about."),
        )
    return config.room


def _remembered(
    room: AgentRoom, outbox: Outbox, saved: SavedState, moment: Moment
) -> tuple[Teaching, _SchoolWords]:
    """The lesson and its roll as they were, and what the school said of the room's devices.

    Raises OutboxError.
    """
    stored = outbox.memos()
    try:
        teaching = memos.restore_teaching(
            room,
            stored,
            saved.plan,
            moment,
            running=saved.running,
            marks=saved.marks,
        )
        return teaching, _SchoolWords(
            equipment_memos.confirmed_in(stored),
            equipment_memos.pairs_in(stored),
            equipment_memos.kinds_in(stored),
        )
    except UNREADABLE as error:
        raise OutboxError(
            "memos_damaged",
            N_("What the outbox remembers of lessons cannot be read ({cause})."),
            N_("Install the newest LopHoc again."),
            cause=error,
        ) from error
