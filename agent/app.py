"""This file wires the agent together: what is opened, and one named task for each thing it does."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import msgspec

from agent.classroom import Classroom
from agent.clerk import Clerk
from agent.config import AgentConfig
from agent.equipment import devices
from agent.equipment.traces import Traces
from agent.finder import Finder
from agent.inbox import Inbox
from agent.lessons import memos
from agent.lessons.teaching import Teaching
from agent.local.api import application
from agent.local.door import keep_open
from agent.local.surroundings import Line, Surroundings
from agent.memory.cart import FILE as CART
from agent.memory.cart import CartFile
from agent.memory.documents import FILE, Documents, Remembered
from agent.memory.folder import OUTBOX, agent_id_from
from agent.passwords import passwords_of
from agent.placement import Placement, placed
from agent.reach import Reach
from agent.room import Moment, Room
from agent.scanner import Scanner
from agent.senses import Senses, keep_running
from agent.sources import Around, Machine, Source, sources, this_machine
from agent.tablets import door
from agent.tablets.core import core_of
from agent.tablets.office import Office
from agent.talk import Talk
from agent.vitals import Vitals, measures_of
from protocol.folder import held
from protocol.health import Finding, ReasonCode
from protocol.link import Broker, Link, broker_from
from protocol.model import Place, Reason, Status
from protocol.outbox import Outbox, OutboxError
from protocol.relay import Relay
from protocol.settings import SettingsError, password_in
from protocol.words import N_, preferred_language

_LOGGER = logging.getLogger(__name__)

GATHER_S: Final = 0.2  # a cart of tablets comes as a burst: one write for all of it
_MB: Final = 1_000_000
_DAY_S: Final = 86_400


async def run(config: AgentConfig) -> None:
    """Run the agent until SIGTERM or SIGINT.

    Raises SettingsError, OutboxError or DocumentError if it cannot begin.
    """
    stop = _stop_signal()
    folder = config.data
    with held(folder):
        documents = Documents(folder / FILE)
        remembered = documents.load()
        machine = this_machine(folder, config.kit.programs)
        agent_id = config.agent_id or remembered.agent_id
        agent_id = agent_id or agent_id_from(machine.hostname, machine.id)
        place = Place(config.province, config.school, agent_id)
        boot = uuid4().hex
        outbox = Outbox(
            folder / OUTBOX,
            place,
            boot,
            max_bytes=config.outbox_max_mb * _MB,
            max_age_s=config.outbox_max_days * _DAY_S,
        )
        where = placed(_room_of(config), roaming=config.roaming, stay=remembered.stay)
        room = Room(
            place=place,
            room=where.room,
            boot=boot,
            beat_s=config.beat_s,
            new_id=lambda: str(uuid4()),
        )
        async with _opened(outbox):
            agent = _Agent(
                config,
                classroom=_classroom(
                    config, room, where, remembered, _taught(room, outbox, remembered)
                ),
                machine=machine,
                outbox=outbox,
                documents=documents,
            )
            _LOGGER.info("agent %s of room %s starts data=%s", agent_id, room.room, folder)
            await agent.serve(stop)
    _LOGGER.info("agent %s ends", agent_id)


class _Agent:
    """The parts, each knowing only its neighbours."""

    def __init__(
        self,
        config: AgentConfig,
        *,
        classroom: Classroom,
        machine: Machine,
        outbox: Outbox,
        documents: Documents,
    ) -> None:
        self._config = config
        self._room = room = classroom.room
        self._machine = machine
        self._inbox = Inbox()
        self._senses = Senses()
        self._port_taken = False
        self._passwords = passwords_of(config)
        broker = _broker_of(config, room.place)
        self._finder = broker if isinstance(broker, Finder) else None
        self._broker = broker
        self._talk = Talk(room.place, room.boot, now_ms=lambda: now().at_ms)
        self._link = Link(
            broker,
            self._talk.client_id,
            filters=self._talk.filters,
            will=self._talk.will,
            greeting=self._talk.greeting,
        )
        self._relay = Relay(outbox, self._link, now_s=time.monotonic)
        self._clerk = Clerk(
            classroom,
            outbox,
            documents,
            now=now,
            stirred=self._relay.wake,
        )
        self._reach = Reach(self._clerk, self._passwords, self._inbox.report)
        self._language = config.lang or preferred_language(os.environ)
        self._office = Office(core_of(self._clerk, CartFile(config.data / CART)))
        self._scanner = Scanner(self._clerk, self._passwords, door_camera=config.door_camera)
        self._tablet_port_taken = False

    async def serve(self, stop: asyncio.Event) -> None:
        """Do everything until told to stop."""
        await self._clerk.see([self._machine.sighting])
        await self._clerk.birth(session=0)  # so that no other state is ever sent before one
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(work, name=name) for name, work in self._work().items()]
            await stop.wait()
            for task in tasks:
                task.cancel()

    def _work(self) -> dict[str, Coroutine[Any, Any, None]]:
        config = self._config
        senses, office = list(sources(self._around())), self._office if config.tablets else None
        if office is not None:
            senses.append(Source("checkin", self._check_in))
        return {
            "beat": self._beat(),
            "see": self._see(),
            "link": self._link.run(),
            "relay": self._relay.run(),
            "listen": self._talk.listen(self._link, self._relay, self._clerk),
            "births": self._talk.births(self._clerk, self._link),
            "rooms": self._tell_moves(),
            "cards": self._scanner.run(),
            "lessons": self._reach.follow_lessons(switch=config.switch_projector),
            "local api": keep_open(
                application(self._clerk, self._surroundings(), office),
                config.local_host,
                config.local_port,
                self._note_port,
            ),
        } | {each.name: keep_running(each.name, each.start, self._senses) for each in senses}

    async def _see(self) -> None:
        while True:
            await self._clerk.see(await self._inbox.batch())
            await asyncio.sleep(GATHER_S)

    async def _beat(self) -> None:
        """Measure at a steady pace; the slow work of the outbox goes with it."""
        due_s = ticked_s = time.monotonic()
        while True:
            reading = await asyncio.to_thread(self._machine.read)
            programs = await asyncio.to_thread(self._machine.programs)
            await self._clerk.beat(measures_of(reading), self._findings(), programs)
            if self._clerk.refusing:
                self._talk.owe_birth()
            now_s = time.monotonic()
            if now_s - ticked_s >= self._config.report_s:
                await self._clerk.tick(now_s - ticked_s)
                ticked_s = now_s
            due_s = max(due_s + self._config.beat_s, now_s)
            await asyncio.sleep(due_s - now_s)

    async def _tell_moves(self) -> None:
        """A room that changed is told by a birth: everything said before named the old one."""
        told = self._room.room
        async for classroom in self._clerk.steps():
            if classroom.room.room != told:
                told = classroom.room.room
                _LOGGER.info("agent is in room %s now how=%s", told, classroom.placement.how)
                self._talk.owe_birth()

    def _around(self) -> Around:
        return Around(
            config=self._config,
            machine=self._machine.id,
            report=self._inbox.report,
            agent=self._room.place.agent,
            classroom=lambda: self._clerk.classroom,
            controller=self._controller,
            finder=self._finder,
            passwords=self._passwords,
        )

    def _controller(self) -> tuple[str, int] | None:
        broker = self._finder.current if self._finder else self._broker
        return (broker.host, broker.port) if isinstance(broker, Broker) else None

    def _findings(self) -> tuple[Finding, ...]:
        config, found = self._config, list(self._senses.findings())
        if self._port_taken:
            reason = Reason(ReasonCode.PORT_TAKEN, str(config.local_port))
            found.append((Status.WARNING, reason))
        if self._tablet_port_taken:
            reason = Reason(ReasonCode.TABLET_PORT_TAKEN, str(config.tablet_port))
            found.append((Status.WARNING, reason))
        return tuple(found)

    def _note_port(self, taken: bool) -> None:  # noqa: FBT001 - a callback's one fact
        self._port_taken = taken

    def _note_tablet_port(self, taken: bool) -> None:  # noqa: FBT001 - a callback's one fact
        self._tablet_port_taken = taken

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            self._room.place,
            self._line,
            self._language,
            self._reach.hands,
            lambda: self._office.url,
            self._scanner,
        )

    async def _check_in(self) -> None:
        """Let tablets check in, in the room's network."""
        await door.run(
            self._office,
            self._inbox.report,
            host=self._config.tablet_host,
            port=self._config.tablet_port,
            language=self._language,
            taken=self._note_tablet_port,
        )

    def _line(self) -> Line:
        broker = self._finder.current if self._finder else self._broker
        return Line(
            broker=str(broker or ""),
            connected=self._link.connected.is_set(),
            controller_listening=self._relay.hears_receiver,
        )


