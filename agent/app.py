"""This file runs the agent: one named task for each of its routines, sources and doors."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from typing import Any

from agent.config import AgentConfig
from agent.database.restore import open_room
from agent.health.machine import this_machine
from agent.services.context import Context, Life, make_context
from agent.services.doors import DOORS
from agent.services.routines import ROUTINES
from agent.services.sources import SOURCES
from protocol.folder import lock_folder
from protocol.supervision import keep_running

_LOGGER = logging.getLogger(__name__)


def run(settings: Callable[[], AgentConfig]) -> None:
    """Run the agent until SIGTERM or SIGINT; enrolled meanwhile, it takes up who it is now.

    settings: reads them, with what the folder holds of an enrolment. Raises SettingsError,
    OutboxError or DocumentError if it cannot begin.
    """
    config, life = settings(), Life()
    with lock_folder(config.data):
        while asyncio.run(_run(config, life)):
            config = settings()


async def _run(config: AgentConfig, life: Life) -> bool:
    """Run as who this is now; whether it is somebody else at the end."""
    stop, is_renewed = _stop_signal(), False

    def renew() -> None:
        nonlocal is_renewed
        is_renewed = True
        stop.set()

    machine = this_machine(config.data, config.kit.programs)
    async with open_room(config, machine) as before:
        context, room = make_context(config, machine, before, life, renew), before.classroom.room
        agent = room.place.agent
        _LOGGER.info("agent %s of room %s starts data=%s", agent, room.room, config.data)
        await _serve(context, stop)
    _LOGGER.info("agent %s ends", agent)
    return is_renewed


async def _serve(context: Context, stop: asyncio.Event) -> None:
    """Do everything until told to stop."""
    await context.store.see([context.machine.sighting])
    await context.store.birth(session=0)  # so that no other state is ever sent before one
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work, name=name) for name, work in _work(context)]
        await stop.wait()
        for task in tasks:
            task.cancel()
    await context.life.joining.close()


def _work(context: Context) -> Iterator[tuple[str, Coroutine[Any, Any, None]]]:
    for service in ROUTINES:
        if service.enabled(context.config):
            yield service.name, service.start(context)
    for service in (*SOURCES, *DOORS):
        if service.enabled(context.config):
            start, cap_s = partial(service.start, context), service.backoff_cap_s
            running = keep_running(service.name, start, context.outages, backoff_cap_s=cap_s)
            yield service.name, running


def _stop_signal() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows' loop: the handler runs in the main thread
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop
