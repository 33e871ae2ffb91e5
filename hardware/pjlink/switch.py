"""This file switches one projector on or off by PJLink, and sees that it obeyed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from hardware.pjlink.talk import PORT, Talk, TalkError, talking
from hardware.readings import PowerState, ProjectorReading

# A lamp cools for 1 to 3 minutes, and until then it refuses everything (ERR3).
WITHIN_S = 200.0
AGAIN_S = 5.0
_TARGETS = {True: {PowerState.ON, PowerState.WARMING}, False: {PowerState.OFF, PowerState.COOLING}}


async def switch(
    address: str,
    port: int = PORT,
    password: Callable[[], str] = str,
    *,
    on: bool,
    key: str = "",
    within_s: float = WITHIN_S,
    again_s: float = AGAIN_S,
) -> ProjectorReading:
    """Switch a projector, and read back what it does then.

    key: for the reading, whose reason is "" if it obeyed; else what stood in the way for within_s:
    "busy" where it still cools or warms; or, at once, "needs_password", and "refused" where it
    will not.
    """
    until = time.monotonic() + within_s
    while True:
        reading = await _try(address, port, password(), on=on)
        final = reading.reason in {"", "needs_password", "refused"}
        if final or time.monotonic() + again_s > until:
            return replace(reading, key=key, at=time.time())
        await asyncio.sleep(again_s)


async def _try(address: str, port: int, password: str, *, on: bool) -> ProjectorReading:
    reading = ProjectorReading(key="", at=0.0)
    try:
        async with talking(address, port, password) as talk:
            reason = "" if await _obeys(talk, on=on) else "busy"
            reading = await talk.reading()
    except TalkError as error:
        reason = error.reason
    return replace(reading, reason=reason)


async def _obeys(talk: Talk, *, on: bool) -> bool:
    """Switch it unless that was done; False where it may not be disturbed, or takes its time."""
    with suppress(TalkError):  # some never say in standby, and switch on all the same
        if await talk.power() in _TARGETS[on]:
            return True
    return await talk.set_power(on=on) and await talk.power() in _TARGETS[on]
