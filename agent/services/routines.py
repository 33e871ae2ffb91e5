"""This file lists the routines: what the agent does by itself.

A fault in one of them ends the agent, and its service manager starts it anew from the disk.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from agent.health.vitals import measures_of
from agent.services.context import AgentService, Context

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
            ticked_s = now_s
        due_s = max(due_s + config.beat_s, now_s)
        await asyncio.sleep(due_s - now_s)


async def _measure_once(context: Context) -> None:
    reading = await asyncio.to_thread(context.machine.read)
    programs = await asyncio.to_thread(context.machine.programs)
    await context.store.beat(measures_of(reading), context.outages.findings(), programs)
    if context.store.refusing or context.store.untold:
        context.connection.owe_birth()


ROUTINES: Final = (
    AgentService("beat", measure),
    AgentService("see", take_in),
    AgentService("school", lambda context: context.connection.run(context.store)),
    AgentService(
        "lessons",
        lambda context: context.remote.follow_lessons(switch=context.config.switch_projector),
    ),
)
