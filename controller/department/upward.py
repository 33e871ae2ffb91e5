"""This file is a school's talk with its department: outbox, relay and ack as an agent's."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from typing import Final

from controller.broker.above import broker_above, credential_above
from controller.config import UPWARD_OUTBOX
from controller.database.facts import fact_of, set_fact
from controller.database.starts import starts_of
from controller.database.store import Store, StoreError
from controller.department.brief import seal_told_of
from controller.department.servers import own_address
from controller.department.telling import Teller, place_at, upward_outbox
from controller.evidence.told import newest_heads
from controller.feature import Program
from controller.fleet.listener import FleetListener
from controller.fleet.noted_end import noted_end
from controller.fleet.rivals import PROOF_MS
from controller.fleet.store import seen_marks
from controller.inventory import store as assets
from protocol.link import Arrival, Broker, Letter, Link
from protocol.messages import (
    MAX_MARKS,
    Ack,
    ControllerState,
    Down,
    MarksAsked,
    MarksContested,
    MessageError,
    Retell,
    WhoSpeaks,
    down_from,
    to_bytes,
)
from protocol.model import Place, instant
from protocol.outbox import Outbox, OutboxError
from protocol.proof import CommandReader, ProofError
from protocol.relay import Relay
from protocol.repeats import CauseCounter
from protocol.settings import SettingsError
from protocol.state_log import StateLog
from protocol.topics import Address, Channel, commands_to, controller_state, level_of, topic_of
from protocol.upward import (
    MAX_SEALS,
    MAX_STARTS,
    MarkSeen,
    MarksSeen,
    SchoolChain,
    SchoolHere,
    SchoolPresence,
    SchoolServer,
    SealsTold,
)
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
_HEARD: Final = "heard_start"  # the fact: the newest start that the department answered
_AT_ONCE: Final = 100


class Upward:
    """One school's conversation with its department.

    secret: of the enrolment there; with one nothing is done that the department did not prove.
    """

    def __init__(
        self, program: Program, outbox: Outbox, broker: Broker, boot: str, secret: str = ""
    ) -> None:
        school = program.school
        self._program = program
        self._store = program.store
        self._not_understood = CauseCounter(
            _LOGGER, "a message of the department is not understood flaw=%s"
        )
        self._unkept = StateLog(_LOGGER, "a word of the department is kept when it is said again")
        self._unnoted = StateLog(_LOGGER, "noted at the next answer")
        self._boot = boot
        self._broker_host = broker.host
        self._began_ms = program.wall_ms()
        self._before, self._begun = _history(program.store, boot, school)
        self._is_heard = False
        self._settled = self._retold = 0
        self._asked: int | None = None  # behind which change all is to be told again
        self._place = place_at(school, program.config.upstream_department)
        self._commands = CommandReader(secret, self._place.agent, boot)
        self._command_root = commands_to(self._place).removesuffix("#")
        self._topic = topic_of(Address(self._place, Channel.SCHOOL))
        self._sealed_day: date | None = None
        self.teller = Teller(program, outbox, boot)
        self._stirred = asyncio.Event()
        self.link = Link(
            broker,
            "-".join(["lophoc", "up", *map(level_of, (school.province, school.school)), boot[:8]]),
            filters=(commands_to(self._place), controller_state(self._place)),
            will=lambda session: self._presence(session, online=False),
            greeting=self.greet,
        )
        self._relay = Relay(outbox, self.link, now_s=time.monotonic)

    async def run(self) -> None:
        """Tell, carry and listen until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run(), name="upward link")
            group.create_task(self._relay.run(), name="upward relay")
            group.create_task(self._listen(), name="upward listen")
            group.create_task(self._tell(), name="upward tell")

    def carried(self) -> tuple[bool, int]:
        """Whether the line is there, and how many seconds the oldest message waits."""
        oldest_s = self.teller.oldest_s()
        return self.link.connected.is_set(), oldest_s if isinstance(oldest_s, int) else 0

    async def _tell(self) -> None:
        """Give the outbox what is new, whenever there is room for it."""
        trouble = StateLog(_LOGGER, "the department is told later")
        while True:
            try:
                await self._tell_news()
                trouble.went_well()
            except (StoreError, OutboxError) as error:
                trouble.failed(error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._stirred.wait()
            self._stirred.clear()

    async def _tell_news(self) -> None:
        """Raises StoreError, OutboxError."""
        await self.begin_anew_if_asked()
        while await asyncio.to_thread(self.teller.next_page):
            self._relay.wake()
        if await self.teller.tell_figures():
            await self._tell_seals()
            self.link.say(self._chain())
            self._relay.wake()
        if await asyncio.to_thread(self.teller.put_records):
            self._relay.wake()

    async def _tell_seals(self) -> None:
        """Tell how far rooms' attendance logs go, once in a session and once a day."""
        today = instant(self._program.now_ms()).astimezone(self._program.zone).date()
        if today != self._sealed_day and self.link.say(await asyncio.to_thread(self.seals)):
            self._sealed_day = today

    def seals(self) -> Letter:
        """How far they go now. Raises StoreError."""
        read, school = self._store.read, self._program.school
        heads = [*read(noted_end, school), *read(newest_heads, school)]
        seals = tuple(map(seal_told_of, heads[:MAX_SEALS]))
        told = SealsTold(boot=self._boot, at_ms=self._program.now_ms(), seals=seals)
        return Letter(self._topic, to_bytes(told))

    async def _listen(self) -> None:
        while True:
            arrivals = await self.link.batch(_AT_ONCE)
            for arrival in arrivals:
                if arrival.session == self.link.session:
                    await self.hear(arrival)
            self.link.ack(arrivals)

    async def hear(self, arrival: Arrival) -> None:
        """Take one word of the department."""
        is_command = arrival.topic.startswith(self._command_root)
        try:
            message = (self._commands.read if is_command else down_from)(arrival.payload)
        except ProofError:
            self._not_understood.note("not_proven")
            return
        except MessageError as error:
            self._not_understood.note(error.flaw)
            return
        match message:
            case _ if is_command is isinstance(message, ControllerState):
                self._not_understood.note("wrong_topic")
            case ControllerState():
                self.link.say(self._chain())
                self._relay.hear(message)
            case Ack():
                self._program.clock.hear("", message.at_ms, is_trusted=True)
                await self._relay.settle(message)
                await self._note_heard(message)
                self._stirred.set()
            case Retell():
                asked = self._asked
                self._asked = message.since if asked is None else min(asked, message.since)
                self._stirred.set()
            case WhoSpeaks():
                self.link.say(self._here(message.asked))
                self.link.say(await asyncio.to_thread(self._server))
            case MarksAsked():
                await self._answer_marks(message)
            case MarksContested():
                await self._demote(message)
            case _:
                await self._hear_part(message)

    async def _hear_part(self, message: Down) -> None:
        """What another feature may take; what cannot be kept is said again by the department."""
        try:
            taken = [await asyncio.to_thread(part.hear, message) for part in self.teller.parts]
        except StoreError as error:
            self._unkept.failed(error)
            return
        self._unkept.went_well()
        if any(taken):
            self._stirred.set()
        else:
            _LOGGER.warning("the department said what is no school's affair")

    async def _answer_marks(self, question: MarksAsked) -> None:
        """Say which of them agents see now; without an answer the department asks again."""
        school, now_ms = self._program.school, self._program.now_ms()
        marks = frozenset(question.devices)
        read = partial(self._store.read, seen_marks, school, marks, now_ms - PROOF_MS)
        with contextlib.suppress(StoreError):
            seen = [MarkSeen(mark=mark, item=item) for mark, item in await asyncio.to_thread(read)]
            told = MarksSeen(
                boot=self._boot,
                at_ms=self._program.wall_ms(),
                asked=question.asked,
                seen=tuple(seen[: 2 * MAX_MARKS]),
            )
            self.link.say(Letter(self._topic, to_bytes(told)))

    async def _demote(self, told: MarksContested) -> None:
        """Keep what another school has, too, under ids of this school; it is said again."""
        fleet = self._program.service(FleetListener)
        with contextlib.suppress(StoreError):
            if await self._program.writing.apply(partial(fleet.contest, told.devices)):
                self._stirred.set()

    async def _note_heard(self, ack: Ack) -> None:
        """The department knows this start: the next one goes on from it."""
        if ack.of != self._boot:
            return
        self._settled = max(self._settled, *(high for _, high in ack.revs), 0)
        if not self._is_heard:
            try:
                await asyncio.to_thread(self._store.write, set_fact, _HEARD, self._boot)
                self._is_heard = True
                self._unnoted.went_well()
            except StoreError as error:
                self._unnoted.failed(error)

    async def begin_anew_if_asked(self) -> None:
        """Tell all behind a change again, days and weeks with it. Raises OutboxError."""
        since, self._asked = self._asked, None
        if since is None:
            return
        try:
            await asyncio.to_thread(self.teller.begin_behind, since)
        except OutboxError:
            self._asked = since
            raise
        self._retold += 1

    def greet(self, session: int) -> Sequence[Letter]:
        """What is said first in a session: what this start goes on from."""
        self.teller.owe_figures()  # a new session hears how the school stands
        self._sealed_day = None
        self._stirred.set()
        return [self._chain(), self._presence(session, online=True)]

    def _chain(self) -> Letter:
        chain = SchoolChain(
            boot=self._boot,
            at_ms=self._program.wall_ms(),  # bears witness to the time, by no word of others
            before=self._before,
            feed=self.teller.feed,
            begun=self._begun,
            settled=self._settled,
            retold=self._retold,
            oldest_s=self.teller.oldest_s(),
        )
        return Letter(self._topic, to_bytes(chain))

    def _here(self, question: str) -> Letter:
        """This start lives: it answers what was asked just now."""
        here = SchoolHere(boot=self._boot, at_ms=self._program.wall_ms(), asked=question)
        return Letter(self._topic, to_bytes(here))

    def _server(self) -> Letter:
        """Which server this is: by where its screens stand, and since when it serves."""
        told = SchoolServer(
            boot=self._boot,
            at_ms=self._program.wall_ms(),
            address=f"{own_address(self._broker_host)}:{self._program.config.http_port}",
            began_ms=self._began_ms,
        )
        return Letter(self._topic, to_bytes(told))

    def _presence(self, session: int, *, online: bool) -> Letter:
        school_presence = SchoolPresence(
            boot=self._boot, at_ms=self._program.wall_ms(), session=session, online=online
        )
        return Letter(self._topic, to_bytes(school_presence), retain=True)


def _history(store: Store, boot: str, school: Place) -> tuple[tuple[str, ...], int]:
    """The starts before this one, newest first, and at which change this one began.

    The newest, and the last that the department surely heard among them; those before it too, for
    the department may have put an old copy back.
    """
    with store.view() as db:
        starts, heard = starts_of(db), fact_of(db, _HEARD)
        newest = assets.relay_newest(db, school)
    begun = next((start.relay_change for start in starts if start.name == boot), newest)
    names = [start.name for start in reversed(starts) if start.name not in {"", boot}]
    older = [heard] if heard in names[MAX_STARTS:] else []
    return (*names[: MAX_STARTS - len(older)], *older), begun


@contextlib.contextmanager
def reporting(program: Program) -> Iterator[Upward | None]:
    """The talk with the department, where there is one. Raises SettingsError, OutboxError."""
    config, school = program.config, program.school
    if not config.upstream:
        yield None
        return
    if not config.upstream_department:
        raise SettingsError(
            "department_missing",
            N_("Which department is above this school?"),
            N_("Give its code as upstream_department."),
        )
    boot = program.boot
    broker, credential = broker_above(config, boot), credential_above(config)
    secret = credential.secret if credential else ""
    path = config.data / UPWARD_OUTBOX
    with upward_outbox(path, school, config.upstream_department, boot) as outbox:
        yield Upward(program, outbox, broker, boot, secret)
