"""This file runs the agent: one named task for each of its routines, sources and doors."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from enum import Enum, auto
from functools import partial
from typing import Any

from agent.config import AgentConfig
from agent.database.restore import open_room
from agent.health.machine import this_machine
from agent.services.context import Context, Life, make_context
from agent.services.doors import DOORS
from agent.services.routines import ROUTINES
from agent.services.sources import SOURCES
from agent.updates.launcher import EXIT_SWAP
from protocol.folder import lock_folder
from protocol.loop import run_async
from protocol.supervision import keep_running

_LOGGER = logging.getLogger(__name__)


class _End(Enum):
    """Why a run is over."""

    TOLD = auto()
    RENEWED = auto()  # this computer is somebody else now
    SWAPPED = auto()  # another version is to be started


def run(settings: Callable[[], AgentConfig]) -> int:
    """Run the agent until SIGTERM or SIGINT; enrolled meanwhile, it takes up who it is now.

    settings: reads them, with what the folder holds of an enrolment. Answers the exit code. Raises
    SettingsError, OutboxError or DocumentError if it cannot begin.
    """
    config, life = settings(), Life()
    with lock_folder(config.data):
        while (end := run_async(_run(config, life))) is _End.RENEWED:
            config = settings()
    return EXIT_SWAP if end is _End.SWAPPED else 0


async def _run(config: AgentConfig, life: Life) -> _End:
    """Run as who this is now; why it ended."""
    stop, end = _stop_signal(), _End.TOLD

    def end_for(why: _End) -> None:
        nonlocal end
        end = why
        stop.set()

    machine = this_machine(config.data, config.kit.programs)
    async with open_room(config, machine) as before:
        renew, swap = partial(end_for, _End.RENEWED), partial(end_for, _End.SWAPPED)
        context = make_context(config, machine, before, life, renew, swap=swap)
        room = before.classroom.room
        agent = room.place.agent
        _LOGGER.info("agent %s of room %s starts data=%s", agent, room.room, config.data)
        await _serve(context, stop)
    _LOGGER.info("agent %s ends", agent)
    return end


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
