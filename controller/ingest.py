"""This file takes what agents say: validate, apply, store, show, and only then ack.

A batch is whatever has arrived while the last one was being stored. Its app acks leave after the
database commit; if the commit fails, the line is cut so that the broker brings it all again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from controller.database.store import Store, StoreError
from controller.database.writing import Poison
from controller.department.schools import AskRetell, Schools
from controller.fleet.fleet import Ask, Change, Fleet
from controller.fleet.records import AgentRecord
from controller.fleet.stream import ranges_of
from controller.roster.distribution import Handout
from controller.roster.plan import SchoolPlan
from protocol.backoff import Backoff
from protocol.link import Arrival, Letter, Link
from protocol.messages import (
    MAX_BYTES,
    Ack,
    ControllerState,
    Event,
    Flaw,
    MessageError,
    PlanGiven,
    Rebirth,
    Retell,
    State,
    Up,
    numbers_of,
    to_bytes,
    up_from,
)
from protocol.model import Place
from protocol.topics import (
    CONTROLLER,
    Address,
    Channel,
    TopicError,
    address_of,
    belongs,
    controller_state,
    topic_of,
)
from protocol.upward import Upward, upward_from

_LOGGER = logging.getLogger(__name__)

BATCH: Final = 1000  # well below the unacked messages that the embedded broker allows a session
EXPIRE_EVERY_S: Final = 5.0
PRESENT_EVERY_S: Final = 10.0
RETRY_FIRST_S: Final = 0.5
FAULTS_AGAIN_MS: Final = 86_400_000  # what a command dealt with is told to the screens
RETRY_CAP_S: Final = 15.0


@dataclass(slots=True)
class _Heard:
    """What a batch brought: changes to store, poison to keep, numbers to ack."""

    changes: list[Change] = field(default_factory=list)
    poisons: list[Poison] = field(default_factory=list)
    seqs: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    revs: dict[tuple[str, str], list[int]] = field(default_factory=dict)


class Ingest:
    """The one writer of a school's store.

    hears_schools: whether schools may tell of themselves; a school with a department above is none.
    """

    def __init__(
        self,
        link: Link,
        store: Store,
        school: Place,
        zone: tzinfo,
        *,
        boot: str,
        publish: Callable[[Sequence[Change]], None],
        now_ms: Callable[[], int],
        device_silent_s: float,
        hears_schools: bool = True,
    ) -> None:
        self._hears_schools = hears_schools
        self._link = link
        self._store = store
        self._school = school
        self._zone = zone
        self._boot = boot
        self._publish = publish
        self._now_ms = now_ms
        self._device_silent_s = device_silent_s
        self._awake_since_ms = now_ms()
        self._fleet: Fleet | None = None
        self._schools: Schools | None = None
        self._writing = asyncio.Lock()
        self._backoff = Backoff(RETRY_FIRST_S, RETRY_CAP_S)
        self._handout = Handout(SchoolPlan())
        self._classes: dict[tuple[str, str], tuple[str, ...]] = {}
        self.refused_batches = 0
        self.taken = 0
        self.storing = True

    async def listen(self) -> None:
        """Take batch after batch until cancelled."""
        while True:
            arrivals = await self._link.batch(BATCH)
            try:
                await self._take(arrivals)
            except StoreError as error:
                await self._give_back(error)

    async def expire(self) -> None:
        """Let silence become unknown, every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(EXPIRE_EVERY_S)
            try:
                async with self._writing:
                    fleet = await self._fleet_now()
                    if self._link.connected.is_set():
                        await self._store_all(fleet.expire(self._now_ms()), [])
                        await self._read_plan()
                        await self._hand_out(fleet.agents.values())
            except StoreError as error:
                self._forget()
                _LOGGER.warning("expiry not stored: %s", error)

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
        self._awake_since_ms = self._now_ms()
        if self._fleet is not None:
            self._fleet.awake_since_ms = self._awake_since_ms
        return [self.state(session, online=True)]

    def state(self, session: int, *, online: bool) -> Letter:
        """What a session says of itself, retained: it listens, or (its will) it ended."""
        said = ControllerState(
            boot=self._boot, at_ms=self._now_ms(), session=session, online=online
        )
        return Letter(controller_state(self._school), to_bytes(said), retain=True)

    async def handle_fault(self, event_id: str) -> bool:
        """A person dealt with a fault; False if none waits by this id. Raises StoreError."""
        async with self._writing:
            changes = await asyncio.to_thread(
                self._store.handle_fault, self._school, event_id, self._now_ms()
            )
            if changes:
                self._publish(changes)
            return bool(changes)

    async def remove_device(self, device_id: str) -> bool:
        """A person takes a device out; False if there is none. Raises StoreError."""
        async with self._writing:
            fleet = await self._fleet_now()
            changes = fleet.remove(device_id, self._now_ms())
            try:
                await self._store_all(changes, [])
            except StoreError:
                self._forget()
                raise
            return bool(changes)

    async def _take(self, arrivals: Sequence[Arrival]) -> None:
        async with self._writing:
            heard = self._hear(await self._fleet_now(), await self._schools_now(), arrivals)
            await self._store_all(heard.changes, heard.poisons)
            self.taken += len(arrivals)
            self._backoff.reset()
            self.storing = True
            self._link.ack(arrivals)
            self._answer(heard)
            told = {each.place: each for each in heard.changes if isinstance(each, AgentRecord)}
            await self._hand_out(told.values())

    async def _give_back(self, error: StoreError) -> None:
        """Nothing of the batch is kept: forget what it did to the fleet and ask for it anew."""
        self.refused_batches += 1
        if self.storing:
            _LOGGER.warning("batch given back: %s", error)
        self.storing = False
        self._forget()
        self._link.hang_up()
        await asyncio.sleep(self._backoff.next_s())

    def _forget(self) -> None:
        """What was not stored did not happen."""
        self._fleet = None
        self._schools = None

    async def _schools_now(self) -> Schools:
        if self._schools is None:
            self._schools = await asyncio.to_thread(self._store.told_schools, self._school)
        return self._schools

    async def _fleet_now(self) -> Fleet:
        if self._fleet is None:
            self._fleet = await asyncio.to_thread(
                self._store.fleet,
                self._school,
                self._zone,
                device_silent_s=self._device_silent_s,
                awake_since_ms=self._awake_since_ms,
            )
        return self._fleet

    async def _store_all(self, changes: list[Change], poisons: list[Poison]) -> None:
        if changes or poisons:
            lessons = await asyncio.to_thread(self._store.commit, changes, poisons, self._now_ms())
            for each in lessons:
                key = (each.place.agent, each.lesson)
                self._classes.pop(key, None)
                if each.how is None:
                    self._classes[key] = each.classes
            changes = [*changes, *lessons]
        if changes:
            self._publish(changes)

    async def _read_plan(self) -> None:
        """Take in what the school plans now, if it plans otherwise, and what was dealt with."""
        version = await asyncio.to_thread(self._store.plan_version, self._school)
        if version != self._handout.school.version:
            self._handout.take(await asyncio.to_thread(self._store.school_plan, self._school))
            _LOGGER.info("the school's plan: version %d", version)
            since_ms = self._now_ms() - FAULTS_AGAIN_MS
            self._publish(
                await asyncio.to_thread(self._store.faults, self._school, done_since_ms=since_ms)
            )

    async def _hand_out(self, agents: Iterable[AgentRecord]) -> None:
        """Give these agents their room's plan where they hold another."""
        agents = list(agents)
        running = {(each.place.agent, each.lesson or "") for each in agents if each.lesson}
        for key in running - self._classes.keys():
            place = self._school.of_agent(key[0])
            known = await asyncio.to_thread(self._store.lesson, place, key[1])
            self._classes[key] = known.classes if known else ()
        now_ms = self._now_ms()
        for agent, plan in self._handout.due(agents, self._classes_of, now_ms):
            payload = to_bytes(PlanGiven(boot=self._boot, at_ms=now_ms, plan=plan))
            if len(payload) > MAX_BYTES:
                _LOGGER.warning("the plan of agent %s is too long: %d bytes", agent, len(payload))
                continue
            self._command(agent, "plan", payload, qos=1)

    def _classes_of(self, agent: AgentRecord) -> tuple[str, ...]:
        return self._classes.get((agent.place.agent, agent.lesson), ()) if agent.lesson else ()

    def _hear(self, fleet: Fleet, schools: Schools, arrivals: Sequence[Arrival]) -> _Heard:
        heard = _Heard()
        now_ms = self._now_ms()
        for arrival in arrivals:
            try:
                spoken = _read(arrival, self._school, schools=self._hears_schools)
            except MessageError as error:
                heard.poisons.append(Poison(arrival.topic, error.flaw, arrival.payload))
                self._pass_over(fleet, arrival, heard)
                continue
            if spoken is None:
                continue
            agent, message = spoken
            if isinstance(message, Upward):
                told = schools.hear(agent, message, now_ms)
                heard.changes += told.changes
                if not told.taken:
                    continue
            else:
                heard.changes += fleet.hear(agent, message, now_ms)
            if isinstance(message, State):
                heard.revs.setdefault((agent, message.boot), []).append(message.rev)
            elif isinstance(message, Event):
                heard.seqs.setdefault((agent, message.boot), []).append(message.seq)
        return heard

    def _pass_over(self, fleet: Fleet, arrival: Arrival, heard: _Heard) -> None:
        """Answer what cannot be read by its numbers: a newer agent must not wait for ever."""
        try:
            address = address_of(arrival.topic)
        except TopicError:
            return
        place = address.place
        if address.channel is Channel.SCHOOL:
            return  # a school keeps what this program cannot read yet, until it can
        numbers = numbers_of(arrival.payload)
        if numbers is None or place != self._school.of_agent(place.agent):
            return
        if numbers.seq:
            heard.changes += fleet.pass_over(place.agent, numbers.boot, numbers.seq)
            heard.seqs.setdefault((place.agent, numbers.boot), []).append(numbers.seq)
        if numbers.rev:
            heard.revs.setdefault((place.agent, numbers.boot), []).append(numbers.rev)

    def _answer(self, heard: _Heard) -> None:
        """Tell every agent what is safe now, and ask those that must say it all again."""
        now_ms = self._now_ms()
        for agent, boot in heard.seqs.keys() | heard.revs.keys():
            ack = Ack(
                boot=self._boot,
                at_ms=now_ms,
                of=boot,
                seqs=ranges_of(heard.seqs.get((agent, boot), [])),
                revs=ranges_of(heard.revs.get((agent, boot), [])),
            )
            self._command(agent, "ack", to_bytes(ack))
        for ask in (each for each in heard.changes if isinstance(each, Ask)):
            _LOGGER.info("asking agent %s for a birth: %s", ask.agent, ask.reason)
            rebirth = Rebirth(boot=self._boot, at_ms=now_ms, reason=ask.reason)
            self._command(ask.agent, "rebirth", to_bytes(rebirth))
        for again in (each for each in heard.changes if isinstance(each, AskRetell)):
            _LOGGER.info("asking school %s for its list behind %d", again.place.school, again.since)
            retell = Retell(boot=self._boot, at_ms=now_ms, since=again.since)
            self._command(again.place.school, "retell", to_bytes(retell))

    def _command(self, agent: str, name: str, payload: bytes, qos: int = 0) -> None:
        """QoS 0 will do for an ack: a lost one is made good by the agent, which sends again."""
        address = Address(self._school.of_agent(agent), Channel.COMMAND, name)
        self._link.say(Letter(topic_of(address), payload, qos=qos))


def _read(arrival: Arrival, school: Place, *, schools: bool) -> tuple[str, Up | Upward] | None:
    """The agent and its message; None for what a controller itself said. Raises MessageError."""
    try:
        address = address_of(arrival.topic)
    except TopicError as error:
        raise MessageError(Flaw.WRONG_TOPIC, str(error)) from error
    place = address.place
    if address.channel is Channel.COMMAND or place.agent == CONTROLLER:
        return None
    upward = address.channel is Channel.SCHOOL
    if upward and not schools:
        raise MessageError(Flaw.WRONG_TOPIC, "a school below a school")
    message = upward_from(arrival.payload) if upward else up_from(arrival.payload)
    if place.province != school.province or place.school != school.school:
        raise MessageError(Flaw.WRONG_TOPIC, "another school's topic")
    if not belongs(address, message):
        raise MessageError(Flaw.WRONG_TOPIC, "this kind of message belongs to another topic")
    return place.agent, message
