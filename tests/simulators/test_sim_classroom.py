"""A simulated room on a real broker."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from protocol.link import Broker
from protocol.messages import (
    Birth,
    DeviceState,
    Event,
    Health,
    LessonStarted,
    Presence,
    RollConfirmed,
    State,
)
from simulators.config import SimConfig
from simulators.school import Furnished, room_of, run, school_of
from tests.faulty_line import FaultyLine
from tests.ports import free_port
from tests.waiting import LIMIT_S

Receiving = Callable[[], AbstractAsyncContextManager[Any]]


def settings(broker: Broker, school: str, **choices: Any) -> SimConfig:
    """A quick school without mDNS."""
    given = {"tablets": 5, "pace": 0.05, "beat_s": 0.5, "mdns": False, **choices}
    return SimConfig(broker=str(broker), school=school, **given)


@asynccontextmanager
async def playing(
    config: SimConfig, rooms: list[Furnished] | None = None
) -> AsyncIterator[asyncio.Event]:
    """The school runs for the length of a with block, and then ends as the command would."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run(config, rooms or room_of(config), stop))
        yield stop
        stop.set()


def presences(receiver: Any) -> list[bool]:
    """Whether the agent said that it is there, in order."""
    return [message.online for _, message in receiver.of(Presence)]


def test_a_room_greets_is_born_and_lives(broker: Broker, school: str, receiving: Receiving) -> None:
    """Presence, then a birth, then states, beats, a lesson and its marks; at last a goodbye."""

    async def scene() -> None:
        async with receiving() as receiver:
            async with playing(settings(broker, school)):
                await receiver.until(lambda r: r.of(Birth) and r.of(Health) and r.of(DeviceState))
                await receiver.until(lambda r: r.of(LessonStarted) and r.of(RollConfirmed))
            await receiver.until(lambda r: presences(r)[-1:] == [False])
            agents = {agent for agent, _ in receiver.heard}
            [(_, first)] = receiver.of(Birth)
        assert agents == {"sim-p101"}
        assert first.room == "P101"
        assert presences(receiver) == [True, False]

    asyncio.run(scene())


def test_a_rebirth_is_answered(broker: Broker, school: str, receiving: Receiving) -> None:
    """Whoever asks gets a full snapshot, newer than the first."""

    async def scene() -> None:
        async with receiving() as receiver, playing(settings(broker, school)):
            await receiver.until(lambda r: r.of(Birth))
            receiver.ask_rebirth("sim-p101")
            await receiver.until(lambda r: len(r.of(Birth)) == 2)
            [(_, first), (_, second)] = receiver.of(Birth)
        assert second.rev > first.rev

    asyncio.run(scene())


def test_what_was_not_acknowledged_waits_on_disk(
    broker: Broker, school: str, receiving: Receiving, tmp_path: Path
) -> None:
    """A room that ends unheard says it all after its next start, every event once."""

    async def unheard(config: SimConfig) -> set[str]:
        async with receiving() as receiver:
            receiver.acking = False
            async with playing(config):
                await receiver.until(lambda r: r.of(RollConfirmed))
            return {message.id for _, message in receiver.heard if isinstance(message, Event)}

    async def heard(config: SimConfig, waiting: set[str]) -> None:
        async with receiving() as receiver, playing(config):
            await receiver.until(
                lambda r: waiting <= {m.id for _, m in r.heard if isinstance(m, Event)}
            )

    config = settings(broker, school, data=str(tmp_path / "outboxes"))
    waiting = asyncio.run(unheard(config))
    asyncio.run(heard(config, waiting))


def test_no_event_is_lost_over_a_bad_line(
    broker: Broker, school: str, receiving: Receiving
) -> None:
    """Cut three times in the middle of the day: every number from 1 on arrives."""

    async def scene() -> None:
        async with receiving() as receiver, FaultyLine(broker.host, broker.port) as line:
            config = settings(Broker("127.0.0.1", line.port), school)
            async with playing(config):
                for round_ in range(1, 4):
                    await receiver.until(lambda r, n=round_: len(r.of(Birth)) >= n)
                    line.drop()
                await receiver.until(lambda r: len(r.of(Birth)) >= 4)
                await receiver.until(lambda r: r.of(RollConfirmed))
                line.delay_s = 0.05
                so_far = max(numbers(receiver))
                await receiver.until(lambda r: max(numbers(r)) > so_far)
            seen = numbers(receiver)
        assert set(range(1, so_far + 1)) <= seen

    asyncio.run(scene())


def numbers(receiver: Any) -> set[int]:
    """The sequence numbers of all events heard."""
    return {message.seq for _, message in receiver.heard if isinstance(message, Event)}


def test_a_killed_line_is_told_by_the_last_will(
    broker: Broker, school: str, receiving: Receiving
) -> None:
    """The broker says it, with the session of the birth that came before."""

    async def scene() -> None:
        async with receiving() as receiver, FaultyLine(broker.host, broker.port) as line:
            async with playing(settings(Broker("127.0.0.1", line.port), school)):
                await receiver.until(lambda r: r.of(Birth))
                line.cut()
                await receiver.until(lambda r: presences(r) == [True, False])
                line.heal()
                await receiver.until(lambda r: len(r.of(Birth)) == 2)
            await receiver.until(lambda r: r.of(Presence)[-1][1].session > 1 and gone(r))
        assert presences(receiver)[:2] == [True, False]

    asyncio.run(scene())


def gone(receiver: Any) -> bool:
    """Whether the last word is that the agent's newest session is over."""
    said = [message for _, message in receiver.of(Presence)]
    return not said[-1].online and said[-1].session == max(each.session for each in said)


def test_a_school_is_many_rooms_each_on_its_own_line(
    broker: Broker, school: str, receiving: Receiving
) -> None:
    """Twelve rooms on two floors, each born under its own name, all gone at the end."""

    async def scene() -> None:
        config = settings(broker, school, rooms=12)
        async with receiving() as receiver:
            async with playing(config, school_of(config)):
                await receiver.until(lambda r: len(r.of(Birth)) >= 12)
            await receiver.until(lambda r: presences(r).count(False) == 12)
            rooms = {message.room for _, message in receiver.of(Birth)}
            boots = {m.boot for _, m in receiver.heard if isinstance(m, State)}
        assert {"P101", "P110", "P201", "P202"} <= rooms
        assert len(rooms) == len(boots) == 12

    asyncio.run(scene())


def test_a_school_without_a_broker_still_ends(school: str) -> None:
    """It says that nobody is there, and ends when it is asked."""
    port = free_port()

    async def scene() -> None:
        complained = asyncio.Event()
        logger = logging.getLogger("protocol.link")

        def watch(_: logging.LogRecord) -> bool:
            complained.set()
            return True

        logger.addFilter(watch)
        try:
            async with (
                playing(settings(Broker("127.0.0.1", port), school)),
                asyncio.timeout(LIMIT_S),
            ):
                await complained.wait()
        finally:
            logger.removeFilter(watch)

    asyncio.run(scene())
