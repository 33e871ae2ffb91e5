"""Whoever receives is told all that waits, whenever the one before it went."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec

from protocol.link import Letter, Link
from protocol.messages import Ack, ControllerState, FaultReported, Part
from protocol.model import Place
from protocol.outbox import Outbox, Parcel
from protocol.relay import Relay
from tests.waiting import eventually


class Wire:
    """A line that takes every word."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.connected.set()
        self.session = 1
        self.said: list[str] = []

    def say(self, letter: Letter) -> bool:
        """Write down whose turn it was."""
        self.said.append(msgspec.json.decode(letter.payload)["id"])
        return True


class Interrupted(Outbox):
    """An outbox; once, while it is being read, something happens on the loop."""

    meanwhile: Callable[[], None] | None = None

    def waiting_events(self, after: int, limit: int) -> list[Parcel]:
        """Let it happen before this read returns."""
        parcels = super().waiting_events(after, limit)
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            asyncio.run_coroutine_threadsafe(_call(meanwhile), self.loop).result()
        return parcels

    loop: asyncio.AbstractEventLoop


async def _call(work: Callable[[], None]) -> None:
    work()


def receiver(boot: str) -> ControllerState:
    """A controller that listens."""
    return ControllerState(boot=boot, at_ms=0, session=1, online=True)


def test_a_receiver_that_comes_while_the_outbox_is_read_is_told_all(tmp_path: Path) -> None:
    """What was on its way to the one before is not forgotten: nobody would ever send it again."""

    async def play() -> None:
        wire = Wire()
        outbox = Interrupted(tmp_path / "o.db", Place("14", "1", "a"), "b1")
        outbox.loop = asyncio.get_running_loop()
        with outbox:
            for number in range(1, 6):
                outbox.put(
                    FaultReported(
                        boot="", at_ms=0, id=f"e{number}", room="P1", part=Part.OTHER, lesson=None
                    )
                )
            relay = Relay(outbox, cast("Link", wire), now_s=lambda: 0.0, window=2)
            running = asyncio.create_task(relay.run())
            relay.hear(receiver("c1"))
            await eventually(lambda: wire.said == ["e1", "e2"])
            outbox.meanwhile = lambda: (wire.said.clear(), relay.hear(receiver("c2")))[1]
            await relay.settle(Ack(boot="c1", at_ms=0, of="b1", seqs=((1, 1),)))
            await eventually(lambda: outbox.meanwhile is None and len(wire.said) >= 2)
            assert wire.said[:2] == ["e2", "e3"]
            for number in range(2, 6):
                await relay.settle(Ack(boot="c2", at_ms=0, of="b1", seqs=((number, number),)))
            await eventually(lambda: outbox.report().pending == 0)
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running

    asyncio.run(play())
