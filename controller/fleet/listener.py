"""This file is the fleet's part in the ingest: agents' messages, silence, questions to them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec.structs import replace
from sqlalchemy import Connection

from controller.database.changes import of_kind
from controller.database.witnesses import DAY_MS
from controller.feature import Command, Listener, MessageEffect, Program, Speaker
from controller.fleet.clones import as_cloned, clones_of
from controller.fleet.fleet import Ask, Change, Fleet
from controller.fleet.naming import name_in, renamed_since
from controller.fleet.records import AgentRecord, DeviceRecord
from controller.fleet.retelling import stored_at
from controller.fleet.sessions import ClockRounds, NewSessions
from controller.fleet.store import load_fleet
from controller.fleet.tablets import TabletTellings
from protocol.messages import (
    AnyEvent,
    Birth,
    Health,
    IdentityShared,
    Presence,
    Rebirth,
    SchoolClock,
    SharingComputer,
    State,
    TabletsConfirmed,
    Up,
)
from protocol.sharing import names_of

_LOGGER = logging.getLogger(__name__)
_BEAT: Final = (Birth, Health)


class FleetListener(Listener[Up]):
    """Hears agents; keeps the fleet as the last commit left it."""

    def __init__(self, program: Program) -> None:
        self.speaker = Speaker.AGENT if program.config.hears_rooms else None
        self._program = program
        self._awake_since_ms = program.now_ms()
        self._fleet = Fleet(program.school, program.zone)
        self._clones = program.service(clones_of)
        self._sessions = NewSessions()
        self._stored: list[Command] = []
        self._clocks = ClockRounds()
        self._tablets = TabletTellings()
        self._ended: list[str] = []
        self._expected: tuple[int, frozenset[str]] | None = None
        self._ahead = self._fleet.ahead

    def knows(self, name: str) -> bool:
        """Whether it is a room's computer that has told something."""
        return name in self._fleet.agents

    @property
    def book_version(self) -> int | None:
        """The plan's version as of which it is known what the book names; None before."""
        return self._expected and self._expected[0]

    def expect(self, version: int, device_ids: frozenset[str]) -> None:
        """As of this version of the plan the book names these devices."""
        self._expected = version, device_ids

    def confirm(self, now_ms: int) -> Sequence[object]:
        """Let what the book names be equipment, and nothing else by its word."""
        changes = self._fleet.confirm(self._expected[1], now_ms) if self._expected else []
        self._tablets.see(changes)
        return changes

    def load(self, db: Connection) -> None:
        """Read the school's present."""
        self._sessions.forget()
        self._fleet = load_fleet(
            db,
            self._program.school,
            self._program.zone,
            device_silent_s=self._program.config.device_silent_s,
            awake_since_ms=self._awake_since_ms,
        )
        self._fleet.ahead = self._ahead  # heard once a session, and stored nowhere

    def greet(self, now_ms: int) -> None:
        """Nobody was silent while nobody could be heard."""
        self._sessions.forget()
        self._tablets.forget()
        self._awake_since_ms = now_ms
        self._fleet.awake_since_ms = now_ms

    def hear(self, agent: str, message: Up, now_ms: int) -> MessageEffect:
        """Take one message of an agent; of two computers of one name one speaks for the room."""
        now_s = time.monotonic()
        match message:
            case Birth():
                self._clones.hear_birth(agent, message, now_s, now_ms)
            case Presence():
                self._clones.hear_presence(agent, message, now_s)
        if self._clones.are_some and self._is_passed_over(agent, message, now_s):
            return MessageEffect()
        return self._take(agent, message, now_ms)

    def _is_passed_over(self, agent: str, message: Up, now_s: float) -> bool:
        return isinstance(message, State | Presence) and self._clones.is_passed_over(
            agent, message, now_s
        )

    def hear_retained(self, agent: str, message: Up, now_ms: int) -> MessageEffect:
        """An end that was kept is an end; a beginning may be long over."""
        if isinstance(message, Presence) and message.online:
            return MessageEffect()
        return self._take(agent, message, now_ms)

    def _take(self, agent: str, message: Up, now_ms: int) -> MessageEffect:
        """What an agent says of the present bears witness to the time."""
        if isinstance(message, _BEAT):
            self._program.clock.hear(agent, message.at_ms)
        return MessageEffect(self._judged(self._fleet.hear(agent, message, now_ms)))

    def hear_again(self, agent: str, message: Up, now_ms: int) -> MessageEffect:
        """Record an event whose number counts as arrived; a state counts only if it is newer."""
        return MessageEffect(self._judged(self._fleet.hear_again(agent, message, now_ms)))

    def hear_retold(self, agent: str, message: Up, now_ms: int) -> MessageEffect:
        """Record an event that was lost here."""
        assert isinstance(message, AnyEvent)  # noqa: S101 - nothing else belongs to its topic
        return MessageEffect(self._judged(self._fleet.hear_retold(agent, message, now_ms)))

    def pass_over(self, agent: str, boot: str, seq: int) -> Sequence[object]:
        """Count an event that cannot be read as arrived."""
        return self._fleet.pass_over(agent, boot, seq)

    def expire(self, now_ms: int) -> Sequence[object]:
        """Let silence become unknown, and two computers of one name one again."""
        known = self._fleet.agents
        ended = [known[name] for name in self._clones.take_ended(time.monotonic()) if name in known]
        self._ended += [agent.place.agent for agent in ended]
        return [*self._judged([*ended, *self._fleet.expire(now_ms)]), *self.confirm(now_ms)]

    def remove(self, device_id: str, now_ms: int) -> Sequence[object]:
        """A person takes a device out; empty if there is none."""
        return self._fleet.remove(device_id, now_ms)

    def restore(self, device_id: str, now_ms: int) -> Sequence[object]:
        """A person brings back what was taken out; empty if there is nothing to bring back."""
        return self._fleet.restore(device_id, now_ms)

    def device(self, device_id: str) -> DeviceRecord | None:
        """A device as it is now, one that was taken out among them."""
        return self._fleet.devices.get(device_id)

    def given_name(self, device_id: str) -> str:
        """What people call a device now; empty where they do not."""
        device = self.device(device_id)
        return (device and device.given_name) or ""

    def rename(
        self, device_id: str, name: str, now_ms: int, *, was: str | None = None
    ) -> Sequence[object]:
        """A person calls a device so, empty for as it tells itself; empty if there is none.

        was: only if people call it so now. Raises ActionError for a name that is no name.
        """
        if was not in {None, self.given_name(device_id)}:
            raise renamed_since()
        return self._fleet.rename(device_id, name_in(name), now_ms)

    def contest(self, device_ids: Iterable[str], now_ms: int) -> Sequence[object]:
        """The department says that these ids name no piece; empty if that was known."""
        return self._judged(self._fleet.contest(device_ids, now_ms))

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Look up what is stored of agents whose session is new."""
        agents = self._sessions.take()
        self._stored = [self._stored_of(db, agent, now_ms) for agent in agents]
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Ask those agents that must say it all again, and say what is stored of the others."""
        self._sessions.see(changes)
        stored, self._stored = self._stored, []
        yield from stored
        yield from self._tell_time(changes, now_ms)
        yield from self._tell_tablets(changes, now_ms)
        yield from self._ask_clones(now_ms)
        yield from self._tell_clones(now_ms)
        for ask in of_kind(changes, Ask):
            _LOGGER.info("asking agent %s for a birth: %s", ask.agent, ask.reason)
            rebirth = Rebirth(boot=self._program.boot, at_ms=now_ms, reason=ask.reason)
            yield Command(ask.agent, "rebirth", rebirth)

    def _tell_time(self, changes: Sequence[object], now_ms: int) -> Iterator[Command]:
        """Say what time it is here, while that is sure: rooms go by it, and bear witness to it."""
        self._clocks.see(changes)
        if not self._program.clock.believed:
            return
        for agent in self._clocks.due(self._fleet.agents.values(), time.monotonic()):
            message = SchoolClock(
                boot=self._program.boot, at_ms=now_ms, zone=self._program.zone.key
            )
            yield Command(agent.place.agent, "clock", message)

    def _tell_tablets(self, changes: Sequence[object], now_ms: int) -> Iterator[Command]:
        """Let rooms know which of their tablets the book names, once the records say so, too."""
        self._tablets.see(changes)
        if self._expected is None or self._fleet.confirmed != self._expected[1]:
            return
        for name, ids in self._tablets.due(self._fleet.agents, self._fleet.devices.values()):
            message = TabletsConfirmed(boot=self._program.boot, at_ms=now_ms, devices=ids)
            yield Command(name, "tablets", message, qos=1)

    def _ask_clones(self, now_ms: int) -> Iterator[Command]:
        """Have those speak that may be two."""
        for name, starts in self._clones.take_asks(time.monotonic()).items():
            _LOGGER.info("a start of agent %s began beside another: asking both", name)
            for start in starts:
                rebirth = Rebirth(boot=self._program.boot, at_ms=now_ms, reason="shared")
                yield Command(name, "rebirth", rebirth, start=start)

    def _tell_clones(self, now_ms: int) -> Iterator[Command]:
        """Tell those that are two of each other, and those that are one again."""
        ended, self._ended = self._ended, []
        for name in ended:
            yield Command(name, "shared", IdentityShared(boot=self._program.boot, at_ms=now_ms))
        for name in self._clones.take_tellings(time.monotonic()):
            here = tuple(self._sharing(name))
            shared = IdentityShared(boot=self._program.boot, at_ms=now_ms, computers=here)
            for one in here:
                yield Command(name, "shared", shared, start=one.boot)

    def _sharing(self, agent: str) -> list[SharingComputer]:
        """The computers of an agent that are here, with the addresses of their lines."""
        address_of = self._program.address_of
        return [
            replace(one, address=address_of(agent, one.boot))
            for one in self._clones.computers(agent, time.monotonic())
        ]

    def _judged(self, changes: list[Change]) -> list[Change]:
        """The changes, with the agents that are two computers shown as such."""
        if not self._clones.are_some:
            return changes
        return [self._judged_agent(one) if isinstance(one, AgentRecord) else one for one in changes]

    def _judged_agent(self, agent: AgentRecord) -> AgentRecord:
        since_ms = self._clones.since_ms(agent.place.agent)
        if since_ms is None:
            return agent
        return as_cloned(agent, since_ms, names_of(self._sharing(agent.place.agent)))

    def _stored_of(self, db: Connection, agent: AgentRecord, now_ms: int) -> Command:
        since_ms = self._since_ms()
        stored = stored_at(db, agent.place, self._program.boot, now_ms, since_ms)
        return Command(agent.place.agent, "stored", stored, qos=1)

    def _since_ms(self) -> int:
        """What happened before would soon be let go; 0 while the clock is in doubt."""
        config, clock = self._program.config, self._program.clock
        days = min(config.keep_days, config.attendance_keep_days)
        believed_ms = clock.look()
        return max(0, believed_ms - days * DAY_MS) if clock.believed else 0
