"""This file is what a played agent does, step by step out of its seed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any, Final, TypedDict

import msgspec
from msgspec.structs import asdict

from protocol.messages import (
    AnyEvent,
    AttendanceMarked,
    DeviceAppeared,
    DeviceState,
    FaultReported,
    LessonEnded,
    LessonStarted,
    Part,
    RollConfirmed,
    RollLine,
)
from protocol.model import (
    AttendanceStatus,
    Device,
    DeviceKind,
    DeviceMeasures,
    Method,
    Reason,
    Status,
    instant,
)
from protocol.shapes import from_plain
from simulators.ledger.deeds import DEVICE, Deed, ListedDeed, Outcome

CLASS: Final = "10A1"
FLOOD: Final = 250  # marks at once
_KINDS: Final = (DeviceKind.BOARD, DeviceKind.PROJECTOR, DeviceKind.TABLET, DeviceKind.CAMERA)
_POWERED: Final = frozenset({DeviceKind.BOARD, DeviceKind.PROJECTOR})
_DEEDS: Final = {"mark": 50, "device": 20, "lesson": 14, "roll": 8, "fault": 4, "appeared": 4}
_HEADER: Final = frozenset({"v", "age_s", "boot", "seq", "id", "at_ms", "room"})

Said = AnyEvent | DeviceState


class _Head(TypedDict):
    """What every message begins with."""

    boot: str
    at_ms: int


class DeedRoom:
    """One room: what it said last of each device and of its lesson, and what it says next.

    Each step is drawn from the seed and the step's number alone, so that an agent that was killed
    goes on with the next one.
    """

    def __init__(self, agent: str, room: str, seed: int, boot: str) -> None:
        self._agent = agent
        self._room = room
        self._seed = seed
        self._boot = boot
        self._lesson: str | None = None
        self.devices: dict[str, Device] = {}

    def remember(self, listed: Iterable[ListedDeed]) -> None:
        """Take up what this agent said before; what was cut off counts as said."""
        for _, _, deed, outcome in listed:
            if outcome is Outcome.REFUSED:
                continue
            if deed.kind == DEVICE:
                device = from_plain(deed.facts["device"], Device)
                self.devices[device.device_id] = device
            elif deed.kind in {"lesson_started", "lesson_ended"}:
                self._lesson = deed.facts["lesson"] if deed.kind == "lesson_started" else None

    def step(self, number: int, at_ms: int) -> list[Said]:
        """What is said in this step."""
        random = Random(f"{self._seed}/{self._agent}/{number}")  # noqa: S311 - play
        head: _Head = {"boot": self._boot, "at_ms": at_ms}
        chosen = random.choices([*_DEEDS], [*_DEEDS.values()])[0]
        name = f"{self._agent}-{number}"
        match chosen:
            case "device":
                return [DeviceState(**head, device=self._device(random, at_ms))]
            case "lesson":
                return self._turn(name, random, head)
            case "roll" if self._lesson:
                return [self._roll(name, random, head)]
            case "fault":
                part = random.choice([*Part])
                return [
                    FaultReported(**head, id=name, room=self._room, part=part, lesson=self._lesson)
                ]
            case "appeared":
                device_id = f"token:{self._agent}-{random.randrange(6)}"
                return [DeviceAppeared(**head, id=name, room=self._room, device_id=device_id)]
            case _:
                return [self._mark(name, random, head)]

    def flood(self, number: int, at_ms: int) -> list[Said]:
        """More at once than a room says in a day."""
        random = Random(f"{self._seed}/{self._agent}/{number}")  # noqa: S311 - play
        head: _Head = {"boot": self._boot, "at_ms": at_ms}
        return [self._mark(f"{self._agent}-{number}-{one}", random, head) for one in range(FLOOD)]

    def take(self, said: Iterable[Said]) -> None:
        """The outbox has kept it: this is how things are now."""
        for message in said:
            match message:
                case DeviceState():
                    self.devices[message.device.device_id] = message.device
                case LessonStarted():
                    self._lesson = message.lesson
                case LessonEnded():
                    self._lesson = None
                case _:
                    continue

    def _device(self, random: Random, at_ms: int) -> Device:
        number = random.randrange(6)
        device_id = f"token:{self._agent}-{number}"
        status = random.choice([Status.OK, Status.WARNING, Status.CRITICAL])
        before = self.devices.get(device_id)
        return Device(
            device_id=device_id,
            kind=_KINDS[number % len(_KINDS)],
            name=f"{self._agent} {number}",
            model=f"M{random.randrange(1000)}",
            status=status,
            reasons=(Reason("played", random.randrange(100)),) if status is not Status.OK else (),
            sources=("usb",),
            measures=DeviceMeasures(power=random.choice(["on", "off"]))
            if _KINDS[number % len(_KINDS)] in _POWERED
            else None,
            first_seen_ms=before.first_seen_ms if before else at_ms,
            last_seen_ms=at_ms,
        )

    def _turn(self, name: str, random: Random, head: _Head) -> list[Said]:
        if self._lesson is None:
            lesson = f"lesson-{name}"
            begun = LessonStarted(**head, id=name, room=self._room, lesson=lesson, classes=(CLASS,))
            return [
                DeviceState(
                    boot=self._boot, at_ms=head["at_ms"], device=self._device(random, head["at_ms"])
                ),
                begun,
            ]
        return [LessonEnded(**head, id=name, room=self._room, lesson=self._lesson)]

    def _mark(self, name: str, random: Random, head: _Head) -> AttendanceMarked:
        return AttendanceMarked(
            **head,
            id=name,
            room=self._room,
            student=f"hs-{random.randrange(1000):04}",
            status=random.choice([*AttendanceStatus]),
            method=random.choice([*Method]),
            lesson=self._lesson,
            class_code=CLASS,
        )

    def _roll(self, name: str, random: Random, head: _Head) -> RollConfirmed:
        students = random.sample(range(1000), random.randrange(1, 41))
        return RollConfirmed(
            **head,
            id=name,
            room=self._room,
            lesson=str(self._lesson),
            day=instant(head["at_ms"]).date().isoformat(),
            classes=(CLASS,),
            actor="teacher",
            lines=tuple(
                RollLine(
                    student=f"hs-{student:04}",
                    class_code=CLASS,
                    status=random.choice([*AttendanceStatus]),
                    method=random.choice([*Method]),
                )
                for student in students
            ),
        )


def deed_of(message: Said) -> Deed:
    """The line of the list: what must be found of this message."""
    kind = str(message.__struct_config__.tag)
    if isinstance(message, DeviceState):
        facts = {"device": msgspec.to_builtins(message.device)}
        return Deed(id=message.device.device_id, kind=DEVICE, facts=facts)
    return Deed(id=message.id, kind=kind, facts=_facts(message))


def _facts(message: AnyEvent) -> dict[str, Any]:
    common = {
        "room": message.room,
        "at_ms": message.at_ms,
        "lesson": getattr(message, "lesson", None),
    }
    match message:
        case AttendanceMarked():
            own = {name: str(getattr(message, name)) for name in ("student", "status", "method")}
            return common | own | {"class_code": message.class_code}
        case RollConfirmed():
            return common | {"day": message.day, "lines": msgspec.to_builtins(message.lines)}
        case _:
            own = {name: value for name, value in asdict(message).items() if name not in _HEADER}
            return common | {"body": msgspec.to_builtins(own)}
