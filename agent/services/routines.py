"""This file lists the routines: what the agent does by itself.

A fault in one of them ends the agent, and its service manager starts it anew from the disk.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from agent.health.vitals import measures_of
from agent.services.context import Context
from agent.services.service import Service

GATHER_S: Final = 0.2  # a cart of tablets comes as a burst: one write for all of it


async def take_in(context: Context) -> None:
    """Take in what the sources saw."""
    while True:
        await context.clerk.see(await context.inbox.batch())
        await asyncio.sleep(GATHER_S)


async def measure(context: Context) -> None:
    """Measure at a steady pace; the slow work of the outbox goes with it."""
    config = context.config
    due_s = ticked_s = time.monotonic()
    while True:
        await _measure_once(context)
        now_s = time.monotonic()
        if now_s - ticked_s >= config.report_s:
            await context.clerk.tick(now_s - ticked_s)
            ticked_s = now_s
        due_s = max(due_s + config.beat_s, now_s)
        await asyncio.sleep(due_s - now_s)


async def _measure_once(context: Context) -> None:
    reading = await asyncio.to_thread(context.machine.read)
    programs = await asyncio.to_thread(context.machine.programs)
    await context.clerk.beat(measures_of(reading), context.outages.findings(), programs)
    if context.clerk.refusing:
        context.connection.owe_birth()


async def connect(context: Context) -> None:
    """Speak with the school's controller."""
    await context.connection.run(context.clerk)


async def switch_projectors(context: Context) -> None:
    """Switch projectors and boards with the lesson, where the settings say so."""
    await context.reach.follow_lessons(switch=context.config.switch_projector)


ROUTINES: Final = (
    Service("beat", measure),
    Service("see", take_in),
    Service("school", connect),
    Service("lessons", switch_projectors),
)
