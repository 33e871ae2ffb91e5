"""This file looks at the school again and again, and keeps what of it is an incident."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec.structs import replace
from sqlalchemy import Connection

from controller.database.store import StoreError
from controller.feature import Program
from controller.fleet.records import AgentRecord, DeviceRecord
from controller.incidents import store as kept
from controller.incidents.causes import Network, RoomId, Signal, signals_of, subnet_of
from controller.incidents.changed import IncidentsChanged
from controller.incidents.handling import (
    Handling,
    HandlingDeed,
    HandlingMove,
    handling_of,
    stands_already,
)
from controller.incidents.incident import Incident, IncidentBook, Look, step
from controller.incidents.items import IncidentsChangedItem
from controller.incidents.own import OwnFindings
from controller.incidents.quiet import LOOK_BACK_DAYS, SchoolHours
from controller.live.live import LiveView
from controller.live.rooms import RoomSummary, key_of
from controller.live.subscription import News, NewsKind
from controller.repairs.store import count_open
from controller.roster.store import plan_of
from protocol.errors import ActionError
from protocol.model import DeviceKind
from protocol.state_log import StateLog
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
REST_S: Final = 1.0  # between two looks, however much changes
PLAN_EVERY_MS: Final = 60_000
_DAY_MS: Final = 86_400_000


class _Seen(NamedTuple):
    """The present at a moment: what the event loop alone may read."""

    rooms: Sequence[RoomSummary]
    agents: Sequence[AgentRecord]


class Findings(Protocol):
    """What is looked up about the server itself."""

    def signals(self, now_ms: int) -> list[Signal]:
        """What is wrong with it."""


class Incidents:
    """The causes of what is wrong, and how they are handled."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._live = program.service(LiveView)
        self._changed = asyncio.Event()
        self._book: IncidentBook | None = None
        self._subnets: dict[str, str] = {}
        self._hours: SchoolHours | None = None
        self._hours_ms = 0
        self._own: Findings = OwnFindings(program)
        self._trouble = StateLog(_LOGGER, "incidents are not kept now")

    async def run(self) -> None:
        """Look at each change, and from time to time, until cancelled."""
        await self._live.load()
        while True:
            self._changed.clear()
            try:
                await self.look()
                self._trouble.went_well()
            except StoreError as error:
                self._book = None  # what is stored counts
                self._trouble.failed(error)
            await asyncio.sleep(REST_S)
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._changed.wait()
            except TimeoutError:
                pass

    def hear(self, changes: Sequence[object]) -> None:
        """Something has changed: look again soon, and have the pages look at what is stored."""
        self._changed.set()
        if any(isinstance(change, IncidentsChanged) for change in changes):
            rooms = [room.key for room in self._live.rooms()]
            self._live.announce([News(NewsKind.INCIDENT, rooms, IncidentsChangedItem)])

    async def look(self) -> None:
        """Look once, and keep and tell what is new. Raises StoreError."""
        now_ms, seen = self._program.now_ms(), _Seen(self._live.rooms(), self._live.agents())
        addresses = self._addresses(seen.agents)
        if await asyncio.to_thread(self._look, now_ms, seen, addresses):
            self._program.publish([IncidentsChanged(now_ms)])

    def _look(self, now_ms: int, seen: _Seen, new: Mapping[str, str]) -> bool:
        """In a thread: one look. Returns whether pages show something else now."""
        program, place = self._program, self._program.school
        if self._book is None:
            self._book = program.store.read(kept.book_of, place, now_ms)
            self._subnets = program.store.read(kept.subnets_of, place)
        fresh = {agent: one for agent, one in new.items() if self._subnets.get(agent) != one}
        if fresh:
            program.store.write(kept.keep_subnets, place, fresh.items())
            self._subnets |= fresh
        signals = [*signals_of(seen.rooms), *self._own.signals(now_ms)]
        return self.keep(Look(now_ms, signals, self.hours(now_ms), self._network(seen)))

    def keep(self, look: Look) -> bool:
        """Go on by a look; whether pages show something else now. Raises StoreError."""
        program, before = self._program, self._book
        if before is None:
            before = program.store.read(kept.book_of, program.school, look.now_ms)
        after = step(before, look)
        if after != before:
            program.store.write(kept.keep_book, program.school, before, after)
        self._book = after
        return _shown(before) != _shown(after)

    def hours(self, now_ms: int) -> SchoolHours:
        """When somebody is at school, as the plan has it by now. Raises StoreError."""
        hours = self._hours
        if hours is None or not 0 <= now_ms - self._hours_ms < PLAN_EVERY_MS:
            program, since_ms = self._program, now_ms - LOOK_BACK_DAYS * _DAY_MS
            plan = program.store.read(plan_of, program.school)
            pauses = program.store.read(kept.maintenances_since, program.school, since_ms)
            hours = self._hours = SchoolHours(plan, program.zone, pauses)
            self._hours_ms = now_ms
        return hours

    @property
    def is_heard(self) -> bool:
        """Whether any room is heard now; to be asked on the event loop."""
        return any(agent.online for agent in self._live.agents())

    def network_devices(self) -> dict[str, DeviceRecord]:
        """Switches and their like, by id: causes name them."""
        devices = self._live.devices()
        return {one.device_id: one for one in devices if one.kind is DeviceKind.NETWORK}

    def open_repairs(self) -> int:
        """How many repairs are open. Raises StoreError."""
        return self._program.store.read(count_open, self._program.school)

    def forget_hours(self) -> None:
        """The next look reads the plan anew."""
        self._hours = None

    def open(self) -> list[tuple[Incident, Handling]]:
        """Those that are not over, and how they are handled. Raises StoreError."""
        program = self._program
        with program.store.view() as db:
            incidents = kept.open_incidents(db, program.school)
            return self._handled(db, incidents)

    def closed(self, before: int | None, scope: str, limit: int) -> list[tuple[Incident, Handling]]:
        """Those that are over, the newest first. Raises StoreError."""
        program = self._program
        with program.store.view() as db:
            incidents = kept.closed_incidents(
                db, program.school, before=before, scope=scope, limit=limit
            )
            return self._handled(db, incidents)

    def handle(
        self,
        number: int,
        deed: HandlingDeed,
        who: str,
        until_ms: int | None = None,
        *,
        move: int | None = None,
    ) -> Sequence[object]:
        """Do a deed about an incident; returns what is new. Raises ActionError, StoreError.

        move: which an undo means; if it is not the newest any more, nothing is done.
        """
        wish = HandlingMove(
            incident=number,
            deed=deed,
            until_ms=until_ms,
            who=who,
            at_ms=self._program.now_ms(),
            undoes=move,
        )
        return self._program.store.write(self._handle, wish)

    def _handle(self, db: Connection, wish: HandlingMove) -> Sequence[object]:
        """Keep what is wished for; an undo under the number of what it undoes."""
        place, number = self._program.school, wish.incident
        if kept.incident_at(db, place, number) is None:
            raise ActionError(
                "incident_unknown", N_("There is no such incident."), N_("Look at the list again.")
            )
        moves = kept.moves_of(db, place, [number]).get(number, ())
        handling = handling_of(moves, wish.at_ms)
        if stands_already(wish, handling):
            return []
        if wish.deed is HandlingDeed.UNDO:
            last = handling.last
            if last is None or wish.undoes not in {None, last.no}:
                return []
            wish = replace(wish, undoes=last.no)
        kept.keep_handling(db, place, wish)
        return [IncidentsChanged(wish.at_ms)]

    def _handled(
        self, db: Connection, incidents: Collection[Incident]
    ) -> list[tuple[Incident, Handling]]:
        now_ms = self._program.now_ms()
        moves = kept.moves_of(db, self._program.school, [one.no for one in incidents])
        return [(one, handling_of(moves.get(one.no, ()), now_ms)) for one in incidents]

    def _addresses(self, known: Iterable[AgentRecord]) -> dict[str, str]:
        """From which network each agent that is heard speaks; on the event loop."""
        address_of: Callable[[str, str], str] = self._program.address_of
        agents = [agent for agent in known if agent.online]
        found = {
            agent.place.agent: subnet_of(address_of(agent.place.agent, agent.boot))
            for agent in agents
        }
        return {agent: subnet for agent, subnet in found.items() if subnet}

    def _network(self, seen: _Seen) -> Network:
        known = {(room.key.school, room.key.code) for room in seen.rooms if room.agents}
        keyed = [(key_of(agent), agent) for agent in seen.agents]
        up = {(key.school, key.code) for key, agent in keyed if agent.online}
        subnets: dict[RoomId, str] = {
            (key.school, key.code): subnet
            for key, agent in keyed
            if not agent.roaming and (subnet := self._subnets.get(agent.place.agent))
        }
        return Network(frozenset(known), frozenset(up), subnets)


def _shown(book: IncidentBook) -> list[Incident]:
    """What pages show of a book."""
    return [incident for incident in book.incidents if incident.closed_ms is None]
