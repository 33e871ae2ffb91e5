"""This file is the core: one message in, what it changes out. Pure.

A fleet is one school's agents and devices as they are now. Time comes in as an argument and is
the controller's own: an agent's clock may be years off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from functools import cache
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from controller.fleet.dating import ClocksAhead, LessonDays, dated
from controller.fleet.equipment import Equipment, is_doubted
from controller.fleet.records import (
    AgentRecord,
    AttendanceRecord,
    ChainHeadRecord,
    CorrectionsHeld,
    DeviceRecord,
    ErasureProofRecord,
    EventRecord,
    Explanation,
    FaultRecord,
    LessonRecord,
    RollRecord,
)
from controller.fleet.runs import run_of
from protocol.fields import fields_for, record_of
from protocol.health import ReasonCode
from protocol.messages import (
    ERASED,
    AnyEvent,
    AttendanceMarked,
    Birth,
    CorrectionsKept,
    DeviceForgotten,
    DeviceState,
    ErasureProof,
    Explained,
    FaultReported,
    HeadTold,
    Health,
    LessonEnded,
    LessonResumed,
    LessonStarted,
    Presence,
    RollConfirmed,
    RollReopened,
    State,
    TeachersWord,
    Up,
)
from protocol.model import Place, Reason, Status
from protocol.ranges import Stream

LOST_AFTER_BEATS: Final = 3
ASK_EVERY_MS: Final = 10_000  # a birth is a long message; one answers every question of a while
MINUTE_MS: Final = 60_000

_HEADER: Final = frozenset({"v", "boot", "at_ms", "id", "seq", "age_s", "room"})
_to_json: Final = msgspec.json.Encoder().encode


class StreamChanged(NamedTuple):
    """An agent's event numbers moved on; ranges: which arrived (Stream.to_text).

    run: the start's place in the agent's history (runs.py), 0 while it has none.
    """

    place: Place
    boot: str
    ranges: str
    run: int = 0


class Touched(NamedTuple):
    """Devices were seen again and are otherwise as before."""

    place: Place
    device_ids: tuple[str, ...]
    last_seen_ms: int


class Ask(NamedTuple):
    """The agent shall be asked for a birth."""

    agent: str
    reason: str


Change = (
    AgentRecord
    | DeviceRecord
    | EventRecord
    | AttendanceRecord
    | RollRecord
    | LessonRecord
    | FaultRecord
    | ErasureProofRecord
    | ChainHeadRecord
    | CorrectionsHeld
    | Explanation
    | StreamChanged
    | Touched
    | Ask
)


class _LastHeard(NamedTuple):
    """How far a boot had come when another one spoke: its session, and its newest birth or beat."""

    session: int
    rev: int


_NEVER: Final = _LastHeard(-1, -1)


class Fleet:
    """One school's present: what each message and each passing minute changes in it."""

    def __init__(
        self,
        school: Place,
        zone: tzinfo,
        *,
        agents: Iterable[AgentRecord] = (),
        devices: Iterable[DeviceRecord] = (),
        streams: Iterable[StreamChanged] = (),
        lesson_days: Mapping[tuple[str, str], str] | None = None,
        newest_change: int = 0,
        device_silent_s: float = 900.0,
        awake_since_ms: int = 0,
    ) -> None:
        self._school = school
        self._zone = zone
        self.agents = {record.place.agent: record for record in agents}
        self._equipment = Equipment(devices, newest_change, self._is_online)
        self._streams: dict[tuple[str, str], Stream] = {}
        self._runs: dict[str, dict[str, int]] = {}
        for change in streams:
            agent_id, ranges = change.place.agent, Stream.from_text(change.ranges)
            self._streams[agent_id, change.boot] = ranges
            if change.run:
                self._runs.setdefault(agent_id, {})[change.boot] = change.run
        self._past_boots: dict[str, _LastHeard] = {}
        self._asked_ms: dict[str, int] = {}
        self._lesson_seq: dict[tuple[str, str], int] = {}
        self.ahead = ClocksAhead()
        self._lesson_days = LessonDays(lesson_days)
        self._device_silent_ms = device_silent_s * 1000
        self.awake_since_ms = awake_since_ms

    @property
    def devices(self) -> Mapping[str, DeviceRecord]:
        """Every device by its id, removed ones among them."""
        return self._equipment.devices

    def hear(self, agent_id: str, message: Up, now_ms: int) -> list[Change]:
        """Take one message of an agent; returns what it changes, nothing for a repeated one."""
        match message:
            case Presence():
                return self._hear_presence(agent_id, message, now_ms)
            case Birth():
                return self._hear_birth(agent_id, message, now_ms)
            case Health() | DeviceState() | DeviceForgotten():
                return self._hear_state(agent_id, message, now_ms)
            case Explained():
                past = self._is_past(message)
                return [] if past else [Explanation(self._school.of_agent(agent_id), message)]
            case _:
                return self._hear_event(agent_id, message, now_ms)

    def hear_again(self, agent_id: str, message: Up, now_ms: int) -> list[Change]:
        """Take a message that was passed over: of an event, what it records."""
        if isinstance(message, Presence | State):
            return self.hear(agent_id, message, now_ms)
        place, boot = self._agent(agent_id, now_ms).place, message.boot
        is_new = boot not in self._runs.get(agent_id, ())
        run, ranges = self._run(agent_id, boot), self._stream(agent_id, boot).to_text()
        told = [StreamChanged(place, boot, ranges, run)] if is_new else []
        return [*self._records_of(place, message, now_ms, run), *told]

    def hear_retold(self, agent_id: str, message: AnyEvent, now_ms: int) -> list[Change]:
        """Take an event that is told again: it is history, and turns nothing."""
        return self._arrive(self._agent(agent_id, now_ms), message, now_ms)

    def pass_over(self, agent_id: str, boot: str, seq: int) -> list[Change]:
        """An event arrived that this program cannot read: it is not missing, and not recorded."""
        stream = self._stream(agent_id, boot)
        if not stream.add(seq):
            return []
        run = self._run(agent_id, boot)
        return [StreamChanged(self._school.of_agent(agent_id), boot, stream.to_text(), run)]

    def expire(self, now_ms: int) -> list[Change]:
        """Let time pass: agents and devices that have been silent too long become unknown."""
        changes: list[Change] = []
        for agent in list(self.agents.values()):
            silent_ms = self._silent_ms(agent.last_seen_ms, now_ms)
            if agent.online and silent_ms > LOST_AFTER_BEATS * agent.beat_s * 1000:
                reason = Reason(ReasonCode.SILENT, silent_ms // MINUTE_MS)
                changes += self._lose(agent, reason, now_ms)
        for device in list(self.devices.values()):
            silent_ms = self._silent_ms(device.last_seen_ms, now_ms)
            if silent_ms > self._device_silent_ms and device.status is not Status.UNKNOWN:
                reason = Reason(ReasonCode.SILENT, silent_ms // MINUTE_MS)
                changes += self._equipment.doubt(device, reason, now_ms)
        return changes

    @property
    def confirmed(self) -> frozenset[str]:
        """The devices that the school's book names, as far as the records say so."""
        return self._equipment.confirmed

    def confirm(self, device_ids: frozenset[str], now_ms: int) -> list[Change]:
        """The school's book names these devices, and no others; empty if nothing changes."""
        return [*self._equipment.confirm(device_ids, now_ms)]

    def contest(self, device_ids: Iterable[str], now_ms: int) -> list[Change]:
        """The department says that these ids name no piece; empty if nothing changes."""
        return [*self._equipment.contest(device_ids, now_ms)]

    def remove(self, device_id: str, now_ms: int) -> list[Change]:
        """A person takes a device out of the room's list; empty if there is no such device."""
        return [*self._equipment.remove(device_id, now_ms)]

    def restore(self, device_id: str, now_ms: int) -> list[Change]:
        """Bring back what a person took out; empty if nothing is to be brought back."""
        return [*self._equipment.restore(device_id, now_ms)]

    def rename(self, device_id: str, name: str, now_ms: int) -> list[Change]:
        """A person calls a device so; empty if there is no such device."""
        return [*self._equipment.rename(device_id, name, now_ms)]

    def _is_online(self, agent_id: str) -> bool:
        agent = self.agents.get(agent_id)
        return agent is not None and agent.online

    def _silent_ms(self, last_seen_ms: int, now_ms: int) -> int:
        """How long nothing was heard; while the controller was away, nobody was silent."""
        return now_ms - max(last_seen_ms, self.awake_since_ms)

    def _hear_presence(self, agent_id: str, message: Presence, now_ms: int) -> list[Change]:
        agent = self._agent(agent_id, now_ms)
        if message.session <= self._last_heard(message.boot).session:
            return []
        if message.online:
            if message.boot == agent.boot and message.session <= agent.session:
                return []
            self.ahead.note(agent_id, message.boot, message.at_ms - now_ms)
            return [self._adopt_boot(agent, message.boot, message.session, now_ms)]
        if (message.boot, message.session) != (agent.boot, agent.session) or not agent.online:
            return []
        return self._lose(agent, Reason(ReasonCode.AGENT_LOST), now_ms)

    def _hear_birth(self, agent_id: str, message: Birth, now_ms: int) -> list[Change]:
        agent = self._agent(agent_id, now_ms)
        if self._is_past(message) or self._is_stale(agent, message.boot, message.rev):
            return []
        agent = self._adopt_boot(agent, message.boot, message.session, now_ms)
        fields = fields_for(AgentRecord, message) | {"session": agent.session, "schema": message.v}
        agent = self._keep_agent(replace(agent, **fields), now_ms)
        changes: list[Change] = [agent]
        alive = {
            device.device_id for device in message.devices if device.status is not Status.UNKNOWN
        }
        for device in message.devices:
            changes += self._equipment.claim(agent, device, message.rev, now_ms, alive)
        return changes + self._doubt_unreported(agent_id, message, now_ms)

    def _doubt_unreported(self, agent_id: str, message: Birth, now_ms: int) -> list[Change]:
        """An agent vouches no more for what its birth leaves out."""
        reported = {
            self._equipment.kept_id(device.device_id, agent_id) for device in message.devices
        }
        changes: list[Change] = []
        for record in list(self.devices.values()):
            if record.place.agent == agent_id and record.device_id not in reported:
                changes += self._equipment.doubt(record, Reason(ReasonCode.NOT_REPORTED), now_ms)
        return changes

    def _hear_state(
        self, agent_id: str, message: Health | DeviceState | DeviceForgotten, now_ms: int
    ) -> list[Change]:
        agent = self.agents.get(agent_id)
        if agent is None or message.boot != agent.boot or not agent.online or not agent.rev:
            return [] if self._is_past(message) else self._ask(agent_id, "unborn", now_ms)
        match message:
            case Health():
                return self._hear_health(agent, message, now_ms)
            case DeviceState():
                agent_record = self._keep_agent(agent, now_ms)
                return [*self._equipment.claim(agent_record, message.device, message.rev, now_ms)]
            case DeviceForgotten():
                device_id = self._equipment.kept_id(message.device_id, agent_id)
                record = self.devices.get(device_id)
                if record is None or record.place.agent != agent_id:
                    return []
                return self.remove(device_id, now_ms)

    def _hear_health(self, agent: AgentRecord, message: Health, now_ms: int) -> list[Change]:
        if self._is_stale(agent, message.boot, message.rev):
            return []
        fields = fields_for(AgentRecord, message) | {"schema": message.v}
        changes: list[Change] = [self._keep_agent(replace(agent, **fields), now_ms)]
        return changes + self._touch(agent, message.seen, now_ms)

    def _touch(self, agent: AgentRecord, device_ids: tuple[str, ...], now_ms: int) -> list[Change]:
        """Devices that the agent still sees; one that this school doubts needs a birth."""
        touched, doubted = [], False
        changes: list[Change] = []
        for told_id in device_ids:
            device_id = self._equipment.kept_id(told_id, agent.place.agent)
            record = self.devices.get(device_id)
            if record is None or is_doubted(record):
                doubted = True
            elif record.place.agent == agent.place.agent:
                self._equipment.touch(record, now_ms)
                touched.append(device_id)
            elif proven := self._equipment.vouch(record, agent, now_ms):
                changes += proven
                doubted = True  # its own piece is told by a birth
        changes += [Touched(agent.place, tuple(touched), now_ms)] if touched else []
        return changes + (self._ask(agent.place.agent, "doubted", now_ms) if doubted else [])

    def _hear_event(self, agent_id: str, message: AnyEvent, now_ms: int) -> list[Change]:
        agent = self._agent(agent_id, now_ms)
        stream = self._stream(agent_id, message.boot)
        gap_before = stream.missing
        changes = self._arrive(agent, message, now_ms, self.ahead.of(agent_id, message.boot))
        if changes and stream.missing > gap_before:
            changes += self._ask(agent_id, "gap", now_ms)
        if changes and message.boot == agent.boot:
            changes += self._turn_lesson(agent_id, message, now_ms)
        return changes

    def _arrive(
        self, agent: AgentRecord, message: AnyEvent, now_ms: int, ahead_ms: int = 0
    ) -> list[Change]:
        """Count an event as arrived, and record it; nothing if it had arrived before."""
        stream = self._stream(agent.place.agent, message.boot)
        gap_before = stream.missing
        if not stream.add(message.seq):
            return []
        run = self._run(agent.place.agent, message.boot)
        changes: list[Change] = [
            *self._records_of(agent.place, message, now_ms, run, ahead_ms),
            StreamChanged(agent.place, message.boot, stream.to_text(), run),
        ]
        if stream.missing != gap_before:
            changes.append(self._recount_missing(agent, now_ms))
        return changes

    def _stream(self, agent_id: str, boot: str) -> Stream:
        stream = self._streams.get((agent_id, boot))
        if stream is None:
            stream = self._streams[agent_id, boot] = Stream()
        return stream

    def _run(self, agent_id: str, boot: str) -> int:
        """The place of an agent's start; one that has none yet gets it."""
        runs = self._runs.setdefault(agent_id, {})
        if boot not in runs:
            runs[boot] = run_of(boot, runs)
        return runs[boot]

    def _turn_lesson(self, agent_id: str, message: AnyEvent, now_ms: int) -> list[Change]:
        """Which lesson runs, by the event that the agent numbered last."""
        match message:
            case LessonStarted() | LessonResumed():
                lesson: str | None = message.lesson
            case LessonEnded():
                lesson = None
            case _:
                return []
        key = (agent_id, message.boot)
        if message.seq < self._lesson_seq.get(key, 0):
            return []
        self._lesson_seq[key] = message.seq
        return [self._keep_agent(replace(self.agents[agent_id], lesson=lesson), now_ms)]

    def _records_of(
        self, place: Place, message: AnyEvent, now_ms: int, run: int, ahead_ms: int = 0
    ) -> list[Change]:
        dating = dated(message, now_ms, self._zone, ahead_ms)
        match message:
            case LessonStarted():
                self._lesson_days.note(place.agent, message.lesson, dating)
            case RollConfirmed():
                dating = self._lesson_days.of_roll(place.agent, message, dating)
        at: dict[str, Any] = {
            "place": place,
            "event_id": message.id,
            "received_ms": now_ms,
            "run": run,
            "at_ms": dating.at_ms,
            "day": dating.day,
            "told_ms": dating.told_ms,
            "told_day": dating.told_day,
        }
        match message:
            case AttendanceMarked():
                at |= {"erased": message.student == ERASED, **_voucher_of(message)}
                return [record_of(AttendanceRecord, message, **at)]
            case RollConfirmed():
                tombstones = sum(line.student == ERASED for line in message.lines)
                at |= {"reopened": False, "erased": tombstones, **_voucher_of(message)}
                return [record_of(RollRecord, message, **at)]
            case RollReopened():
                at |= {"reopened": True, **_voucher_of(message)}
                return [record_of(RollRecord, message, **at)]
            case ErasureProof():
                return [record_of(ErasureProofRecord, message, left_files=message.left, **at)]
            case HeadTold(chain=head):
                at = {"place": place, "room": message.room, "received_ms": now_ms}
                return [record_of(ChainHeadRecord, head, **at)]
            case CorrectionsKept():
                return [CorrectionsHeld(place, message.of, message.number)]
            case FaultReported():
                return [_event_of(message, at), record_of(FaultRecord, message, **at)]
            case _:
                return [_event_of(message, at)]

    def _agent(self, agent_id: str, now_ms: int) -> AgentRecord:
        if agent := self.agents.get(agent_id):
            return agent
        fresh = AgentRecord(place=self._school.of_agent(agent_id), first_seen_ms=now_ms)
        return self._keep_agent(fresh, now_ms)

    def _adopt_boot(self, agent: AgentRecord, boot: str, session: int, now_ms: int) -> AgentRecord:
        if agent.boot and agent.boot != boot:
            self._past_boots[agent.boot] = _LastHeard(agent.session, agent.rev)
        self._past_boots.pop(boot, None)
        same = agent.boot == boot
        session = max(session, agent.session) if same else session
        rev = agent.rev if same else 0
        adopted = replace(agent, boot=boot, session=session, rev=rev, online=True)
        return self._keep_agent(adopted, now_ms)

    def _keep_agent(self, record: AgentRecord, now_ms: int) -> AgentRecord:
        before = self.agents.get(record.place.agent)
        same = before and before.status is record.status and before.since_ms
        agent = replace(record, last_seen_ms=now_ms, since_ms=same or now_ms)
        self.agents[record.place.agent] = agent
        return agent

    def _lose(self, agent: AgentRecord, reason: Reason, now_ms: int) -> list[Change]:
        """A lost agent makes its devices unknown: nobody vouches for them now."""
        lost = self._keep_agent(
            replace(agent, online=False, status=Status.UNKNOWN, reasons=(reason,)), now_ms
        )
        lost = self.agents[agent.place.agent] = replace(lost, last_seen_ms=agent.last_seen_ms)
        changes: list[Change] = [lost]
        for device in list(self.devices.values()):
            if device.place.agent == agent.place.agent and device.status is not Status.UNKNOWN:
                changes += self._equipment.doubt(device, Reason(ReasonCode.AGENT_LOST), now_ms)
        return changes

    def _recount_missing(self, agent: AgentRecord, now_ms: int) -> AgentRecord:
        agent_id = agent.place.agent
        missing = sum(
            stream.missing for (owner, _), stream in self._streams.items() if owner == agent_id
        )
        return self._keep_agent(replace(self.agents[agent_id], missing=missing), now_ms)

    def _ask(self, agent_id: str, reason: str, now_ms: int) -> list[Change]:
        if now_ms - self._asked_ms.get(agent_id, -ASK_EVERY_MS) < ASK_EVERY_MS:
            return []
        self._asked_ms[agent_id] = now_ms
        return [Ask(agent_id, reason)]

    def _last_heard(self, boot: str) -> _LastHeard:
        return self._past_boots.get(boot, _NEVER)

    def _is_past(self, message: State) -> bool:
        """Whether another boot has spoken since. One that goes on speaking is no past one.

        A broker may bring an old boot's word after a new one's; the new one alone has more to say.
        """
        return message.rev <= self._last_heard(message.boot).rev

    @staticmethod
    def _is_stale(agent: AgentRecord, boot: str, rev: int) -> bool:
        return agent.boot == boot and rev <= agent.rev


def _voucher_of(message: TeachersWord) -> dict[str, str | None]:
    """Who vouched for it, and by what; nothing where the school did not ask."""
    return {"teacher": message.teacher or None, "proof": message.proof or None}


def _event_of(message: AnyEvent, at: Mapping[str, Any]) -> EventRecord:
    if not getattr(message, "lesson", None):
        at = {**at, "day": None}
    kind = str(message.__struct_config__.tag)
    return record_of(EventRecord, message, kind=kind, body=_body_of(message), **at)


def _body_of(message: AnyEvent) -> bytes:
    """The kind's own fields, as a JSON object."""
    return _to_json({name: getattr(message, name) for name in _own(type(message))})


@cache
def _own(kind: type[AnyEvent]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name not in _HEADER)
