"""This file empties the broker's own store after an erasure: class lists and marks lay in it."""

from __future__ import annotations

import asyncio
from typing import Final

from controller.feature import Program
from controller.students.store import is_broker_owing, note_broker

LOOK_EVERY_S: Final = 2.0


async def wipe_brokers(program: Program) -> None:
    """Empty our broker's store once after each erasure, until cancelled; another's is not ours."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        if await asyncio.to_thread(program.store.read, is_broker_owing, program.school):
            line = program.line
            if line is not None and await line.wipe():
                now_ms = program.now_ms()
                await asyncio.to_thread(program.store.write, note_broker, program.school, now_ms)
            else:
                return
