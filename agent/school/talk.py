"""This file is the agent's side of the talk with the controller: greeting, births, commands."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from agent.store import ClassroomStore
from protocol.link import Arrival, Letter, Link
from protocol.messages import (
    Ack,
    CameraOff,
    ControllerState,
    CorrectionsGiven,
    EraseCommand,
    EventsStored,
    GuideGiven,
    IdentityShared,
    KindsAnswered,
    KitGiven,
    ListsRefused,
    MessageError,
    NotEnrolled,
    PairsAnswered,
    PlanGiven,
    Presence,
    PupilsErased,
    Rebirth,
    SchoolClock,
    SharingComputer,
    TabletsConfirmed,
    UpdateOffered,
    down_from,
    to_bytes,
)
from protocol.model import Place
from protocol.outbox import OutboxError
from protocol.proof import CommandReader, OtherStartError, ProofError
from protocol.relay import Relay
from protocol.repeats import CauseCounter
from protocol.topics import Address, Channel, commands_to, controller_state, level_of, topic_of

_LOGGER = logging.getLogger(__name__)

BIRTH_SPACING_S: Final = 1.0  # a controller that keeps asking must not wear out the card
_AT_ONCE: Final = 100
HearClock = Callable[[int, str], None]
HearUpdate = Callable[[UpdateOffered], None]


class SchoolTalk:
    """What is said at each connect, and what is done with what the controller says.

    hear_clock: told the school's time and zone; hear_update: of its updates. secret: of the
    enrolment; with one nothing is done that the controller did not prove.
    """

    def __init__(
        self,
        place: Place,
        boot: str,
        *,
        now_ms: Callable[[], int],
        hear_clock: HearClock = lambda _at_ms, _zone: None,
        hear_update: HearUpdate = lambda _offer: None,
        secret: str = "",
    ) -> None:
        self._commands = CommandReader(secret, place.agent, boot)
        self._place = place
        self._boot = boot
        self._now_ms = now_ms
        self._hear_clock = hear_clock
        self._hear_update = hear_update
        self.is_doubted = False  # what was said last in this session, the school did not say
        self.is_invited = False  # the school says that this computer may join by a code
        self.sharing: tuple[SharingComputer, ...] = ()  # others of this identity, told so
        self._start = ""  # of the controller that listens now, once it has said so
        self.refused: ListsRefused | None = None  # which class lists it is not given, and told so
        self._birth_owed = asyncio.Event()
        self._controller_topic = controller_state(place)
        self._command_root = commands_to(place).removesuffix("#")
        self.not_understood = CauseCounter(
            _LOGGER, "a message of the controller is not understood flaw=%s"
        )

    @property
    def client_id(self) -> str:
        """The name of this agent's session at the broker."""
        place = self._place
        return "-".join(["lophoc", *map(level_of, (place.province, place.school, place.agent))])

    @property
    def filters(self) -> Sequence[str]:
        """What this agent listens to."""
        return commands_to(self._place), self._controller_topic

    def will(self, session: int) -> Letter:
        """What the broker says for this agent when the line breaks."""
        return self._presence(session, online=False)

    def greeting(self, session: int) -> Sequence[Letter]:
        """What is said first in a session; a birth follows through the outbox."""
        self.is_doubted = False
        self.refused, self.is_invited, self._start = None, False, ""
        self.sharing = ()
        self._birth_owed.set()
        return [self._presence(session, online=True)]

    def owe_birth(self) -> None:
        """Have everything said anew."""
        self._birth_owed.set()

    async def births(self, store: ClassroomStore, link: Link) -> None:
        """Put a birth in the outbox whenever one is owed; never returns."""
        while True:
            await self._birth_owed.wait()
            self._birth_owed.clear()
            if not await store.birth(link.session):
                self._birth_owed.set()
            await asyncio.sleep(BIRTH_SPACING_S)

    async def listen(self, link: Link, relay: Relay, store: ClassroomStore) -> None:
        """Do what the controller says; never returns."""
        while True:
            arrivals = await link.batch(_AT_ONCE)
            for arrival in arrivals:
                if arrival.session == link.session:
                    await self.hear(arrival, relay, store)
            link.ack(arrivals)

    async def hear(self, arrival: Arrival, relay: Relay, store: ClassroomStore) -> None:
        """Do what one arrival says; what cannot be understood is counted and let go."""
        commanded = arrival.topic.startswith(self._command_root)
        try:
            message = (self._commands.read if commanded else down_from)(arrival.payload)
        except OtherStartError:  # the school's all the same: nobody is to be doubted
            self.not_understood.note("other_start")
            return
        except ProofError:
            self.is_doubted = True
            self.not_understood.note("not_proven")
            return
        except MessageError as error:
            self.not_understood.note(error.flaw)
            return
        self.is_doubted = self.is_doubted and not commanded
        match message:
            case ControllerState() if arrival.topic == self._controller_topic:
                self._start = message.boot if message.online else ""
                relay.hear(message)
            case Ack() if commanded:
                await relay.settle(message)
            case Rebirth() if commanded:
                self.owe_birth()
            case (
                PlanGiven() | GuideGiven() | TabletsConfirmed() | PairsAnswered() | KindsAnswered()
            ) if commanded:
                await self._keep(message, store)
            case KitGiven() if commanded:
                await self._keep_kit(message, store)
            case EventsStored() if commanded:
                await relay.retell(message)
            case PupilsErased() | EraseCommand() | CameraOff() | CorrectionsGiven() if commanded:
                await self._obey(message, store)
            case (
                ListsRefused() | NotEnrolled() | SchoolClock() | IdentityShared() | UpdateOffered()
            ) if commanded:
                self._note(message)
            case _:
                self.not_understood.note("wrong_topic")

    async def _obey(
        self,
        message: PupilsErased | EraseCommand | CameraOff | CorrectionsGiven,
        store: ClassroomStore,
    ) -> None:
        """Have the room do or keep what the school says."""
        match message:
            case PupilsErased():
                await store.erase(message.tombstones)
            case EraseCommand():
                await store.erase_pupil(message)
            case CameraOff():
                await store.obey_camera_off(message)
            case CorrectionsGiven() if message.boot == self._start:
                await self._take(message, store)
            case CorrectionsGiven():
                pass  # of a start that is over: its word is late. Who listens now says it again.

    def _note(
        self, message: ListsRefused | NotEnrolled | SchoolClock | IdentityShared | UpdateOffered
    ) -> None:
        """What the school says of this computer holds for the session, and its time as it says."""
        match message:
            case NotEnrolled():
                self.is_invited = True
            case ListsRefused():
                self.refused = message
            case IdentityShared(computers=computers):
                self.sharing = tuple(one for one in computers if one.boot != self._boot)
            case SchoolClock(at_ms=at_ms, zone=zone):
                self._hear_clock(at_ms, zone)
            case UpdateOffered():
                self._hear_update(message)

    async def _keep(
        self,
        message: PlanGiven | GuideGiven | TabletsConfirmed | PairsAnswered | KindsAnswered,
        store: ClassroomStore,
    ) -> None:
        """Keep what is given, and tell which plan is held; a full disk is given it again."""
        with contextlib.suppress(OutboxError):  # the store has said so
            match message:
                case GuideGiven():
                    await store.take_guide(message.guide)
                case PlanGiven():
                    if await store.take_plan(message.plan):
                        self.owe_birth()
                case TabletsConfirmed() if self._start in {"", message.boot}:
                    await store.confirm_tablets(message.devices)
                case PairsAnswered() if self._start in {"", message.boot}:
                    await store.pair(message.pairs)
                case KindsAnswered() if self._start in {"", message.boot}:
                    await store.be_told_kinds(message.kinds)
                case TabletsConfirmed() | PairsAnswered() | KindsAnswered():
                    pass  # of a start that is over: who listens now says it in this session

    async def _keep_kit(self, given: KitGiven, store: ClassroomStore) -> None:
        """Hold the room against it, and tell how it stands now."""
        with contextlib.suppress(OutboxError):  # the store has said so
            if await store.take_kit(given.lines if given.is_chosen else None):
                self.owe_birth()

    async def _take(self, given: CorrectionsGiven, store: ClassroomStore) -> None:
        """Keep what the school corrected; it is said again as long as nothing answers."""
        with contextlib.suppress(OutboxError):  # the store has said so
            await store.teach(lambda teaching, now: teaching.take_corrections(given, now))

    def _presence(self, session: int, *, online: bool) -> Letter:
        presence = Presence(boot=self._boot, at_ms=self._now_ms(), session=session, online=online)
        topic = topic_of(Address(self._place, Channel.STATE))
        return Letter(topic, to_bytes(presence), retain=True)
