"""This file finds out whether what is said is stored and comes back, by saying a number to itself.

A broker whose disk was full goes on answering, and stores nothing until it is started again; so
does nothing but a whole round tell that it works: publish, its store, the ingest, the database.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from controller.database.changes import of_kind
from controller.feature import Line, Listener, MessageEffect, OwnWord, Program, Speaker
from protocol.backoff import Backoff
from protocol.folder import takes_writes
from protocol.link import Letter
from protocol.topics import CONTROLLER, Address, Channel, topic_of

_LOGGER = logging.getLogger(__name__)

PROBE_EVERY_S: Final = 10.0
PATIENCE_S: Final = 10.0
MEND_FIRST_S: Final = 20.0
MEND_CAP_S: Final = 600.0


class Trouble(StrEnum):
    """Why a probe did not come back."""

    NONE = ""
    DISK_FULL = "disk_full"
    STORE_REFUSING = "store_refusing"
    BROKER_DEAF = "broker_deaf"


class Probe(NamedTuple):
    """A change of a batch: this probe was heard."""

    number: int


class RoundTrip(Listener[OwnWord]):
    """One probe after another; `trouble` stays until one has come back."""

    speaker = Speaker.CONTROLLER

    def __init__(self, program: Program) -> None:
        self._topic = topic_of(Address(program.school.of_agent(CONTROLLER), Channel.HEALTH))
        self._boot = program.boot
        self._folder = program.config.data
        self._number = self._heard = 0
        self._stored = asyncio.Event()
        self._backoff = Backoff(MEND_FIRST_S, MEND_CAP_S)
        self._mend_from_s = 0.0
        self.trouble = Trouble.NONE

    async def run(self, line: Line) -> None:
        """Probe until cancelled."""
        while True:
            await asyncio.sleep(PROBE_EVERY_S)
            await self.probe(line)

    async def probe(self, line: Line) -> None:
        """Go round once; where only the broker fails, start it again, less and less often."""
        trouble = Trouble.NONE if await self._returns(line) else self._cause(line)
        if trouble is not self.trouble:
            _LOGGER.warning("round trip: %s, was: %s", trouble or "well", self.trouble or "well")
        self.trouble = trouble
        if not trouble:
            self._backoff.reset()
        elif trouble is Trouble.BROKER_DEAF:
            await self._mend(line)

    def hear(self, agent: str, message: OwnWord, now_ms: int) -> MessageEffect:
        """Take what came back: the probe that is on its way, or another word."""
        del agent, now_ms
        if message != (self._topic, self._payload()):
            return MessageEffect()
        self._heard = self._number
        return MessageEffect((Probe(self._number),))

    def note_stored(self, changes: Sequence[object]) -> None:
        """These changes are in the database."""
        if any(probe.number == self._number for probe in of_kind(changes, Probe)):
            self._stored.set()

    async def _returns(self, line: Line) -> bool:
        """Whether the next probe comes back, or the others' messages still do: it waits in line."""
        self._number += 1
        self._stored.clear()
        while True:
            delivered = line.delivered()
            line.say(Letter(self._topic, self._payload()))
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await self._stored.wait()
            except TimeoutError:
                if line.delivered() == delivered:
                    return False
            else:
                return True

    def _cause(self, line: Line) -> Trouble:
        """Who keeps it: while what came before is being stored, a slow database and no broker."""
        if not takes_writes(self._folder):
            return Trouble.DISK_FULL
        is_here = self._heard == self._number or line.busy()
        return Trouble.STORE_REFUSING if is_here else Trouble.BROKER_DEAF

    async def _mend(self, line: Line) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._mend_from_s:
            self._mend_from_s = now_s + self._backoff.next_s()
            await line.mend()

    def _payload(self) -> bytes:
        return msgspec.json.encode({"boot": self._boot, "probe": self._number})
