"""Whatever one agent leaves lying at the broker, the controller can always subscribe."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from controller.broker import stores
from controller.broker.embedded import CONTROLLER_USER, EmbeddedBroker
from protocol.link import Broker, Letter, Link
from protocol.model import Place
from protocol.topics import school_root
from tests.ports import free_port
from tests.waiting import eventually

SCHOOL = Place("14", "00140708")
ROOT = school_root(SCHOOL)
ASK_AGAIN_S = 10.0
MEGABYTES = 70  # more than nats-server hands to a subscriber at once


def user(port: int, name: str, *, preface: list[Letter] | None = None) -> Link:
    """A client with its own password; the controller hears the school."""
    return Link(
        Broker("127.0.0.1", port, name, "secret"),
        name,
        filters=[f"{ROOT}/#"] if name == CONTROLLER_USER else [],
        will=lambda _: Letter(f"{ROOT}/{name}/state", b"gone", retain=True),
        greeting=lambda _: [Letter(f"{ROOT}/{name}/state", b"here", retain=True)],
        preface=preface or (),
    )


async def leave_lying(link: Link) -> None:
    """One agent retains a megabyte on every topic that it likes to name."""
    await eventually(link.connected.is_set)
    for number in range(MEGABYTES):
        link.say(Letter(f"{ROOT}/p1/device/d{number}", bytes(1_000_000), retain=True))
        await eventually(lambda: not link._client or not link._client._out_messages)


def test_the_controller_subscribes_to_a_school_where_too_much_lies(tmp_path: Path) -> None:
    """The oldest go, the newest and the presence of others stay; without bounds it never could."""
    port = free_port()
    users = dict.fromkeys((CONTROLLER_USER, "p1", "p2"), "secret")
    broker = EmbeddedBroker(tmp_path, "127.0.0.1", port, SCHOOL, users)

    async def flow() -> None:
        broker.prepare()
        agents = [user(port, name) for name in ("p1", "p2")]
        tasks = [asyncio.create_task(work()) for work in (broker.run, *(one.run for one in agents))]
        await leave_lying(agents[0])
        agents[1].say(Letter(f"{ROOT}/p2/state", b"still here", retain=True))
        unbounded = user(port, CONTROLLER_USER)
        tasks.append(asyncio.create_task(unbounded.run()))
        await eventually(lambda: unbounded.session > 2)
        assert not unbounded.connected.is_set()
        tasks.pop().cancel()
        await broker.restart()  # what it read so lately it hands out from memory
        bounded = user(port, CONTROLLER_USER, preface=[*stores.bounds()])
        tasks.append(asyncio.create_task(bounded.run()))
        await eventually(bounded.connected.is_set)
        lying: dict[str, bytes] = {}
        asked_s = time.monotonic()

        def look() -> int:
            nonlocal asked_s
            if (
                time.monotonic() - asked_s > ASK_AGAIN_S
            ):  # a broker that has just begun knows little
                bounded.hang_up()
                asked_s = time.monotonic()
            arrivals = bounded.waiting(100)
            bounded.ack(arrivals)
            lying.update({arrival.topic: arrival.payload for arrival in arrivals})
            return sum(map(len, lying.values()))

        await eventually(look, holds=lambda size: size > 10e6)
        await eventually(look, holds=lambda _: f"{ROOT}/p2/state" in lying)
        assert look() < 30e6
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(flow())
