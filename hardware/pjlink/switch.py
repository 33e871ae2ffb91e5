"""This file switches one projector on or off by PJLink, and sees that it obeyed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from hardware.pjlink.talk import PORT, ProjectorState, Talk, TalkError, input_code, talking
from hardware.pjlink.tracked import reading_of
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
    input: str = "",  # noqa: A002 - as in the reading
    key: str = "",
    within_s: float = WITHIN_S,
    again_s: float = AGAIN_S,
    lock: AbstractAsyncContextManager[object] | None = None,
) -> ProjectorReading:
    """Switch a projector, choose its input once it is lit, and read back what it does then.

    input: such as "DIGITAL 1"; "" to leave it. key: for the reading. lock: held during each
    talk, for a projector has one connection. The reading's reason is "" if it obeyed; else what
    stood in the way for within_s: "busy" where it still cools or warms; or, at once,
    "needs_password", and "refused" where it will not. Raises ValueError of an unknown input.
    """
    if input:
        input_code(input)
    wish = _Wish(on=on, input=input if on else "")
    until = time.monotonic() + within_s
    while True:
        reason, state = await _try(address, port, password(), wish, lock)
        if reason in {"", "needs_password", "refused"} or time.monotonic() + again_s > until:
            return reading_of(key, time.time(), state, reason)
        await asyncio.sleep(again_s)


class _Wish:
    """What is wished of a projector, and one step towards it at a time."""

    def __init__(self, *, on: bool, input: str) -> None:  # noqa: A002 - as in the reading
        self._on = on
        self._input = input

    async def step(self, talk: Talk) -> str:
        """Do what can be done now. Gives "" if all is as wished, else what stands in the way."""
        if await talk.power() not in _TARGETS[self._on]:
            if not await talk.set_power(on=self._on):
                return "busy"
            if await talk.power() not in _TARGETS[self._on]:
                return "busy"  # it said OK, and takes its time
        if not self._input or await talk.input() == self._input:
            return ""
        chosen = await talk.set_input(self._input) and await talk.input() == self._input
        return "" if chosen else "busy"


async def _try(
    address: str,
    port: int,
    password: str,
    wish: _Wish,
    lock: AbstractAsyncContextManager[object] | None,
) -> tuple[str, ProjectorState]:
    state = ProjectorState()
    try:
        async with lock or nullcontext(), talking(address, port, password) as talk:
            reason = await wish.step(talk)
            state = await talk.state()
    except TalkError as error:
        return error.reason, state
    return reason, state
