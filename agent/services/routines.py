"""This file lists the routines: what the agent does by itself.

A fault in one of them ends the agent, and its service manager starts it anew from the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from functools import partial
from typing import Final

from agent.classroom import Classroom
from agent.equipment.switch import CameraStanding, lasting
from agent.evidence.signing import sign_heads
from agent.health.vitals import measures_of
from agent.school.credential import changed_at
from agent.services.context import AgentService, Context
from protocol.memory import give_memory_back
from protocol.outbox import OutboxError

LOOK_FOR_CREDENTIAL_S: Final = 5.0
NEWS_S: Final = 60.0
GATHER_S: Final = 0.2  # a cart of tablets comes as a burst: one write for all of it


async def take_in(context: Context) -> None:
    """Take in what the sources saw."""
    while True:
        await context.store.see(await context.inbox.batch())
        await asyncio.sleep(GATHER_S)


async def measure(context: Context) -> None:
    """Measure at a steady pace; the slow work of the outbox goes with it."""
    config = context.config
    due_s = ticked_s = time.monotonic()
    while True:
        await _measure_once(context)
        now_s = time.monotonic()
        if now_s - ticked_s >= config.report_s:
            await context.store.tick(now_s - ticked_s)
            await asyncio.to_thread(context.clock.keep)
            give_memory_back()
            ticked_s = now_s
        due_s = max(due_s + config.beat_s, now_s)
        await asyncio.sleep(due_s - now_s)


async def tell_cameras(context: Context) -> None:
    """Tell the school how the cameras are switched, and what they are used for, at each change."""
    told: CameraStanding | None = None
    while True:
        standing = _standing(context)
        if standing != told:
            with contextlib.suppress(OutboxError):  # the store has said so, and it is tried again
                await context.store.do(partial(Classroom.tell_cameras, standing=standing))
                told = standing
                continue  # it may be otherwise by now
        await context.bell.rest(NEWS_S)


def _standing(context: Context) -> CameraStanding:
    config = context.config
    check_s = round(config.camera_check_s) if config.cameras else 0
    looks = lasting(context.shutter.looks)
    return CameraStanding(switch=context.store.classroom.camera, looks=looks, check_s=check_s)


async def _measure_once(context: Context) -> None:
    machine = context.machine
    reading, programs = await asyncio.to_thread(lambda: (machine.read(), machine.programs()))
    extra = (
        *context.outages.findings(),
        *context.connection.findings(),
        *context.clock.findings(),
    )
    await context.store.beat(measures_of(reading), extra, programs)
    if context.store.refusing or context.store.untold:
        context.connection.owe_birth()


async def follow_enrolment(context: Context) -> None:
    """End when this computer has been enrolled, here or by a command: the agent takes that up."""
    data, joining = context.config.data, context.life.joining
    before = changed_at(data)
    while joining.is_running or changed_at(data) == before:
        await context.bell.rest(LOOK_FOR_CREDENTIAL_S)
    context.end()


ROUTINES: Final = (
    AgentService("enrolment", follow_enrolment),
    AgentService("beat", measure),
    AgentService("see", take_in),
    AgentService("cameras", tell_cameras),
    AgentService("school", lambda context: context.connection.run(context.store)),
    AgentService(
        "lessons",
        lambda context: context.remote.follow_lessons(switch=context.config.switch_projector),
    ),
    AgentService("update", lambda context: context.updating.run(context.store)),
    AgentService("evidence", lambda context: sign_heads(context.store, context.config.data)),
)
