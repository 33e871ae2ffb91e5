"""This file is the agent's core: one reading, tap or command in; what is to be said out. Pure.

Every step gives the classroom as it is afterwards. The step before stays valid, so that a
caller whose disk refuses what is to be said can go on from there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import msgspec

from agent.attendance import Marked, Roll
from agent.devices import Devices
from agent.lesson import Lesson
from agent.room import Moment, Room, Said
from agent.vitals import Vitals
from hardware.readings import Sighting
from protocol import __version__
from protocol.health import Finding, Judgement
from protocol.messages import MAX_BYTES, Birth, HostMeasures, OutboxReport
from protocol.model import AttendanceStatus, Device, DeviceKind, Method, Status

_DEVICES_BYTES: Final = MAX_BYTES - 32 * 1024  # the rest of a birth needs less than this

_encoder = msgspec.json.Encoder()


class Step(NamedTuple):
    """The classroom afterwards, and what is to be said."""

    classroom: Classroom
    said: Said


class View(NamedTuple):
    """What the teacher's screen shows."""

    judgement: Judgement
    measures: HostMeasures
    lesson: str | None
    since_ms: int | None
    devices: tuple[Device, ...]
    here: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Classroom:
    """One room: its devices, its computer's health, its lesson and its roll."""

    room: Room
    devices: Devices
    vitals: Vitals
    lesson: Lesson
    roll: Roll

    def see(self, sightings: Iterable[Sighting], at_ms: int) -> Step:
        """Take in what the senses saw."""
        devices, all_said = self.devices, Said()
        for sighting in sightings:
            devices, said = devices.see(sighting, at_ms)
            all_said += said
        return Step(replace(self, devices=devices), all_said)

    def beat(
        self,
        measures: HostMeasures,
        outbox: OutboxReport,
        extra: tuple[Finding, ...],
        moment: Moment,
    ) -> Step:
        """Take in one beat's measures; yesterday's roll is let go here."""
        vitals, said = self.vitals.beat(measures, outbox, extra, self.devices.here(), moment)
        devices, host_said = self._judge_host(vitals.judgement, moment.at_ms)
        roll = self.roll.only(moment.day, self.lesson.code)
        after = replace(self, vitals=vitals, devices=devices, roll=roll)
        return Step(after, said + host_said)

    def start_lesson(self, lesson: str, at_ms: int) -> Step:
        """Start a lesson, unless one runs."""
        after, said = self.lesson.start(lesson, at_ms)
        return Step(replace(self, lesson=after), said)

    def end_lesson(self, at_ms: int) -> Step:
        """End the lesson, if one runs."""
        after, said = self.lesson.end(at_ms)
        return Step(replace(self, lesson=after), said)

    def mark(
        self, student: str, status: AttendanceStatus, method: Method, moment: Moment
    ) -> tuple[Step, Marked]:
        """Mark a pupil in the running lesson, or in the day. Raises RollFull."""
        roll = self.roll.only(moment.day, self.lesson.code)
        after, marked, said = roll.mark(student, status, method, self.lesson.code, moment)
        return Step(replace(self, roll=after), said), marked

    def forget(self, device_id: str, at_ms: int) -> Step:
        """Forget a device. Raises KeyError if it is not known."""
        devices, said = self.devices.forget(device_id, at_ms)
        return Step(replace(self, devices=devices), said)

    def birth(self, session: int, outbox: OutboxReport, at_ms: int) -> Birth:
        """Everything this room knows; the devices that are here come first."""
        return Birth(
            boot=self.room.boot,
            at_ms=at_ms,
            session=session,
            room=self.room.room,
            version=__version__,
            beat_s=self.vitals.report_s,
            status=self.vitals.judgement.status,
            reasons=self.vitals.judgement.reasons,
            measures=self.vitals.measures,
            outbox=outbox,
            devices=_fitting(self.devices.all(at_ms)),
            lesson=self.lesson.code,
        )

    def view(self, at_ms: int) -> View:
        """What the teacher's screen shows."""
        running = self.lesson.running
        return View(
            judgement=self.vitals.judgement,
            measures=self.vitals.measures,
            lesson=self.lesson.code,
            since_ms=running.since_ms if running else None,
            devices=self.devices.all(at_ms),
            here=frozenset(self.devices.here()),
        )

    def _judge_host(self, judged: Judgement, at_ms: int) -> tuple[Devices, Said]:
        for device_id, known in self.devices.known.items():
            if known.here and known.device.kind is DeviceKind.HOST:
                return self.devices.judge(device_id, judged.status, judged.reasons, at_ms)
        return self.devices, []


def _fitting(devices: tuple[Device, ...]) -> tuple[Device, ...]:
    """As many devices as one message holds: hostile ones with endless names may be left out."""
    fitting, size = [], 0
    for device in sorted(devices, key=lambda each: each.status is Status.UNKNOWN):
        size += len(_encoder.encode(device)) + 1
        if size > _DEVICES_BYTES:
            break
        fitting.append(device)
    return tuple(fitting)
