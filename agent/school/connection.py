"""This file joins what speaks with the school's controller: the link, the relay and the talk."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from agent.config import AgentConfig
from agent.room import AgentRoom
from agent.school.finder import Finder
from agent.school.talk import HearClock, HearUpdate, SchoolTalk
from agent.store import ClassroomStore
from protocol.credential import broker_for, credential_in
from protocol.health import Finding, ReasonCode
from protocol.link import Broker, Letter, Link, LinkFault, broker_from
from protocol.messages import ListsRefused, SharingComputer
from protocol.model import Place, Reason, Status
from protocol.outbox import Outbox
from protocol.relay import Relay
from protocol.settings import SettingsError, password_in
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

TOLD_S: Final = 600.0  # so that it is still there when the line is back, and somebody looks


class ConnectionState(NamedTuple):
    """Which broker, whether it is connected, whether the controller listens behind it.

    fault: why it is not connected: a LinkFault, or `other_school` where only another school's
    controller announces itself. While it is: nothing, or NOT_BELIEVED where the school did not say
    what is said there. refused: which class lists the school does not give; None for nothing.
    is_invited: whether the school says that this computer may join by a code.
    sharing: other computers that go by this one's identity, as the school says.
    """

    broker: str
    connected: bool
    controller_listening: bool
    fault: str = ""
    refused: ListsRefused | None = None
    is_invited: bool = False
    sharing: tuple[SharingComputer, ...] = ()


class SchoolConnection:
    """The agent's connection with its school. finder: looks for the controller, None if known.

    hear_clock: told the school's time and zone; hear_update: of its updates. secret: of the
    enrolment, by which the controller proves what it says; "" for one of before.
    """

    def __init__(
        self,
        broker: Broker | Finder,
        room: AgentRoom,
        outbox: Outbox,
        *,
        now_ms: Callable[[], int],
        hear_clock: HearClock = lambda _at_ms, _zone: None,
        secret: str = "",
        hear_update: HearUpdate = lambda _offer: None,
    ) -> None:
        self._broker = broker
        self._room = room
        self.finder = broker if isinstance(broker, Finder) else None
        self._talk = SchoolTalk(
            room.place,
            room.boot,
            now_ms=now_ms,
            hear_clock=hear_clock,
            hear_update=hear_update,
            secret=secret,
        )
        self._link = Link(
            broker,
            self._talk.client_id,
            filters=self._talk.filters,
            will=self._talk.will,
            greeting=self._greeting,
            start=room.boot,
        )
        self._relay = Relay(outbox, self._link, now_s=time.monotonic)
        self._now_s = time.monotonic
        self._doubted_s: float | None = None

    @property
    def state(self) -> ConnectionState:
        """How it stands now."""
        return ConnectionState(
            broker=str(self._current() or ""),
            connected=self._link.connected.is_set(),
            controller_listening=self._relay.hears_receiver,
            fault=self._fault(),
            refused=self._talk.refused,
            is_invited=self._talk.is_invited,
            sharing=self._talk.sharing,
        )

    @property
    def session(self) -> int:
        """The number of the present session with the broker; 0 for none."""
        return self._link.session if self._link.connected.is_set() else 0

    def controller(self) -> tuple[str, int] | None:
        """Where the school's server listens, if that is known."""
        broker = self._current()
        return (broker.host, broker.port) if broker else None

    def wake(self) -> None:
        """Send what waits in the outbox."""
        self._relay.wake()

    def owe_birth(self) -> None:
        """Have everything said anew."""
        self._talk.owe_birth()

    async def run(self, store: ClassroomStore) -> None:
        """Speak with the controller; never returns."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._link.run(), name="link")
            tasks.create_task(self._relay.run(), name="relay")
            tasks.create_task(self._talk.listen(self._link, self._relay, store), name="listen")
            tasks.create_task(self._talk.births(store, self._link), name="births")
            tasks.create_task(self._follow_moves(store), name="moves")

    def findings(self) -> tuple[Finding, ...]:
        """What the office hears of the line, once it is back; asked at each beat."""
        now_s = self._now_s()
        if self._fault() == LinkFault.NOT_BELIEVED:
            self._doubted_s = now_s
        if self._doubted_s is None or now_s - self._doubted_s > TOLD_S:
            return ()
        return ((Status.WARNING, Reason(ReasonCode.NOT_BELIEVED)),)

    def _greeting(self, session: int) -> Sequence[Letter]:
        """Said where the school's controller was found, and let this computer in."""
        if self.finder:
            self.finder.note_believed()
        return self._talk.greeting(session)

    def _fault(self) -> str:
        if self.finder and self.finder.hears_others_only and not self._link.connected.is_set():
            return "other_school"
        return LinkFault.NOT_BELIEVED if self._talk.is_doubted else self._link.fault

    def _current(self) -> Broker | None:
        return self._broker.current if isinstance(self._broker, Finder) else self._broker

    async def _follow_moves(self, store: ClassroomStore) -> None:
        """A room that changed is told by a birth: everything said before named the old one."""
        room = self._room.room
        async for classroom in store.steps():
            if classroom.room.room != room:
                room = classroom.room.room
                _LOGGER.info("agent is in room %s now how=%s", room, classroom.placement.how)
                self._talk.owe_birth()


def broker_of(config: AgentConfig, place: Place) -> Broker | Finder:
    """The broker in the settings, or what finds one. Raises SettingsError.

    Of an enrolled computer's settings only the address counts: it believes its school alone.
    """
    if (credential := credential_in(config.data)) is not None:
        return _broker_of_school(config, place, broker_for(credential))
    password = password_in(config.broker_password_file)
    if not config.broker:
        user = place.agent if password else ""
        pattern = Broker("", 0, user, password).pinned_to(config.broker_ca_file).with_own_session()
        return Finder(place.province, place.school, pattern)
    broker = _address_in(config).pinned_to(config.broker_ca_file)
    if not password:
        return broker
    return broker._replace(user=broker.user or place.agent, password=password).with_own_session()


def _broker_of_school(config: AgentConfig, place: Place, known: Broker) -> Broker | Finder:
    if not config.broker:
        return Finder(place.province, place.school, known)
    address = _address_in(config)
    return known._replace(host=address.host, port=address.port)


def _address_in(config: AgentConfig) -> Broker:
    """The broker that the settings name. Raises SettingsError."""
    try:
        return broker_from(config.broker)
    except ValueError as error:
        raise SettingsError(
            "setting_invalid", N_("The setting broker cannot be used: {cause}."), cause=error
        ) from error
