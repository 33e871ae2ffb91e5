"""This file keeps what a school told its department, and says it again when it is late."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Final

from protocol.link import Broker, Letter, Link
from protocol.model import Place
from protocol.shapes import from_json
from protocol.topics import Address, Channel, topic_of
from simulators.ledger.poison import NAME

_USER: Final = "controller"
MAX_KEPT: Final = 600
MAX_SAID: Final = 40


class LateWords:
    """Listens at the department's broker. A broker may bring each letter once more, at any time.

    folder: the department's, whose own login it borrows: nobody else may hear a school.
    """

    def __init__(self, port: int, folder: Path, school: Place) -> None:
        self._letters: list[Letter] = []
        self._random = Random(str(port))  # noqa: S311 - play
        topic = topic_of(Address(school, Channel.SCHOOL))
        will = Letter(topic_of(Address(school.of_agent(NAME), Channel.HEALTH)), b"gone")
        self._link = Link(
            lambda: Broker("127.0.0.1", port, _USER, _password_in(folder)),
            "lophoc-late-words",
            filters=(topic,),
            will=lambda _: will,
            greeting=lambda _: (),
        )

    async def listen(self) -> None:
        """Keep what comes, of all starts of the school alike, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run())
            while True:
                arrivals = await self._link.batch(100)
                for arrival in arrivals:
                    self._keep(Letter(arrival.topic, arrival.payload))
                self._link.ack(arrivals)

    def _keep(self, letter: Letter) -> None:
        if len(self._letters) < MAX_KEPT:
            self._letters.append(letter)
        else:
            self._letters[self._random.randrange(MAX_KEPT)] = letter

    def say(self, random: Random) -> bool:
        """Say some of it again, in any order; False if there is nothing, or no line."""
        count = min(len(self._letters), random.randrange(1, MAX_SAID))
        return all(
            [self._link.say(each) for each in random.sample(self._letters, count)] or [False]
        )


def _password_in(folder: Path) -> str:
    """Raises OSError, ValueError."""
    return from_json((folder / "agents.json").read_bytes(), dict[str, str])[_USER]