def now() -> Moment:
    """This instant by each clock."""
    at = datetime.now().astimezone()
    minute = at.hour * 60 + at.minute + at.second / 60
    return Moment(int(at.timestamp() * 1000), _steady_s(), at.date().isoformat(), minute)


def _steady_s() -> float:
    """Seconds that also pass while the computer sleeps, where the system can tell."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def _room_of(config: AgentConfig) -> str:
    """The room in the settings. Raises SettingsError where a fixed computer has none."""
    if not config.room and not config.roaming:
        raise SettingsError(
            "setting_missing",
            N_("The room is missing."),
            N_("Give --room, or --roaming true for a computer that is carried about."),
        )
    return config.room


def _classroom(
    config: AgentConfig, room: Room, where: Placement, remembered: Remembered, taught: Teaching
) -> Classroom:
    traces = Traces(
        room=room.room,
        roaming=where.roaming,
        answers=remembered.answers,
        held={each.at: each for each in remembered.traces},
    )
    return Classroom(
        room=room,
        placement=where,
        devices=devices.recalled(room, remembered.devices, traces, remembered.decisions),
        template=config.kit,
        camera_off=remembered.camera_off,
        typed=remembered.typed,
        vitals=Vitals(room=room, limits=config.limits, report_s=config.report_s),
        teaching=taught,
    )


def _taught(room: Room, outbox: Outbox, remembered: Remembered) -> Teaching:
    """The lesson and its roll as they were. Raises OutboxError."""
    try:
        return memos.recalled(
            room,
            outbox.memos(),
            remembered.plan,
            now(),
            running=remembered.running,
            marks=remembered.marks,
        )
    except msgspec.DecodeError as error:
        raise OutboxError(
            "memos_damaged",
            N_("What the outbox remembers of lessons cannot be read ({cause})."),
            N_("Install the newest LopHoc again."),
            cause=error,
        ) from error


def _broker_of(config: AgentConfig, place: Place) -> Broker | Finder:
    """The broker in the settings, or what finds one. Raises SettingsError."""
    password = password_in(config.broker_password_file)
    if not config.broker:
        user = place.agent if password else ""
        return Finder(place.province, place.school, user, password)
    try:
        broker = broker_from(config.broker)
    except ValueError as error:
        raise SettingsError(
            "setting_invalid", N_("The setting broker cannot be used: {cause}."), cause=error
        ) from error
    if not password:
        return broker
    return broker._replace(user=broker.user or place.agent, password=password)


@asynccontextmanager
async def _opened(outbox: Outbox) -> AsyncIterator[None]:
    """Hold the outbox open until no thread works on it any more. Raises OutboxError."""
    with outbox:
        try:
            yield
        finally:
            await asyncio.get_running_loop().shutdown_default_executor()


def _stop_signal() -> asyncio.Event:
    """Set by SIGTERM and SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows' loop: the handler runs in the main thread
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
    return stop
