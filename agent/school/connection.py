"""This file joins what speaks with the school's controller: the link, the relay and the talk."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import NamedTuple

from agent.config import AgentConfig
from agent.room import AgentRoom
from agent.school.finder import Finder
from agent.school.talk import SchoolTalk
from agent.store import ClassroomStore
from protocol.link import Broker, Link, broker_from
from protocol.model import Place
from protocol.outbox import Outbox
from protocol.relay import Relay
from protocol.settings import SettingsError, password_in
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)


class ConnectionState(NamedTuple):
    """Which broker, whether it is connected, whether the controller listens behind it.

    fault: why it is not connected: a LinkFault, or `other_school` where only another school's
    controller announces itself; nothing while it is.
    """

    broker: str
    connected: bool
    controller_listening: bool
    fault: str = ""


class SchoolConnection:
    """The agent's connection with its school. finder: looks for the controller, None if known."""

    def __init__(
        self, broker: Broker | Finder, room: AgentRoom, outbox: Outbox, now_ms: Callable[[], int]
    ) -> None:
        self._broker = broker
        self._room = room
        self.finder = broker if isinstance(broker, Finder) else None
        self._talk = SchoolTalk(room.place, room.boot, now_ms=now_ms)
        self._link = Link(
            broker,
            self._talk.client_id,
            filters=self._talk.filters,
            will=self._talk.will,
            greeting=self._talk.greeting,
        )
        self._relay = Relay(outbox, self._link, now_s=time.monotonic)

    @property
    def state(self) -> ConnectionState:
        """How it stands now."""
        return ConnectionState(
            broker=str(self._current() or ""),
            connected=self._link.connected.is_set(),
            controller_listening=self._relay.hears_receiver,
            fault=self._fault(),
        )

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

    def _fault(self) -> str:
        if self.finder and self.finder.hears_others_only and not self._link.connected.is_set():
            return "other_school"
        return self._link.fault

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
