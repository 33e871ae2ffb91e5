"""This file is the agent's core: one reading, tap or command in; what is to be said out. Pure.

Every step gives the classroom as it is afterwards. The step before stays valid, so that a
caller whose disk refuses what is to be said can go on from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple, TypeVar

import msgspec

from agent.equipment.addresses import MAX_TYPED, TypedAddress
from agent.equipment.condition import CALM, SWITCHED_OFF, DeviceCondition, condition_of
from agent.equipment.devices import THIS_MACHINE, Devices, DevicesStep
from agent.equipment.switch import LOCKED, CameraStanding, CameraSwitch
from agent.equipment.traces import FIXTURES
from agent.health.vitals import RoomReport, Vitals, line_findings, line_measures
from agent.lessons.lesson import Lesson
from agent.lessons.marks import MarkResult
from agent.lessons.rooms import RoomChoice, choices
from agent.lessons.teaching import Teaching, TeachingStep
from agent.placement import Placement, PlacementEvidence, PlacementSource
from agent.room import AgentRoom, Messages, Moment
from hardware.readings import (
    CameraReading,
    LineReading,
    ProjectorReading,
    Reading,
    RoomHeard,
    Sighting,
    SourceFlaw,
)
from protocol.health import Finding, Judgement, ReasonCode
from protocol.kit import KitProgram, KitTemplate, compare, lines_of, missing
from protocol.messages import MAX_BYTES, Birth, CameraOff, HostMeasures, KitLine, OutboxReport
from protocol.model import (
    NO_ROOM,
    AttendanceStatus,
    Device,
    Method,
    Reason,
    Status,
)
from protocol.version import BUILD

_DEVICES_BYTES: Final = MAX_BYTES - 32 * 1024  # the rest of a birth needs less than this

_encoder = msgspec.json.Encoder()

_Kind = TypeVar("_Kind", bound=Reading)
DevicesChange = Callable[[Devices, int], DevicesStep]


class ClassroomStep(NamedTuple):
    """The classroom afterwards, and what is to be said."""

    classroom: Classroom
    messages: Messages


class ClassroomView(NamedTuple):
    """What the teacher's screen shows of the room at one moment."""

    judgement: Judgement
    kit: tuple[KitLine, ...]
    devices: tuple[Device, ...]
    present_ids: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Classroom:
    """One room: where it is, its devices, its computer's health and line, its lesson and roll.

    template: what the room should have by the settings; asked: by the school's word, which comes
    before it; None where it has said none. own_switch: how people switched the cameras;
    camera_locked: the settings say off, whatever people say.
    typed: the addresses that people added. flaws: by source, how often what it said made no sense.
    zero_ms: where the wall clock stood when the steady one began; None before the first step.
    """

    room: AgentRoom
    placement: Placement
    devices: Devices
    vitals: Vitals
    teaching: Teaching
    template: KitTemplate = KitTemplate()  # noqa: RUF009 - frozen
    asked: tuple[KitLine, ...] | None = None
    flaws: Mapping[str, int] = field(default_factory=dict)
    line: LineReading | None = None
    programs: Mapping[str, KitProgram] = field(default_factory=dict)
    own_switch: CameraSwitch = CameraSwitch()  # noqa: RUF009 - frozen
    camera_locked: bool = False
    typed: tuple[TypedAddress, ...] = ()
    zero_ms: int | None = None

    @property
    def lesson(self) -> Lesson:
        """The room's lesson."""
        return self.teaching.lesson

    @property
    def camera(self) -> CameraSwitch:
        """How the room's cameras are switched: by the settings before all others."""
        return LOCKED if self.camera_locked else self.own_switch

    @property
    def camera_off(self) -> bool:
        """Whether no camera of the room may be looked through."""
        return self.camera.off

    def see(self, readings: Iterable[Reading], at_ms: int) -> ClassroomStep:
        """Take in what the senses saw: what comes and goes, and how it fares."""
        batch = list(readings)
        devices, messages = self.devices.see(_only(batch, Sighting), at_ms)
        devices, judged = devices.find(self._conditions(devices, batch), at_ms)
        after = replace(
            self,
            devices=devices,
            flaws=_count_flaws(self.flaws, _only(batch, SourceFlaw)),
            line=next(reversed(_only(batch, LineReading)), self.line),
            placement=_hear_rooms(self.placement, _only(batch, RoomHeard)),
        )
        step = after.learn(at_ms)
        return step._replace(messages=messages + judged + step.messages)

    def beat(
        self,
        measures: HostMeasures,
        outbox: OutboxReport,
        extra: tuple[Finding, ...],
        moment: Moment,
        programs: Mapping[str, KitProgram] | None = None,
    ) -> ClassroomStep:
        """Take in one beat's measures; yesterday's roll is let go here."""
        devices, messages = self.devices.settle(moment.at_ms)
        current = replace(self, devices=devices, programs=programs or self.programs)
        vitals, report = current.vitals.beat(
            measures,
            outbox,
            extra + current.findings(),
            current.report(),
            moment,
        )
        devices, judged = _judge_host(current.devices, vitals.judgement, moment.at_ms)
        teaching, ended = self.teaching.beat(moment)
        after = replace(current, vitals=vitals, devices=devices, teaching=teaching)
        return ClassroomStep(after, messages + report + judged + ended)

    def pick(self, room: str, at_ms: int) -> ClassroomStep:
        """The teacher says which room this is; only a roaming computer takes it."""
        return self._move_to(self.placement.pick(room, self._evidence()), at_ms)

    def rooms(self, moment: Moment) -> tuple[RoomChoice, ...]:
        """The rooms that a teacher may choose, the likeliest first."""
        teaching = self.teaching
        known = [room for room in (self.room.room, *self.placement.candidates()) if room != NO_ROOM]
        return choices(known, teaching.left, teaching.plan, teaching.guide, moment)

    def switch_camera(self, *, off: bool, at_ms: int) -> ClassroomStep:
        """A person in the room hides its cameras from us, or lets us look again."""
        return self._switch_cameras(self.own_switch.turn(off=off, at_ms=at_ms), at_ms)

    def obey_camera_off(self, command: CameraOff, at_ms: int) -> ClassroomStep:
        """The school has the room's cameras switched off."""
        switch = self.own_switch.obey(command.command, command.name, at_ms)
        return self._switch_cameras(switch, at_ms)

    def tell_cameras(self, at_ms: int, standing: CameraStanding) -> ClassroomStep:
        """Say how the cameras are switched, and what they are used for."""
        return ClassroomStep(self, [standing.told(self.room, at_ms)])

    def add(self, typed: TypedAddress) -> ClassroomStep:
        """A person added a device by its address; the oldest of too many is let go."""
        rest = tuple(address for address in self.typed if address.at != typed.at)
        return ClassroomStep(replace(self, typed=(*rest, typed)[-MAX_TYPED:]), [])

    def forget(self, device_id: str, at_ms: int) -> ClassroomStep:
        """Forget a device, and the address by which a person added it.

        Raises KeyError if it is not known.
        """
        addresses = {sighting.address for sighting in self.devices.sightings_of(device_id)}
        typed = tuple(address for address in self.typed if address.host not in addresses - {""})
        devices, messages = self.devices.forget(device_id, at_ms)
        return ClassroomStep(replace(self, devices=devices, typed=typed), messages)

    def teach(self, action: Callable[[Teaching], TeachingStep]) -> ClassroomStep:
        """The teacher, or what stands in for the teacher's eyes, does something in the lesson."""
        teaching, messages = action(self.teaching)
        return ClassroomStep(replace(self, teaching=teaching), messages)

    def mark(
        self, student: str, status: AttendanceStatus, method: Method, moment: Moment
    ) -> tuple[ClassroomStep, MarkResult]:
        """Mark a pupil where no sheet is: in the lesson, or in the day. Raises MarkBookFull."""
        (teaching, messages), marked = self.teaching.mark(student, status, method, moment)
        return ClassroomStep(replace(self, teaching=teaching), messages), marked

    def change_devices(self, change: DevicesChange, at_ms: int) -> ClassroomStep:
        """A person said something of a device. Raises KeyError if it is not known."""
        devices, messages = change(self.devices, at_ms)
        return ClassroomStep(replace(self, devices=devices), messages)

    def pictures(self) -> list[tuple[str, str]]:
        """Where the room's cameras can be looked at now; nowhere while they are switched off."""
        return [] if self.camera_off else self.devices.pictures()

    def birth(self, session: int, outbox: OutboxReport, moment: Moment) -> Birth:
        """Everything this room knows; the devices that are here come first."""
        return Birth(
            boot=self.room.boot,
            at_ms=moment.witnessed_ms,
            session=session,
            room=self.room.room,
            version=BUILD,
            beat_s=self.vitals.report_s,
            status=self.vitals.judgement.status,
            reasons=self.vitals.judgement.reasons,
            measures=self.vitals.measures,
            outbox=outbox,
            devices=_fitting(self.devices.all(moment.at_ms)),
            lesson=self.lesson.code,
            roaming=self.placement.roaming,
            line=line_measures(self.line),
            kit=self.kit(),
            plan=self.teaching.digest,
        )

    def kit(self) -> tuple[KitLine, ...]:
        """What this room should have, and what of it is here."""
        wanted = lines_of(self.template) if self.asked is None else self.asked
        if not wanted:
            return ()
        here = filter(self.devices.is_of_room, self.devices.present_ids())
        kinds = [self.devices.by_id[device_id].device.kind for device_id in here]
        return compare(wanted, kinds, self.programs)

    def view(self, at_ms: int) -> ClassroomView:
        """What the teacher's screen shows."""
        return ClassroomView(
            judgement=self.vitals.judgement,
            kit=self.kit(),
            devices=self.devices.all(at_ms),
            present_ids=frozenset(self.devices.present_ids()),
        )

    def learn(self, at_ms: int) -> ClassroomStep:
        """Find out where a roaming computer is; a lesson stays where it began."""
        evidence = self._evidence()
        placement = self.placement if self.lesson.running else self.placement.learn(evidence)
        return self._move_to(placement.note(evidence), at_ms)

    def findings(self) -> tuple[Finding, ...]:
        """What is to be told besides measures: the line, missing programs, an unknown room."""
        findings = list(line_findings(self.line))
        if count := sum(self.flaws.values()):  # a school need not act on it
            findings.append((Status.OK, Reason(ReasonCode.FLAWS_HEARD, count)))
        findings += [
            (Status.WARNING, Reason(ReasonCode.SOFTWARE_MISSING, line.name))
            for line in missing(self.kit())
            if line.kind is None
        ]
        if self.placement.how is PlacementSource.UNKNOWN or self.room.room == NO_ROOM:
            findings.append((Status.WARNING, Reason(ReasonCode.ROOM_UNKNOWN)))
        return tuple(findings)

    def report(self) -> RoomReport:
        """What a health report says of the room."""
        present_ids = self.devices.present_ids()
        return RoomReport(present_ids, line_measures(self.line), self.kit(), self.teaching.digest)

    def _conditions(
        self, devices: Devices, readings: Iterable[Reading]
    ) -> dict[str, DeviceCondition]:
        limits, lesson = self.vitals.limits, self.lesson.running is not None
        conditions = {
            reading.key: condition_of(reading, limits, lesson=lesson)
            for reading in readings
            if isinstance(reading, CameraReading | ProjectorReading)
        }
        return self._hidden(devices, conditions)

    def _hidden(
        self, devices: Devices, conditions: dict[str, DeviceCondition]
    ) -> dict[str, DeviceCondition]:
        """A camera that is switched off says nothing, whatever was still on its way."""
        if not self.camera_off:
            return conditions
        return conditions | dict.fromkeys(devices.camera_keys(), SWITCHED_OFF)

    def _switch_cameras(self, switch: CameraSwitch, at_ms: int) -> ClassroomStep:
        after = replace(self, own_switch=switch)
        condition = SWITCHED_OFF if after.camera_off else CALM
        conditions = dict.fromkeys(self.devices.camera_keys(), condition)
        devices, messages = self.devices.find(conditions, at_ms)
        return ClassroomStep(replace(after, devices=devices), messages)

    def _move_to(self, placement: Placement, at_ms: int) -> ClassroomStep:
        after = replace(self, placement=placement)
        if placement.room == self.room.room:
            return ClassroomStep(after, [])
        room = replace(self.room, room=placement.room)
        devices, messages = self.devices.move(room, at_ms, self._homes(placement))
        moved = replace(
            after,
            room=room,
            devices=devices,
            vitals=replace(self.vitals, room=room),
            teaching=self.teaching.with_room(room),
        )
        return ClassroomStep(moved, messages)

    def _homes(self, placement: Placement) -> dict[str, str]:
        """What is plugged in and known to stand in one room, whatever room the teacher picked."""
        homes = {key: placement.home_of(key) for key in self._evidence().wired}
        return {key: room for key, room in homes.items() if room}

    def _evidence(self) -> PlacementEvidence:
        """The keys of what is here and stands in a room; a mere port tells of no room."""
        if not self.placement.roaming:
            return PlacementEvidence()
        sightings = [sighting for sighting in self.devices.traces.sightings() if sighting.present]
        wired = [
            sighting
            for sighting in sightings
            if sighting.source == "usb" and sighting.kind in FIXTURES
        ]
        return PlacementEvidence(
            wired=frozenset(sighting.key for sighting in wired if sighting.key.startswith("usb:")),
            access_points=frozenset(
                sighting.key for sighting in sightings if sighting.source == "line"
            ),
        )


