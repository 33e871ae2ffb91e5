"""PJLink: a projector is switched, and what it did is read back."""

from __future__ import annotations

import asyncio

import pytest

from hardware.pjlink.watch import switch
from hardware.readings import PowerState, ProjectorReading
from simulators.devices.projector import Projector, ProjectorMake
from tests.hardware.pjlink_room import SECRET, projector, watching

FAST = 600.0  # played seconds a second: 30 s of warming in 50 ms, 90 s of cooling in 150 ms


async def switched(one: Projector, **wish: object) -> ProjectorReading:
    return await switch(
        one.host, one.port, lambda: one.password, **{"again_s": 0.02, "within_s": 10.0} | wish
    )


def test_a_lesson_begins_and_ends() -> None:
    """On with the input of the room, then off; each is read back."""

    async def run() -> None:
        async with projector(password=SECRET, pace=FAST) as one:
            lit = await switched(one, on=True, input="DIGITAL 1")
            assert (lit.reason, lit.power, lit.input) == ("", PowerState.ON, "DIGITAL 1")
            ended = await switched(one, on=False)
            assert ended.reason == ""
            assert ended.power in {PowerState.COOLING, PowerState.OFF}

    asyncio.run(run())


def test_a_lamp_that_cools_is_lit_once_it_may_be() -> None:
    """Until then it says ERR3."""

    async def run() -> None:
        async with projector(pace=FAST) as one:
            one.lamp.switch(on=True)
            await switched(one, on=True, input="RGB 1")
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
            await switched(one, on=True, input="RGB 1")
            one.lamp.switch(on=False)
            reading = await switched(one, on=True, within_s=0.1)
            assert (reading.reason, reading.power) == ("busy", PowerState.COOLING)

    asyncio.run(run())


@pytest.mark.parametrize("code", ["ERR1", "ERR2", "ERR4"])
def test_a_projector_that_will_not_has_refused(code: str) -> None:
    """At once: trying again would not change its mind."""

    async def run() -> None:
        async with projector() as one:
            reading = await switched(one, on=True, input="INTERNAL 1", within_s=0.0)
            assert reading.reason == "busy"  # it warms: the input comes later
            one.lamp.switch(on=False)
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


def test_an_input_that_no_projector_has_is_the_callers_mistake() -> None:
    """Nothing is sent."""
    with pytest.raises(ValueError, match="no such PJLink input"):
        asyncio.run(switch("127.0.0.1", on=True, input="HDMI"))


def test_switching_by_key_uses_the_one_connection_and_reports_at_once() -> None:
    """The watch waits for its turn meanwhile."""

    async def run() -> None:
        async with projector(pace=FAST) as one, watching(one) as watch:
            found = await watch.sighting()
            answered = await watch.projectors.switch(found.key, on=True)
            told = await watch.reading(lambda seen: seen.power is not PowerState.OFF)
            assert told == answered
            assert told.key == found.key
            with pytest.raises(KeyError):
                await watch.projectors.switch("mac:000000000001", on=True)

    asyncio.run(run())
