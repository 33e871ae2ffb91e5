"""This file holds what the agent is made of; only what starts a source, door or routine sees it.

The parts themselves know their neighbours alone: no part is given the context.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from agent.cards.door import DoorCardReader
from agent.cards.scanner import CardScanner
from agent.clock import now
from agent.config import AgentConfig
from agent.database.cart import CartFile
from agent.database.folder import CART
from agent.database.restore import RestoredRoom
from agent.health.machine import ThisMachine
from agent.inbox import Inbox
from agent.passwords import Passwords, passwords_of
from agent.remote_control import RemoteControl
from agent.school.connection import SchoolConnection, broker_of
from agent.services.supervision import Outages
from agent.store import ClassroomStore
from agent.tablets.backend import backend_of
from agent.tablets.service import TabletService
from hardware.network.liveness import Liveness
from protocol.words import preferred_language


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The agent's parts, each made once. language: of the teacher's window."""

    config: AgentConfig
    machine: ThisMachine
    passwords: Passwords
    language: str
    inbox: Inbox
    outages: Outages
    connection: SchoolConnection
    store: ClassroomStore
    liveness: Liveness
    remote: RemoteControl
    scanner: CardScanner
    door_cards: DoorCardReader
    tablets: TabletService


def make_context(config: AgentConfig, machine: ThisMachine, restored: RestoredRoom) -> Context:
    """Make the parts; nothing runs yet. Raises SettingsError."""
    classroom, outbox, documents = restored
    passwords, inbox, room = passwords_of(config), Inbox(), classroom.room
    broker = broker_of(config, room.place)
    connection = SchoolConnection(broker, room, outbox, now_ms=lambda: now().at_ms)
    store = ClassroomStore(classroom, outbox, documents, now=now, stirred=connection.wake)
    return Context(
        config=config,
        machine=machine,
        passwords=passwords,
        language=config.lang or preferred_language(os.environ),
        inbox=inbox,
        outages=Outages(),
        connection=connection,
        store=store,
        liveness=Liveness(inbox.report),
        remote=RemoteControl(store, passwords, inbox.report),
        scanner=CardScanner(store, passwords),
        door_cards=DoorCardReader(store, passwords, config.door_camera),
        tablets=TabletService(backend_of(store, CartFile(config.data / CART))),
    )
