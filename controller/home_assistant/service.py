"""This file tells the broker what Home Assistant reads, and takes back what is there no more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

import msgspec
from sqlalchemy import Connection

from controller.broker.reader import ReaderKey
from controller.database.facts import fact_of, require_fact, set_fact
from controller.database.store import StoreError
from controller.feature import Line, Program
from controller.home_assistant.entities import Present, entities_of, told_of
from controller.incidents.service import Incidents
from controller.live.live import LiveView
from protocol.link import Letter
from protocol.shapes import json_decoder
from protocol.state_log import StateLog

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0  # counts and causes change without a word of any device
REST_S: Final = 1.0  # between two looks, however much changes
FACT: Final = "home_assistant/topics"
_topics: Final = json_decoder(list[str]).decode
require_fact(FACT, _topics)


class Teller:
    """Keeps the broker's words as the school is, while somebody may read them.

    The topics that hold anything are a fact of the database, so that what is gone is taken back
    also by a later start.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._live = program.service(LiveView)
        self.key = ReaderKey(program.config.data)
        self._stirred = asyncio.Event()
        self._told: dict[str, bytes] = {}
        self._known: frozenset[str] | None = None
        self._leaving: frozenset[str] = frozenset()  # taken back, but perhaps not heard yet
        self._trouble = StateLog(_LOGGER, "Home Assistant is not told now")

    def stir(self) -> None:
        """Something has changed: look soon."""
        self._stirred.set()

    def forget_told(self) -> None:
        """All is to be told anew."""
        self._told, self._leaving = {}, frozenset()
        self._stirred.set()

    async def run(self, line: Line) -> None:
        """Tell what is new, until cancelled."""
        await self._live.load()
        while True:
            self._stirred.clear()
            try:
                await self.look(line)
                self._trouble.went_well()
            except StoreError as error:
                self._trouble.failed(error)
            await asyncio.sleep(REST_S)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._stirred.wait()
            except TimeoutError:
                pass

    async def look(self, line: Line) -> None:
        """Tell what is not told yet. Raises StoreError."""
        if self._known is None:
            self._known = await asyncio.to_thread(self._program.store.read, _known_topics)
        is_given = await asyncio.to_thread(self.key.is_given)
        wanted = await self._wanted() if is_given else {}
        known = (self._known - self._leaving) | wanted.keys()
        if known != self._known:  # known before it is told: so a later start can take it back
            await asyncio.to_thread(self._program.store.write, _keep_topics, known)
            self._known = known
        told = self._told
        for topic, payload in wanted.items():
            if told.get(topic) != payload and line.say(Letter(topic, payload, 1, retain=True)):
                told[topic] = payload
        gone = known - wanted.keys()
        self._leaving = frozenset(
            topic for topic in gone if line.say(Letter(topic, b"", 1, retain=True))
        )
        for topic in gone:
            told.pop(topic, None)

    async def _wanted(self) -> Mapping[str, bytes]:
        program, live = self._program, self._live
        say = program.translate_to(program.default_language)
        online = frozenset(agent.place.agent for agent in live.agents() if agent.online)
        rooms, devices = live.rooms(), live.devices()
        causes = len(await asyncio.to_thread(program.service(Incidents).open))
        present = Present(program.school, program.name, rooms, devices, causes, online)
        return told_of(entities_of(present, say), program.school, say)


def _known_topics(db: Connection) -> frozenset[str]:
    kept = fact_of(db, FACT)
    return frozenset(_topics(kept)) if kept else frozenset()


def _keep_topics(db: Connection, topics: frozenset[str]) -> None:
    set_fact(db, FACT, msgspec.json.encode(sorted(topics)).decode())
