"""This file carries what something played says: its outbox, over its own line, to its receiver."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import assert_never

from protocol.clock import wall_ms
from protocol.link import Arrival, Broker, Letter, Link
from protocol.messages import (
    Ack,
    CameraOff,
    ControllerState,
    CorrectionsGiven,
    EraseCommand,
    EventsStored,
    GuideGiven,
    IdentityShared,
    InspectionGiven,
    KindsAnswered,
    KitGiven,
    ListsRefused,
    MarksAsked,
    MarksContested,
    MessageError,
    NotEnrolled,
    PairsAnswered,
    PlanGiven,
    Presence,
    PupilsErased,
    Rebirth,
    Retell,
    SchoolClock,
    TabletsConfirmed,
    UpdateOffered,
    WhoSpeaks,
    down_from,
    to_bytes,
)
from protocol.model import Place
from protocol.outbox import Outbox
from protocol.relay import Relay
from protocol.topics import address_for, commands_to, controller_state, topic_of
from protocol.upward import SchoolPresence

_LOGGER = logging.getLogger(__name__)


class Wire:
    """A link and a relay for one outbox. born: set when a birth is due; settled: at each Ack.

    preface: what is said before all else in a session.
    """

    def __init__(
        self,
        broker: Broker,
        client: str,
        outbox: Outbox,
        *,
        place: Place,
        boot: str,
        presence: type[Presence | SchoolPresence],
        now_ms: Callable[[], int] = wall_ms,
        preface: Sequence[Letter] = (),
    ) -> None:
        self.birth_due = asyncio.Event()
        self.settled = asyncio.Event()
        self._place = place
        self._boot = boot
        self._presence = presence
        self._now_ms = now_ms
        self.link = Link(
            broker,
            client,
            filters=[commands_to(place), controller_state(place)],
            will=lambda session: self._say(session, online=False),
            greeting=self._greeting,
            preface=preface,
        )
        self.relay = Relay(outbox, self.link, now_s=time.monotonic)

    async def run(self) -> None:
        """Carry until cancelled; then say goodbye."""
        async with asyncio.TaskGroup() as tasks:
            for work in (self.link.run, self.relay.run, self._listen):
                tasks.create_task(work(), name=f"{self._place.agent}/{work.__name__.strip('_')}")

    def _say(self, session: int, *, online: bool) -> Letter:
        presence = self._presence(
            boot=self._boot, at_ms=self._now_ms(), session=session, online=online
        )
        topic = topic_of(address_for(self._place, presence))
        return Letter(topic, to_bytes(presence), retain=True)

    def _greeting(self, session: int) -> Sequence[Letter]:
        self.birth_due.set()
        return [self._say(session, online=True)]

    async def _listen(self) -> None:
        while True:
            arrivals = await self.link.batch(100)
            for arrival in arrivals:
                await self._obey(arrival)
            self.link.ack(arrivals)

    async def _obey(self, arrival: Arrival) -> None:
        try:
            message = down_from(arrival.payload)
        except MessageError as error:
            _LOGGER.warning("%s: a command that cannot be read: %s", self._place, error.flaw)
            return
        match message:
            case Ack():
                await self.relay.settle(message)
                self.settled.set()
            case Rebirth():
                self.birth_due.set()
            case ControllerState():
                self.relay.hear(message)
            case EventsStored():
                await self.relay.retell(message)
            case (
                PlanGiven()
                | Retell()
                | WhoSpeaks()
                | MarksAsked()
                | MarksContested()
                | PupilsErased()
                | EraseCommand()
                | CameraOff()
                | ListsRefused()
                | GuideGiven()
                | KitGiven()
                | NotEnrolled()
                | IdentityShared()
                | SchoolClock()
                | TabletsConfirmed()
                | PairsAnswered()
                | KindsAnswered()
                | CorrectionsGiven()
                | UpdateOffered()
                | InspectionGiven()
            ):
                pass  # who is played plays its own day, and tells all from the beginning
            case _:
                assert_never(message)
