"""This file takes what agents say: validate, apply, store, show, and only then ack.

A batch is whatever has arrived while the last one was being stored; it is heard before that one's
commit has ended, and stored after it. Its app acks leave after its own commit; if that fails, the
line is cut so that the broker brings it all again. A message that can never be applied is put in
quarantine and passed over; the others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import math
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec

from sqlalchemy import Connection

from controller.broker.pace import BatchPace
from controller.broker.signing import CommandSigner
from controller.broker.traffic import Traffic
from controller.database.changes import SortedChanges
from controller.database.engine import StoreDataError
from controller.database.set_aside import ApplyError, Quarantined, Released
from controller.database.store import Store, StoreError
from controller.feature import Command, Listener, MessageEffect, OwnWord, Speaker
from controller.features import keep_batch
from protocol.backoff import Backoff
from protocol.errors import error_place
from protocol.lenient import Mended
from protocol.link import Arrival, Letter, Link
from protocol.messages import (
    MAX_BYTES,
    Ack,
    ControllerState,
    Event,
    MessageError,
    MessageFlaw,
    Presence,
    State,
    Up,
    mended_up,
    numbers_of,
    to_bytes,
)
from protocol.model import Place
from protocol.ranges import ranges_of
from protocol.state_log import StateLog
from protocol.topics import (
    CONTROLLER,
    Address,
    Channel,
    TopicError,
    address_of,
    belongs,
    controller_state,
    sender_of,
    topic_of,
)
from protocol.upward import Upward, mended_upward

_LOGGER = logging.getLogger(__name__)

RUN_S: Final = 0.5  # then others may write, such as a person
EXPIRE_EVERY_S: Final = 5.0
PRESENT_EVERY_S: Final = 10.0
RETRY_FIRST_S: Final = 0.5
RETRY_CAP_S: Final = 15.0
BRINGING_S: Final = 10.0  # in which a broker brings again what it was not told to be stored
SWITCH_S: Final = 0.001
TOPICS: Final = 4096  # a school's repeat, and what one says is looked up once
_MAY_LIE: Final = frozenset({Channel.STATE, Channel.SCHOOL})  # retained: who is there
Given = ParamSpec("Given")
Numbers = dict[tuple[str, str], list[int]]  # by agent and boot


def share_interpreter() -> None:
    """Let the thread that stores go on soon: after each statement it waits for Python's lock.

    The loop, which hears the next batch meanwhile, would give it up after 5 ms only (0078). What
    the start has made stays to the end: looking at it for garbage stops everything (0130).
    """
    sys.setswitchinterval(min(SWITCH_S, sys.getswitchinterval()))
    gc.collect()
    gc.freeze()


@dataclass(slots=True)
class _Batch:
    """What a batch brought: changes to store, numbers to ack. failed: it cannot be applied so.

    faults: how often each sender's counter of PeerTraffic is to be raised.
    """

    arrivals: Sequence[Arrival]
    changes: list[object] = field(default_factory=list)
    failed: bool = False
    seqs: Numbers = field(default_factory=dict)
    revs: Numbers = field(default_factory=dict)
    faults: Counter[tuple[str, str]] = field(default_factory=Counter)


class _Route(NamedTuple):
    """What a topic says of all that is said there. fault: why nothing may be; empty if it may."""

    address: Address
    is_own: bool
    upward: bool
    listener: Listener[Any] | None
    fault: str


class _Spoken(NamedTuple):
    """A message, the agent or the school that sent it, and who hears it.

    losses: how many of its fields and things were cut or left out.
    """

    by: str
    message: Up | Upward | OwnWord
    listener: Listener[Any]
    is_retold: bool = False
    losses: int = 0

    def effect(self, now_ms: int, *, is_retained: bool) -> MessageEffect:
        """What it changes."""
        listener = self.listener
        if is_retained:
            hear = listener.hear_retained
        else:
            hear = listener.hear_retold if self.is_retold else listener.hear
        return hear(self.by, self.message, now_ms)


class Ingest:
    """The one writer of what agents say. listeners: who hears which messages.

    signer: proves to enrolled agents what they are told; None proves nothing.
    """

    def __init__(
        self,
        link: Link,
        store: Store,
        listeners: Sequence[Listener[Any]],
        school: Place,
        *,
        boot: str,
        publish: Callable[[Sequence[object]], None],
        now_ms: Callable[[], int],
        signer: CommandSigner | None = None,
    ) -> None:
        self._link = link
        self._signer = signer
        self._store = store
        self._listeners = listeners
        self._hearer: Mapping[Speaker, Listener[Any]] = {
            listener.speaker: listener for listener in listeners if listener.speaker
        }
        self._school = school
        self._route_of = lru_cache(maxsize=TOPICS)(self._routed)
        self._boot = boot
        self._publish = publish
        self._now_ms = now_ms
        self._loaded = False
        self._writing = asyncio.Lock()
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_CAP_S)
        self._pace = BatchPace()
        self._last_quarantined = "", ""
        self.traffic = Traffic()
        self.refused_batches = 0
        self.taken = 0
        self.delivered = 0  # by the broker's own store; what it kept for whoever comes is older
        self.storing = True
        self._unstored = StateLog(_LOGGER, "batch given back")
        self._is_taking = False
        self._brought_by_s = -math.inf  # until when the broker has time to bring a batch again

    @property
    def busy(self) -> bool:
        """Whether what the broker brought is being stored, waits for who writes, or comes again."""
        return self._is_taking or asyncio.get_running_loop().time() < self._brought_by_s

    async def listen(self) -> None:
        """Take batch after batch until cancelled."""
        self._loaded = False
        while True:
            arrivals = await self._link.batch(self._pace.limit)
            self._is_taking = True
            try:
                await self._take(arrivals)
            except StoreError as error:
                await self._give_back(error)
            finally:
                self._is_taking = False

    async def expire(self) -> None:
        """Let silence become unknown, every few seconds, until cancelled."""
        trouble = StateLog(_LOGGER, "expiry not stored")
        while True:
            await asyncio.sleep(EXPIRE_EVERY_S)
            try:
                async with self._writing:
                    if self._link.connected.is_set():
                        await self._expire_now()
                trouble.went_well()
            except StoreError as error:
                self._loaded = False
                trouble.failed(error)

    async def present(self) -> None:
        """Say again and again that the controller listens, until cancelled.

        Measured: a client that subscribes at the moment of a retained publish may get it neither
        as retained nor as fresh from nats-server, and would wait for ever.
        """
        while True:
            await asyncio.sleep(PRESENT_EVERY_S)
            if self._link.connected.is_set() and self.storing:
                self._link.say(self.state(self._link.session, online=True))

    def greet(self, session: int) -> list[Letter]:
        """The first words of a session. Nobody was silent while nobody could be heard."""
        for listener in self._listeners:
            listener.greet(self._now_ms())
        return [self.state(session, online=True)]

    def state(self, session: int, *, online: bool) -> Letter:
        """What a session says of itself, retained: it listens, or (its will) it ended."""
        state = ControllerState(
            boot=self._boot, at_ms=self._now_ms(), session=session, online=online
        )
        return Letter(controller_state(self._school), to_bytes(state), retain=True)

    async def apply(self, action: Callable[[int], Sequence[object]]) -> bool:
        """Do what a person asks of a listener, and store what it changes; False if nothing.

        action: given the time in milliseconds, answers the changes. Raises StoreError.
        """
        async with self._writing:
            await self._load()
            changes = action(self._now_ms())
            try:
                await self._store_all(changes)
            except StoreError:
                self._loaded = False
                raise
            return bool(changes)

    async def write(
        self,
        action: Callable[Concatenate[Connection, Given], Sequence[object]],
        *args: Given.args,
        **options: Given.kwargs,
    ) -> bool:
        """Let a function write what a person asks for, and show what it answers as changed.

        False if it answers that nothing was. Raises StoreError.
        """
        async with self._writing:
            write = partial(self._store.write, action, *args, **options)
            changes = await asyncio.to_thread(write)
            if changes:
                self._publish(changes)
            return bool(changes)

    async def take_again(self, no: int, topic: str, payload: bytes) -> None:
        """Take a message out of quarantine, under its number there.

        Raises MessageError, ApplyError or StoreError; then it stays there.
        """
        async with self._writing:
            await self._load()
            with self._applying():
                spoken = self._read(topic, payload)
                if spoken is None:
                    raise MessageError(MessageFlaw.WRONG_TOPIC, "nobody is to hear it")
                heard = spoken.listener.hear_again(spoken.by, spoken.message, self._now_ms())
                if not heard.arrived:
                    raise ApplyError("something before it is missing")
                changes = await self._store_all([*heard.changes, Released(no)])
            self._follow(changes)

    async def _take(self, arrivals: Sequence[Arrival]) -> None:
        """Take these, and what arrives while they are being stored. Raises StoreError."""
        async with self._writing:
            await self._load()
            failed = await self._run(arrivals)
        for batch in failed:
            await self._take_apart(batch.arrivals)

    async def _run(self, arrivals: Sequence[Arrival]) -> list[_Batch]:
        """Store batch after batch, each heard while the one before is being stored.

        Returns those that could not be applied, oldest first; then no more is taken.
        """
        began_s = time.monotonic()
        batch, ahead = self._try_to_hear(arrivals), None
        while True:
            if batch.failed:
                return [batch]
            turn_s = time.monotonic()
            storing = asyncio.create_task(self._store_all(batch.changes))
            await asyncio.sleep(0)  # so that it begins
            goes_on = turn_s - began_s < RUN_S
            waiting = self._link.waiting(self._pace.limit) if goes_on else ()
            ahead = self._try_to_hear(waiting) if waiting else None
            try:
                with self._applying():
                    changes = await storing
            except ApplyError:
                return [batch, ahead] if ahead else [batch]
            self._settle(batch, changes)
            self._pace.note(len(batch.arrivals), time.monotonic() - turn_s)
            if ahead is None:
                return []
            batch = ahead

    def _try_to_hear(self, arrivals: Sequence[Arrival]) -> _Batch:
        try:
            with self._applying():
                return self._hear(arrivals)
        except ApplyError:
            return _Batch(arrivals, failed=True)

    async def _take_apart(self, arrivals: Sequence[Arrival]) -> None:
        """Apply these together; if one of them cannot be, by halves until it stands alone."""
        try:
            await self._apply(arrivals)
        except ApplyError as error:
            if len(arrivals) == 1:
                await self._quarantine(arrivals[0], error)
                return
            middle = len(arrivals) // 2
            await self._take_apart(arrivals[:middle])
            await self._take_apart(arrivals[middle:])

    async def _apply(self, arrivals: Sequence[Arrival]) -> None:
        """Raises StoreError, or ApplyError where these messages themselves are to blame."""
        async with self._writing:
            await self._load()
            with self._applying():
                batch = self._hear(arrivals)
                changes = await self._store_all(batch.changes)
            self._settle(batch, changes)

    async def _quarantine(self, arrival: Arrival, error: ApplyError) -> None:
        """Keep what cannot be applied, answer it by its numbers, and go on."""
        if (arrival.topic, error.cause) != self._last_quarantined:  # a flood is one line
            _LOGGER.warning("message on %s put in quarantine: %s", arrival.topic, error.cause)
        self._last_quarantined = arrival.topic, error.cause
        async with self._writing:
            await self._load()
            quarantined = _quarantined(arrival, MessageFlaw.NOT_APPLIED, error.cause)
            batch = _Batch([arrival], [quarantined])
            batch.faults[quarantined.sender, "quarantined"] += 1
            self._pass_over(arrival, batch)
            changes = await self._store_all(batch.changes)
            self._settle(batch, changes)

    def _settle(self, batch: _Batch, changes: Sequence[object]) -> None:
        """Let the broker and the senders know what is stored."""
        self.taken += len(batch.arrivals)
        self.delivered += sum(bool(one.qos) and not one.retained for one in batch.arrivals)
        self._count(batch)
        self._backoff.reset()
        self._unstored.went_well()
        self.storing, self._brought_by_s = True, -math.inf
        self._link.ack(batch.arrivals)
        self._answer(batch)
        if changes:
            self._follow(changes)

    def _count(self, batch: _Batch) -> None:
        sizes = defaultdict[str, list[int]](list)
        for arrival in batch.arrivals:
            sizes[arrival.topic].append(len(arrival.payload))
        for topic, own in sizes.items():
            self.traffic.add_messages(sender_of(topic), len(own), sum(own))
        for (sender, name), count in batch.faults.items():
            self.traffic.add(sender, **{name: count})

    @contextlib.contextmanager
    def _applying(self) -> Iterator[None]:
        """Part what will pass from what never will. Raises StoreError, MessageError, ApplyError."""
        try:
            yield
        except (MessageError, ApplyError):
            raise
        except StoreError as error:
            self._loaded = False
            if isinstance(error, StoreDataError):
                raise ApplyError(error.code) from error
            raise
        except Exception as error:
            self._loaded = False
            raise ApplyError(error_place(error)) from error

    async def _expire_now(self) -> None:
        await self._load()
        now_ms = self._now_ms()
        if polled := await asyncio.to_thread(self._store.read, self._poll, now_ms):
            self._publish(polled)
        silent = [change for listener in self._listeners for change in listener.expire(now_ms)]
        if changes := await self._store_all(silent):
            self._follow(changes)
        self._follow(())

    def _poll(self, db: Connection, now_ms: int) -> list[object]:
        return [change for listener in self._listeners for change in listener.poll(db, now_ms)]

    async def _give_back(self, error: StoreError) -> None:
        """Nothing of the batch is kept: forget what it did to the listeners and ask for it anew."""
        self.refused_batches += 1
        self._unstored.failed(error)
        self.storing = False
        self._loaded = False  # what was not stored did not happen
        self._link.hang_up()
        wait_s = self._backoff.next_s()
        self._brought_by_s = asyncio.get_running_loop().time() + wait_s + BRINGING_S
        await asyncio.sleep(wait_s)

    async def _load(self) -> None:
        if not self._loaded:
            await asyncio.to_thread(self._store.read, self._load_all)
            self._loaded = True

    def _load_all(self, db: Connection) -> None:
        for listener in self._listeners:
            listener.load(db)

    async def _store_all(self, changes: Sequence[object]) -> Sequence[object]:
        """Store and show; returns the changes and what followed from them."""
        if not changes:
            return ()
        followed = await asyncio.to_thread(self._store.write, keep_batch, changes, self._now_ms())
        changes = SortedChanges([*changes, *followed])
        self._publish(changes)
        return changes

    def _hear(self, arrivals: Sequence[Arrival]) -> _Batch:
        batch = _Batch(arrivals)
        now_ms = self._now_ms()
        for arrival in arrivals:
            try:
                spoken = self._read(arrival.topic, arrival.payload)
            except MessageError as error:
                batch.changes.append(_quarantined(arrival, error.flaw, error.detail))
                batch.faults[sender_of(arrival.topic), "refused"] += 1
                spoken = self._rest(arrival.topic, error.rest)
                if spoken is None:
                    self._pass_over(arrival, batch, unread=True)
            if arrival.retained:
                self._clear(arrival, batch)
            if spoken is None:
                continue
            if spoken.losses:
                batch.faults[spoken.by, "cut"] += spoken.losses
            self._note_start(spoken)
            outcome = spoken.effect(now_ms, is_retained=arrival.retained)
            batch.changes += outcome.changes
            if outcome.arrived:
                self._number(spoken.by, spoken.message, batch)
        return batch

    def _note_start(self, spoken: _Spoken) -> None:
        """Which start of an agent is there: what is said to an earlier one it takes no more."""
        if self._signer is None or spoken.is_retold:
            return
        match spoken.message:
            case Presence(online=True, boot=boot) | State(boot=boot):
                self._signer.note_start(spoken.by, boot)

    def _clear(self, arrival: Arrival, batch: _Batch) -> None:
        """Take away what was left lying where nothing may lie: it would come at every start."""
        with contextlib.suppress(TopicError):
            if address_of(arrival.topic).channel in _MAY_LIE:
                return
        self._link.say(Letter(arrival.topic, b"", retain=True))
        batch.faults[sender_of(arrival.topic), "cleared"] += 1

    def _read(self, topic: str, payload: bytes) -> _Spoken | None:
        """Who says what to whom; None where nobody is to hear it. Raises MessageError."""
        if not payload:  # so a topic is cleared
            return None
        try:
            route = self._route_of(topic)
        except TopicError as error:
            raise MessageError(MessageFlaw.WRONG_TOPIC, str(error)) from error
        if route.is_own:
            own = route.listener
            return _Spoken(CONTROLLER, OwnWord(topic, payload), own) if own else None
        return self._weighed(route, mended_upward(payload) if route.upward else mended_up(payload))

    def _routed(self, topic: str) -> _Route:
        """What is to be done with what is said on a topic. Raises TopicError."""
        address = address_of(topic)
        place, upward = address.place, address.channel is Channel.SCHOOL
        if address.channel is Channel.COMMAND or place.agent == CONTROLLER:
            own = self._hearer.get(Speaker.CONTROLLER)
            return _Route(address, is_own=True, upward=False, listener=own, fault="")
        listener = self._hearer.get(Speaker.SCHOOL if upward else Speaker.AGENT)
        fault = ""
        if listener is None:
            fault = "a school below a school, or a room below none"
        elif place.school != self._school.school or place.province != self._school.province:
            fault = "another school's topic"
        return _Route(address, is_own=False, upward=upward, listener=listener, fault=fault)

    def _rest(self, topic: str, rest: Mended | None) -> _Spoken | None:
        """What is left of a message of which some things cannot be read, if it may be heard."""
        with contextlib.suppress(MessageError):
            return self._weighed(self._route_of(topic), rest) if rest is not None else None
        return None

    def _weighed(self, route: _Route, mended: Mended) -> _Spoken:
        """Who hears it, if it may be said there. Raises MessageError."""
        message: Up | Upward = mended.message
        address, _, upward, listener, fault = route
        if fault or listener is None:
            raise MessageError(MessageFlaw.WRONG_TOPIC, fault)
        agent = address.place.agent
        if self._is_other(agent, upward=upward):
            raise MessageError(
                MessageFlaw.WRONG_TOPIC, "a room that speaks as a school, or it as one"
            )
        if not belongs(address, message):
            raise MessageError(
                MessageFlaw.WRONG_TOPIC, "this kind of message belongs to another topic"
            )
        losses = mended.losses if mended.cuts or mended.left_out else 0
        return _Spoken(agent, message, listener, address.channel is Channel.RETOLD, losses)

    def _is_other(self, name: str, *, upward: bool) -> bool:
        """Whether who speaks as a school is a room, or the other way round."""
        if self._signer is not None and self._signer.is_other(name, upward=upward):
            return True
        other = self._hearer.get(Speaker.AGENT if upward else Speaker.SCHOOL)
        return other is not None and other.knows(name)

    @staticmethod
    def _number(by: str, message: Up | Upward | OwnWord, batch: _Batch) -> None:
        """Note what is to be acknowledged."""
        if isinstance(message, State):
            batch.revs.setdefault((by, message.boot), []).append(message.rev)
        elif isinstance(message, Event):
            batch.seqs.setdefault((by, message.boot), []).append(message.seq)

    def _pass_over(self, arrival: Arrival, batch: _Batch, *, unread: bool = False) -> None:
        """Answer what cannot be used by its numbers: a newer agent must not wait for ever.

        unread: this program does not know such a message yet; a school keeps it until it does.
        """
        try:
            address = address_of(arrival.topic)
        except TopicError:
            return
        by, of_school = address.place.agent, address.channel is Channel.SCHOOL
        numbers = numbers_of(arrival.payload)
        listener = self._hearer.get(Speaker.SCHOOL if of_school else Speaker.AGENT)
        if numbers is None or listener is None or (of_school and unread):
            return
        if address.place != self._school.of_agent(by):
            return
        if numbers.seq:
            batch.changes += listener.pass_over(by, numbers.boot, numbers.seq)
            batch.seqs.setdefault((by, numbers.boot), []).append(numbers.seq)
        if numbers.rev:
            batch.revs.setdefault((by, numbers.boot), []).append(numbers.rev)

    def _answer(self, batch: _Batch) -> None:
        """Tell every agent what is safe now."""
        now_ms = self._now_ms()
        for agent, boot in batch.seqs.keys() | batch.revs.keys():
            ack = Ack(
                boot=self._boot,
                at_ms=now_ms,
                of=boot,
                seqs=ranges_of(batch.seqs.get((agent, boot), [])),
                revs=ranges_of(batch.revs.get((agent, boot), [])),
            )
            self._command(Command(agent, "ack", ack))

    def _follow(self, changes: Sequence[object]) -> None:
        """Say what the listeners have to say to what is stored now."""
        now_ms = self._now_ms()
        for listener in self._listeners:
            for command in listener.follow(changes, now_ms):
                self._command(command)

    def _command(self, command: Command) -> None:
        """QoS 0 will do for an ack: a lost one is made good by the agent, which sends again."""
        payload = to_bytes(command.message)
        if len(payload) > MAX_BYTES:
            _LOGGER.warning(
                "%s for %s is too long: %d bytes", command.name, command.to, len(payload)
            )
            return
        address = Address(self._school.of_agent(command.to), Channel.COMMAND, command.name)
        for said in self._signed(command, payload):
            self._link.say(Letter(topic_of(address), said, qos=command.qos))

    def _signed(self, command: Command, payload: bytes) -> Sequence[bytes]:
        """The command for each start that is meant, proven to it."""
        if self._signer is None:
            return [payload]
        boot = command.message.of if isinstance(command.message, Ack) else command.start
        starts = [boot] if boot else self._signer.starts(command.to)
        return [self._signer.signed(command.to, payload, start) for start in starts]


def _quarantined(arrival: Arrival, flaw: MessageFlaw, detail: str) -> Quarantined:
    return Quarantined(arrival.topic, sender_of(arrival.topic), flaw, detail, arrival.payload)
