"""This file is an ingest without a broker: arrivals are handed in, words are written down."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import cast

from controller.broker.signing import CommandSigner
from controller.feature import Program
from controller.features import listeners_of
from controller.ingest import Ingest
from protocol.link import Arrival, Letter, Link
from protocol.messages import Ack, Up, down_from, to_bytes
from protocol.model import Place
from protocol.topics import address_for, topic_of
from protocol.upward import Upward


class SilentLink:
    """A line that takes every word and brings none."""

    def __init__(self) -> None:
        self.connected = asyncio.Event()
        self.connected.set()
        self.session = 1
        self.letters: list[Letter] = []
        self.settled: list[Arrival] = []
        self.queue: list[list[Arrival]] = []
        self.cuts = 0

    def say(self, letter: Letter) -> None:
        """Write it down."""
        self.letters.append(letter)

    def ack(self, arrivals: Iterable[Arrival]) -> None:
        """Write down what the broker may forget."""
        self.settled += arrivals

    def waiting(self, _limit: int) -> list[Arrival]:
        """What arrived meanwhile, a batch at a time."""
        return self.queue.pop(0) if self.queue else []

    def hang_up(self) -> None:
        """Count how often the line was cut."""
        self.cuts += 1


class Ears:
    """A program's ingest; `shown` is what it published."""

    def __init__(self, program: Program, signer: CommandSigner | None = None) -> None:
        self.program = program
        self.link = SilentLink()
        self.shown: list[object] = []
        self.ingest = Ingest(
            cast("Link", self.link),
            program.store,
            listeners_of(program),
            program.school,
            boot=program.boot,
            publish=self.shown.extend,
            now_ms=program.now_ms,
            signer=signer,
        )

    def take(self, *arrivals: Arrival) -> None:
        """Take a batch. Raises StoreError as the ingest does, which then gives the batch back."""
        asyncio.run(self.ingest._take(arrivals))

    def take_run(self, batches: Iterable[list[Arrival]]) -> None:
        """Take these batches, each there when the one before is being stored. Raises StoreError."""

        async def play() -> None:
            self.link.queue = list(batches)
            while arrivals := self.link.waiting(1000):
                await self.ingest._take(arrivals)

        asyncio.run(play())

    def acked(self) -> dict[str, set[int]]:
        """The event numbers that were acknowledged, by the sender's boot."""
        numbers: dict[str, set[int]] = {}
        for letter in self.link.letters:
            match down_from(letter.payload):
                case Ack() as ack:
                    numbers.setdefault(ack.of, set()).update(_numbers(ack.seqs))
        return numbers


def arrival(place: Place, message: Up | Upward) -> Arrival:
    """A message as the broker brings it."""
    return Arrival(topic_of(address_for(place, message)), to_bytes(message), 1, 1, 1)


def _numbers(ranges: Iterable[tuple[int, int]]) -> set[int]:
    return {number for low, high in ranges for number in range(low, high + 1)}
