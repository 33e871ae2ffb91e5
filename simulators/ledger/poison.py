"""This file says what cannot be taken, in the names of an agent and a school of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final
from uuid import uuid4

from protocol.link import Broker, Letter, Link
from protocol.messages import MAX_BYTES
from protocol.model import Place
from protocol.topics import Address, Channel, topic_of

NAME: Final = "poison"
_OF_ROOMS: Final = (Channel.EVENT, Channel.EVENT, Channel.SCHOOL, Channel.HEALTH, Channel.BIRTH)
_WAIT_S: Final = 5.0
_LAST_MS: Final = 32_503_679_999_999
_EVENT: Final = {"kind": "fault_reported", "room": "P1", "part": "board", "at_ms": 1}
_USE: Final = {"kind": "use", "week": "2026-09-07", "at_ms": 1}
_LINE: Final = {"item": "i1", "device": "board", "on_min": 1}


def poison_for(random: Random, count: int) -> Iterator[bytes]:
    """Messages of which most cannot be applied: wrong, over-long, of far times, doubled inside."""
    boot = f"poison-{random.randrange(1 << 30):x}"
    for number in range(1, count + 1):
        base: dict[str, Any] = dict(_EVENT, v=3, boot=boot, seq=number, id=f"{boot}-{number}")
        use: dict[str, Any] = dict(_USE, v=3, boot=boot, rev=number)
        yield random.choice(
            (
                _bytes(base | {"at_ms": random.choice([_LAST_MS, -1, 1 << 70, 0, "1"])}),
                _bytes(base | {"room": "x" * random.choice([1, 300, 100_000])}),
                _bytes(base | {"kind": random.choice(["ack", "retell", "nothing", "presence"])}),
                _bytes(base | {"id": "", "lesson": "\u0000"}),
                _bytes(base) + b"," + b" " * MAX_BYTES,
                _bytes(base)[: random.randrange(80)],
                _bytes(use | {"lines": [_LINE, _LINE]}),
                _bytes(use | {"week": random.choice(["0001-01-01", "2999-12-31", "x"])}),
                random.randbytes(random.randrange(200)),
                b"[" * 5000,
            )
        )


def _bytes(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode()


async def say_poison(port: int, place: Place, seed: str, count: int) -> bool:
    """Say it over the real broker; False if there was no line.

    place: who says it; an agent of the poisoner's own, or a school at its department.
    """
    channels = _OF_ROOMS if place.agent == NAME else (Channel.SCHOOL,)
    link = Link(
        Broker("127.0.0.1", port),
        f"lophoc-{NAME}-{uuid4().hex[:8]}",
        filters=(),
        will=lambda _: Letter(topic_of(Address(place.of_agent(NAME), Channel.HEALTH)), b"gone"),
        greeting=lambda _: (),
    )
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(_WAIT_S):
            await link.connected.wait()
        random = Random(seed)  # noqa: S311 - play
        for payload in poison_for(random, count):
            link.say(Letter(topic_of(Address(place, random.choice(channels))), payload))
            await asyncio.sleep(0)
        await asyncio.sleep(0.2)  # so that it has left
    except TimeoutError:
        return False
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return True