def _judge_host(devices: Devices, judged: Judgement, at_ms: int) -> DevicesStep:
    """This computer, as a device among the others, fares as its measures say."""
    for device_id, record in devices.by_id.items():
        if record.is_present and THIS_MACHINE in record.device.sources:
            return devices.judge(device_id, judged.status, judged.reasons, at_ms)
    return DevicesStep(devices, [])


def _only(readings: Iterable[Reading], kind: type[_Kind]) -> list[_Kind]:
    return [reading for reading in readings if isinstance(reading, kind)]


def _count_flaws(before: Mapping[str, int], flaws: Iterable[SourceFlaw]) -> Mapping[str, int]:
    counts = Counter(before)
    for flaw in flaws:
        counts[flaw.source] += flaw.count
    return counts


def _hear_rooms(placement: Placement, announced: Iterable[RoomHeard]) -> Placement:
    for room in announced:
        placement = placement.hear(room.agent, room.room, present=room.present)
    return placement


def _fitting(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    """As many devices as one message holds: hostile ones with endless names may be left out."""
    fitting, size = [], 0
    for device in sorted(devices, key=lambda device: device.status is Status.UNKNOWN):
        size += len(_encoder.encode(device)) + 1
        if size > _DEVICES_BYTES:
            break
        fitting.append(device)
    return tuple(fitting)
