"""This file is a line that loses, doubles, delays and disorders what is said on it."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from protocol.link import Arrival, Letter

DELIVER, LOSE, DOUBLE, DELAY = "deliver", "lose", "double", "delay"


class Way:
    """One direction: what is said, and what has come through."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.waiting: list[Letter] = []
        self.is_true = False

    def carry(self) -> list[Letter]:
        """What arrives now."""
        letters, self.waiting = self.waiting, []
        if self.is_true:
            return letters
        arrived: list[Letter] = []
        for letter in letters:
            match self._chance.choices((DELIVER, LOSE, DOUBLE, DELAY), (80, 6, 6, 8))[0]:
                case "deliver":
                    arrived.append(letter)
                case "double":
                    arrived += [letter, letter]
                case "delay":
                    self.waiting.append(letter)
        if self._chance.random() < 0.1:
            self._chance.shuffle(arrived)
        return arrived


class End:
    """A program's end of the line, as `Link` is one: its session, and both ways."""

    def __init__(self, way: Way, session: int = 0) -> None:
        self.connected = asyncio.Event()
        self.session = session
        self._way = way
        self.settled: list[Any] = []
        self.queue: list[Arrival] = []
        self.cuts = 0

    def say(self, letter: Letter) -> bool:
        """Whether it is on its way."""
        if self.connected.is_set():
            self._way.waiting.append(letter)
        return self.connected.is_set()

    def ack(self, arrivals: Any) -> None:
        """What the broker may forget."""
        self.settled += arrivals

    def waiting(self, _limit: int) -> list[Arrival]:
        """Nothing arrives meanwhile."""
        return []

    def hang_up(self) -> None:
        """Count how often the line was cut."""
        self.cuts += 1


def arrival(letter: Letter, session: int) -> Arrival:
    """A letter as the broker brings it."""
    return Arrival(letter.topic, letter.payload, 1, letter.qos, session)
