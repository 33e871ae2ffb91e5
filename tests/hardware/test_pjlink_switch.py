"""PJLink: a projector is switched, and what it did is read back."""

from __future__ import annotations

import asyncio

import pytest

from hardware.pjlink.switch import switch
from hardware.readings import PowerState, ProjectorReading
from simulators.devices.projector import Projector, ProjectorMake
from tests.hardware.pjlink_room import SECRET, projector
from tests.waiting import eventually

FAST = 600.0  # played seconds a second: 30 s of warming in 50 ms, 90 s of cooling in 150 ms


async def switched(one: Projector, **wish: object) -> ProjectorReading:
    return await switch(
        one.host, one.port, lambda: one.password, **{"again_s": 0.02, "within_s": 10.0} | wish
    )


async def lit_by_now(one: Projector) -> ProjectorReading:
    """Give the reading of a projector that was switched on and has warmed up."""
    await switched(one, on=True)
    await eventually(lambda: one.lamp.power is PowerState.ON)
    return await switched(one, on=True, key="mac:1")


def test_a_lesson_begins_and_ends() -> None:
    """On, then off; each is read back, with the input of one that is lit."""

    async def run() -> None:
        async with projector(password=SECRET, pace=FAST) as one:
            lit = await lit_by_now(one)
            assert (lit.key, lit.reason, lit.power) == ("mac:1", "", PowerState.ON)
            assert lit.input == "RGB 1"
            ended = await switched(one, on=False)
            assert ended.reason == ""
            assert ended.power in {PowerState.COOLING, PowerState.OFF}

    asyncio.run(run())


def test_a_lamp_that_cools_is_lit_once_it_may_be() -> None:
    """Until then it says ERR3."""

    async def run() -> None:
        async with projector(pace=FAST) as one:
            await lit_by_now(one)
            one.lamp.switch(on=False)
            assert one.lamp.power is PowerState.COOLING
            lit = await switched(one, on=True)
            assert lit.reason == ""
            assert lit.power in {PowerState.WARMING, PowerState.ON}

    asyncio.run(run())


def test_one_that_cools_for_too_long_is_busy() -> None:
    """The wish is not kept for ever."""

    async def run() -> None:
        async with projector(ProjectorMake(cool_s=1e9), pace=FAST) as one:
            await lit_by_now(one)
            one.lamp.switch(on=False)
            reading = await switched(one, on=True, within_s=0.1)
            assert (reading.reason, reading.power) == ("busy", PowerState.COOLING)

    asyncio.run(run())


@pytest.mark.parametrize("code", ["ERR1", "ERR2", "ERR4"])
def test_a_projector_that_will_not_has_refused(code: str) -> None:
    """At once: trying again would not change its mind."""

    async def run() -> None:
        async with projector() as one:
            reading = await switched(one, on=True, within_s=0.0)
            assert reading.reason == ""
            one.faults.refusals["POWR"] = code
            reading = await switched(one, on=False)
            assert reading.reason == "refused"

    asyncio.run(run())


def test_a_wrong_password_is_not_tried_twice() -> None:
    """Some projectors lock themselves after a few."""

    async def run() -> None:
        async with projector(password=SECRET) as one:
            reading = await switch(one.host, one.port, lambda: SECRET[::-1], on=True)
            assert reading.reason == "needs_password"
            assert one.commands == []

    asyncio.run(run())
