"""This file makes rooms, moments and sightings for the agent's tests."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from agent.classroom import Classroom
from agent.equipment import devices
from agent.equipment.devices import Devices
from agent.equipment.traces import Traces
from agent.health.vitals import Vitals
from agent.lessons.lesson import Lesson
from agent.lessons.marks import MarkBook
from agent.lessons.teaching import Teaching
from agent.placement import SavedPlacement, placement_at_start
from agent.room import AgentRoom, Moment
from agent.store import ClassroomStore
from hardware.readings import IdentityKind, Kind, Sighting
from protocol.health import Limits
from protocol.kit import KitTemplate
from protocol.messages import HostMeasures
from protocol.model import NO_ROOM, Place

PLACE = Place("79", "THCS-01", "laptop-6a1")
DAY = "2026-09-07"
CALM = HostMeasures(cpu_percent=3.0, memory_used_percent=40.0, uptime_s=60.0)


def room() -> AgentRoom:
    """A room whose ids count up."""
    numbers = count(1)
    return AgentRoom(
        place=PLACE, room="6A1", boot="b1", beat_s=10.0, new_id=lambda: f"id-{next(numbers)}"
    )


def moment(steady_s: float = 0.0, day: str = DAY) -> Moment:
    """A moment so many seconds after the start."""
    return Moment(1_757_203_200_000 + int(steady_s * 1000), steady_s, day)


def sighting(key: str = "usb:1", *, present: bool = True, **more: object) -> Sighting:
    """A USB camera that is there, unless told otherwise."""
    values: dict[str, object] = {
        "source": "usb",
        "identity": IdentityKind.USB,
        "kind": Kind.CAMERA,
        "name": f"camera {key}",
        "reason": "" if present else "unplugged",
    }
    return Sighting(key=key, present=present, **(values | more))  # type: ignore[arg-type]


def host_sighting() -> Sighting:
    """The room's own computer."""
    return sighting(
        "host:1", source="host", kind=Kind.HOST, identity=IdentityKind.HOST, name="may-6a1"
    )


def roaming() -> Classroom:
    """A laptop that is carried about and does not know yet where it is."""
    here = replace(room(), room=NO_ROOM)
    traces = Traces(room=NO_ROOM, roaming=True)
    return replace(
        classroom(devices.restore_devices(here, (), traces)),
        room=here,
        placement=placement_at_start("", roaming=True, stay=SavedPlacement()),
    )


def classroom(devices_: Devices | None = None) -> Classroom:
    """An empty classroom in a calm computer."""
    here = room()
    return Classroom(
        room=here,
        placement=placement_at_start("6A1", roaming=False, stay=SavedPlacement()),
        template=KitTemplate(computers=1),
        devices=devices_ or devices.restore_devices(here, ()),
        vitals=Vitals(room=here, limits=Limits(), report_s=60.0),
        teaching=Teaching(room=here, lesson=Lesson(room=here), roll=MarkBook(room=here)),
    )


async def start_lesson(store: ClassroomStore, lesson: str) -> Classroom:
    """What the teacher's press on a lesson does: it starts unless one runs."""
    step = await store.teach(lambda teaching, moment: teaching.start(lesson, moment))
    return step.classroom
