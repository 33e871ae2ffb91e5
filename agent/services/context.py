"""This file holds what the agent is made of, and the shape of each source, door and routine.

Only what starts those sees the context: the parts themselves know their neighbours alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, NamedTuple

from agent.cards.door import DoorCardReader
from agent.cards.scanner import CardScanner
from agent.clock import RoomClock
from agent.config import AgentConfig, passwords_of
from agent.database.restore import RestoredRoom
from agent.equipment.logins import DeviceLogins
from agent.health.machine import ThisMachine
from agent.inbox import Inbox
from agent.remote_control import RemoteControl
from agent.school.connection import SchoolConnection, broker_of
from agent.store import ClassroomStore
from agent.supervision import ServiceOutages
from agent.tablets.backend import CART, CartFile, backend_of
from agent.tablets.service import TabletService
from hardware.network.liveness import Liveness
from protocol.supervision import BACKOFF_CAP_S
from protocol.words import preferred_language


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The agent's parts, each made once. language: of the teacher's window."""

    config: AgentConfig
    machine: ThisMachine
    logins: DeviceLogins
    language: str
    inbox: Inbox
    outages: ServiceOutages
    connection: SchoolConnection
    store: ClassroomStore
    clock: RoomClock
    liveness: Liveness
    remote: RemoteControl
    scanner: CardScanner
    door_cards: DoorCardReader
    tablets: TabletService


class AgentService(NamedTuple):
    """Something that runs by name.

    start: works until cancelled; it may be called again after it ended. enabled: whether the
    settings ask for it. backoff_cap_s: the longest wait before it is started again.
    """

    name: str
    start: Callable[[Context], Coroutine[Any, Any, None]]
    enabled: Callable[[AgentConfig], bool] = lambda _config: True
    backoff_cap_s: float = BACKOFF_CAP_S


def make_context(config: AgentConfig, machine: ThisMachine, restored: RestoredRoom) -> Context:
    """Make the parts; nothing runs yet. Raises SettingsError."""
    classroom, outbox, documents, clock = restored
    inbox, room = Inbox(), classroom.room
    broker = broker_of(config, room.place)
    connection = SchoolConnection(broker, room, outbox, now_ms=lambda: clock.now().at_ms)
    store = ClassroomStore(classroom, outbox, documents, now=clock.now, stirred=connection.wake)
    logins = DeviceLogins(passwords_of(config), lambda: store.classroom.devices.ours)
    return Context(
        config=config,
        machine=machine,
        logins=logins,
        language=config.lang or preferred_language(os.environ),
        inbox=inbox,
        outages=ServiceOutages(),
        connection=connection,
        store=store,
        clock=clock,
        liveness=Liveness(inbox.report),
        remote=RemoteControl(store, logins, inbox.report),
        scanner=CardScanner(store, logins),
        door_cards=DoorCardReader(store, logins, config.door_camera),
        tablets=TabletService(backend_of(store, CartFile(config.data / CART))),
    )
