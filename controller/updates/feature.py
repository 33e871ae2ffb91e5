"""This file says what updates bring: packages, their door, the word to rooms, and the page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from controller.broker.authority import Authority
from controller.feature import Feature, Jobs, Level, MenuEntry, Program
from controller.people.person import Permission
from controller.updates import store
from controller.updates.door import PackageDoor
from controller.updates.listener import UpdateListener
from controller.updates.rollout import RolloutState
from controller.updates.service import drop_lost, shelf_of
from protocol.words import N_

ADVANCE_S: Final = 5.0


def _is_open(program: Program) -> bool:
    rollout = program.store.read(store.rollout_of, program.school)
    return rollout is not None and rollout.state is RolloutState.RUNNING


async def _advance(program: Program) -> None:
    """Have a version on its way go on, or stop, as its rooms fare; never returns."""
    while True:
        if await asyncio.to_thread(_is_open, program):
            await program.writing.write(store.advance_rollout, program.school, program.now_ms())
        await asyncio.sleep(ADVANCE_S)


@contextmanager
def _jobs(program: Program) -> Iterator[Jobs]:
    config = program.config
    where = config.mqtt_host, config.updates_port
    authority = Authority(config.data)
    door = PackageDoor(authority, shelf_of(program), partial(_is_open, program), where)
    yield {"packages": door.run, "rollout": partial(_advance, program)}


FEATURE: Final = Feature(
    name="updates",
    level=Level.SCHOOL,
    keep=store.keep,
    started=drop_lost,
    listener=UpdateListener,
    jobs=_jobs,
    held=("POST /updates",),
    menu=(
        MenuEntry("/updates", N_("Updates of rooms"), (Permission.MANAGE,), rank=7, is_tool=True),
    ),
)
