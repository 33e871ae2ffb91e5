"""This file is what a room's agent knows and says: one happening in, messages out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Final, TypedDict, TypeVar, assert_never
from uuid import uuid4

from msgspec import structs
from msgspec.structs import replace

from hardware.readings import Sighting
from protocol import __version__, chain
from protocol.health import Judgement, Limits, ReasonCode, judge
from protocol.kit import KitTemplate, compare, lines_of
from protocol.messages import (
    AnyEvent,
    AnyState,
    AttendanceMarked,
    Birth,
    DeviceAppeared,
    DeviceState,
    DeviceVanished,
    Health,
    HealthChanged,
    HostMeasures,
    KitLine,
    LessonEnded,
    LessonStarted,
    LineMeasures,
    OutboxReport,
    RollConfirmed,
    RollLine,
)
from protocol.model import DeviceKind, Reason, Status, instant
from simulators.day import (
    Happening,
    Judged,
    LessonBegan,
    LessonOver,
    Moved,
    PlayedMark,
    RollCalled,
)
from simulators.equipment import device_id_of, device_of
from simulators.people import class_of

Messages = list[AnyState | AnyEvent]
_Record = TypeVar("_Record", AttendanceMarked, RollConfirmed)

_LEAVING: Final = {
    "usb": ReasonCode.UNPLUGGED,
    "mdns": ReasonCode.GOODBYE,
    "pjlink": ReasonCode.NO_ANSWER,
}
_ASLEEP: Final = (Reason(ReasonCode.SLEEPING),)
_LINE: Final = LineMeasures(
    gateway=True, dns=True, controller=True, internet=True, rtt_ms=1.6, outage_min=0.0
)
_POWERED: Final = frozenset({DeviceKind.PROJECTOR})


class _Head(TypedDict):
    boot: str
    at_ms: int
    id: str
    room: str


class PlayedRoom:
    """One room as its agent would report it.

    new_id makes an event's or lesson's id; it must never give the same twice, not after a
    restart either: a controller stores an id once.
    """

    def __init__(
        self,
        code: str,
        equipment: Sequence[Sighting],
        *,
        boot: str,
        beat_s: float,
        started_ms: int,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self.code = code
        self._boot = boot
        self._beat_s = beat_s
        self._new_id = new_id
        self._devices = {device_id_of(one): device_of(one, started_ms) for one in equipment}
        self._present = set(self._devices)
        self._judgement = Judgement(Status.UNKNOWN, ())
        kinds = [device.kind for device in self._devices.values()]
        template = KitTemplate(
            computers=1,
            boards=1,
            cameras=1,
            access_points=1,
            projectors=kinds.count(DeviceKind.PROJECTOR),
            tablets=kinds.count(DeviceKind.TABLET),
        )
        self._wanted = lines_of(template)
        self._lesson: str | None = None
        self._class = class_of(code)
        self._taps: dict[str, RollLine] = {}
        self._called = False
        self._log_hash = chain.ROOT

    def hear(self, happening: Happening, at_ms: int) -> Messages:
        """What the agent says of it; nothing where nothing changes."""
        match happening:
            case Moved():
                return self._move(happening, at_ms)
            case Judged():
                reasons = (happening.reason,) if happening.reason else ()
                return self._restate(happening.device_id, happening.status, reasons, at_ms)
            case LessonBegan():
                return self._begin_lesson(at_ms)
            case LessonOver():
                return self._end_lesson(at_ms)
            case PlayedMark():
                return self._mark(happening, at_ms)
            case RollCalled():
                return self._call_roll(at_ms)
            case _:
                assert_never(happening)

    def birth(self, session: int, at_ms: int, measures: HostMeasures, box: OutboxReport) -> Birth:
        """Everything the agent knows."""
        self._judge(measures, box, at_ms)
        return Birth(
            boot=self._boot,
            at_ms=at_ms,
            session=session,
            room=self.code,
            version=f"{__version__} sim",
            beat_s=self._beat_s,
            status=self._judgement.status,
            reasons=self._judgement.reasons,
            measures=measures,
            outbox=box,
            devices=tuple(self._devices.values()),
            lesson=self._lesson,
            line=_LINE,
            kit=self._kit(),
        )

    def beat(self, at_ms: int, measures: HostMeasures, box: OutboxReport) -> Messages:
        """The slow report, with the news that the computer fares differently."""
        return [
            *self._judge(measures, box, at_ms),
            Health(
                boot=self._boot,
                at_ms=at_ms,
                status=self._judgement.status,
                reasons=self._judgement.reasons,
                measures=measures,
                outbox=box,
                seen=tuple(filter(self._attached().__contains__, self._devices)),
                line=_LINE,
                kit=self._kit(),
            ),
        ]

    def _kit(self) -> tuple[KitLine, ...]:
        """What the room was furnished with is what it should have."""
        return compare(
            self._wanted, [self._devices[device_id].kind for device_id in self._attached()], {}
        )

    def _attached(self) -> set[str]:
        """Those that are there, awake or asleep."""
        asleep = {name for name, device in self._devices.items() if device.reasons == _ASLEEP}
        return self._present | asleep

    def _judge(self, measures: HostMeasures, box: OutboxReport, at_ms: int) -> Messages:
        """The computer's own status; the host among the devices shares it."""
        before, self._judgement = self._judgement, judge(measures, Limits(), box)
        if self._judgement.status == before.status:
            return []
        hosts = [device for device in self._devices.values() if device.kind is DeviceKind.HOST]
        changed = HealthChanged(**self._head(at_ms), **self._judgement._asdict())
        states = [
            state
            for host in hosts
            for state in self._restate(host.device_id, *self._judgement, at_ms)
        ]
        return [*states, changed]

    def _move(self, moved: Moved, at_ms: int) -> Messages:
        device = self._devices[moved.device_id]
        if moved.present == (moved.device_id in self._present):
            return []
        if moved.present:
            self._present.add(moved.device_id)
            states = self._restate(moved.device_id, Status.OK, (), at_ms)
            if device.reasons == _ASLEEP:
                return states
            return [
                *states,
                DeviceAppeared(**self._head(at_ms), device_id=device.device_id, name=device.name),
            ]
        self._present.remove(moved.device_id)
        if device.kind is DeviceKind.TABLET:
            return self._restate(moved.device_id, Status.OK, _ASLEEP, at_ms)
        code = _LEAVING[device.sources[0]]
        states = self._restate(moved.device_id, Status.UNKNOWN, (Reason(code),), at_ms)
        gone = DeviceVanished(
            **self._head(at_ms), device_id=device.device_id, name=device.name, reason=code
        )
        return [*states, gone]

    def _restate(
        self, device_id: str, status: Status, reasons: tuple[Reason, ...], at_ms: int
    ) -> Messages:
        old = self._devices[device_id]
        if (old.status, old.reasons) == (status, reasons):
            return []
        seen_ms = at_ms if device_id in self._present else old.last_seen_ms
        device = replace(old, status=status, reasons=reasons, last_seen_ms=seen_ms)
        self._devices[device_id] = device
        return [DeviceState(boot=self._boot, at_ms=at_ms, device=device)]

    def _head(self, at_ms: int) -> _Head:
        """What every event begins with."""
        return {"boot": self._boot, "at_ms": at_ms, "id": self._new_id(), "room": self.code}

    def _begin_lesson(self, at_ms: int) -> Messages:
        if self._lesson is not None:
            return []
        self._lesson, self._taps, self._called = self._new_id(), {}, False
        head = self._head(at_ms)
        began = LessonStarted(**head, lesson=self._lesson, classes=(self._class,))
        return [*self._switch("on", at_ms), began]

    def _end_lesson(self, at_ms: int) -> Messages:
        lesson, self._lesson = self._lesson, None
        if lesson is None:
            return []
        ended = LessonEnded(**self._head(at_ms), lesson=lesson, confirmed=self._called)
        return [*self._switch("off", at_ms), ended]

    def _switch(self, power: str, at_ms: int) -> Messages:
        """The lesson switches what has a lamp."""
        states: Messages = []
        for device_id, device in self._devices.items():
            if device.kind in _POWERED and device.measures and device_id in self._present:
                lit = replace(device, measures=replace(device.measures, power=power))
                self._devices[device_id] = lit
                states.append(DeviceState(boot=self._boot, at_ms=at_ms, device=lit))
        return states

    def _mark(self, marked: PlayedMark, at_ms: int) -> Messages:
        """Before the roll is called a tap only; after it a correction."""
        line = RollLine(**asdict(marked), class_code=self._class)
        self._taps[marked.student] = line
        if not self._called:
            return []
        corrected = AttendanceMarked(
            **self._head(at_ms),
            **structs.asdict(line),
            lesson=self._lesson,
            why="corrected",
            actor="teacher",
        )
        return [self._link(corrected)]

    def _call_roll(self, at_ms: int) -> Messages:
        if self._lesson is None or self._called:
            return []
        self._called = True
        confirmed = RollConfirmed(
            **self._head(at_ms),
            lesson=self._lesson,
            day=instant(at_ms).astimezone().date().isoformat(),
            classes=(self._class,),
            actor="teacher",
            lines=tuple(self._taps.values()),
        )
        return [self._link(confirmed)]

    def _link(self, record: _Record) -> _Record:
        linked = chain.link_record(record, self._log_hash)
        self._log_hash = linked.hash
        return linked
