"""This file holds what the agent is made of, and the shape of each source, door and routine.

Only what starts those sees the context: the parts themselves know their neighbours alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from agent.cards.door import DoorCardReader
from agent.cards.scanner import CardScanner
from agent.clock import RoomClock
from agent.config import AgentConfig, passwords_of
from agent.database.restore import RestoredRoom
from agent.equipment.login_file import LOGIN_FILE, LoginFile
from agent.equipment.logins import DeviceLogins
from agent.health.machine import ThisMachine
from agent.inbox import Inbox
from agent.joining.joining import Joining, Membership
from agent.local.keys import DoorKeys
from agent.remote_control import RemoteControl
from agent.school.connection import SchoolConnection, broker_of
from agent.school.finder import Finder
from agent.server import HeldPort
from agent.store import ClassroomStore
from agent.supervision import ServiceOutages
from agent.tablets.backend import CART, CartFile, backend_of
from agent.tablets.service import TabletService
from agent.updates.updating import Door, Updating
from hardware.camera.shutter import Shutter
from hardware.network.links import LinkChoice, choice_of
from hardware.network.liveness import Liveness
from hardware.network.marks import MarkJudge, remembered_contests
from hardware.network.own import OwnNetworks
from hardware.rest import Bell
from protocol.credential import credential_in
from protocol.enrolment import Credential
from protocol.link import Broker
from protocol.model import NOWHERE
from protocol.supervision import BACKOFF_CAP_S
from protocol.this_machine import is_this_machine
from protocol.trust_in_updates import trusted_keys
from protocol.version import BUILD
from protocol.words import preferred_language


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """What stays while the agent takes up who it is now: its page goes on."""

    joining: Joining = field(default_factory=Joining)
    keys: DoorKeys = field(default_factory=DoorKeys)
    local_port: HeldPort = field(default_factory=HeldPort)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The agent's parts, each made once. language: of the teacher's window.

    end: has the agent take up who it is now, with parts made anew. swap: ends it for another
    version, in `make_context`. own: where this machine is in
    its networks. bell: rung where what the sources ask about may be otherwise.
    """

    life: Life
    end: Callable[[], None]
    membership: Membership
    config: AgentConfig
    machine: ThisMachine
    logins: DeviceLogins
    shutter: Shutter
    language: str
    inbox: Inbox
    outages: ServiceOutages
    connection: SchoolConnection
    store: ClassroomStore
    clock: RoomClock
    links: LinkChoice
    own: OwnNetworks
    bell: Bell
    liveness: Liveness
    marks: MarkJudge
    remote: RemoteControl
    scanner: CardScanner
    door_cards: DoorCardReader
    tablets: TabletService
    updating: Updating


class AgentService(NamedTuple):
    """Something that runs by name.

    start: works until cancelled; it may be called again after it ended. enabled: whether the
    settings ask for it. backoff_cap_s: the longest wait before it is started again.
    """

    name: str
    start: Callable[[Context], Coroutine[Any, Any, None]]
    enabled: Callable[[AgentConfig], bool] = lambda _config: True
    backoff_cap_s: float = BACKOFF_CAP_S


def make_context(
    config: AgentConfig,
    machine: ThisMachine,
    restored: RestoredRoom,
    life: Life,
    end: Callable[[], None],
    *,
    swap: Callable[[], None] = lambda: None,
) -> Context:
    """Make the parts; nothing runs yet. Raises SettingsError."""
    classroom, outbox, documents, clock = restored
    inbox, room, bell = Inbox(), classroom.room, Bell()
    broker = broker_of(config, room.place)
    credential = credential_in(config.data)
    secret = credential.secret if credential else ""
    connection = SchoolConnection(
        broker,
        room,
        outbox,
        now_ms=lambda: clock.now().at_ms,
        hear_clock=clock.hear_school,
        secret=secret,
        hear_update=lambda offer: updating.hear(offer),  # noqa: PLW0108 - made below
    )
    updating = Updating(
        config.data,
        trusted_keys(config.update_keys),
        _door_of(config, credential, connection.controller),
        swap=swap,
        answers=lambda: _answers(config.local_port),
        session=lambda: connection.session,
    )
    store = ClassroomStore(
        classroom, outbox, documents, now=clock.now, stirred=connection.wake, stepped=bell.ring
    )
    logins = DeviceLogins(
        passwords_of(config),
        lambda: store.classroom.devices.ours,
        own=LoginFile(config.data / LOGIN_FILE),
    )
    links = choice_of(config.interfaces)
    own = OwnNetworks(links, moved=bell.ring)
    shutter = Shutter(lambda: store.classroom.camera_off, lambda: clock.now().at_ms, bell.ring)
    return Context(
        life=life,
        end=end,
        membership=_membership(config, broker, is_enrolled=credential is not None),
        config=config,
        machine=machine,
        logins=logins,
        shutter=shutter,
        language=config.lang or preferred_language(os.environ),
        inbox=inbox,
        outages=ServiceOutages(),
        connection=connection,
        store=store,
        clock=clock,
        links=links,
        own=own,
        bell=bell,
        liveness=Liveness(inbox.report, networks=own.networks),
        marks=MarkJudge(remembered_contests(classroom.devices.traces.as_told())),
        remote=RemoteControl(store, logins, inbox.report, own, bell.ring),
        scanner=CardScanner(store, logins, shutter),
        door_cards=DoorCardReader(store, logins, shutter, config.door_camera),
        tablets=TabletService(backend_of(store, CartFile(config.data / CART))),
        updating=updating,
    )


def _answers(port: int) -> bool:
    """Whether this version's page is there."""
    from agent.doctor.running import version_at  # noqa: PLC0415 - heavy, and only after an update

    return version_at(port) == BUILD


def _door_of(
    config: AgentConfig,
    credential: Credential | None,
    address: Callable[[], tuple[str, int] | None],
) -> Door:
    """Where updates are fetched: from whom this computer believes, and from nobody else."""
    if credential is not None:
        return Door(address, credential.authority)
    return Door(address, config.broker_ca_file, is_file=True)


def _membership(config: AgentConfig, broker: Broker | Finder, *, is_enrolled: bool) -> Membership:
    """One whose words do not leave this computer has nothing to join for."""
    is_inside = isinstance(broker, Broker) and is_this_machine(broker.host)
    if is_enrolled or is_inside:
        return Membership.ENROLLED
    return Membership.NOT_ENROLLED if config.school == NOWHERE else Membership.INVITED
