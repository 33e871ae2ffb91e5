"""This file turns rooms and devices into what Home Assistant reads: what there is, how it fares.

Pure. No person, class or lesson is named; tablets are only counted, in their room.
Source: Home Assistant, MQTT integration, "MQTT Discovery".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from controller.broker.embedded import DISCOVERY_ROOT, STATES_ROOT
from controller.fleet.naming import device_title
from controller.fleet.records import DeviceRecord
from controller.live.rooms import RoomSummary, counts_of, key_of
from protocol import __version__
from protocol.model import DeviceKind, Place, Status
from protocol.topics import controller_state, level_of
from protocol.words import N_, Translate

MAX_DEVICES: Final = 2000  # the rooms' other devices; whoever has more looks at our own screens
ON: Final = "ON"
OFF: Final = "OFF"
_to_json: Final = msgspec.json.Encoder(order="deterministic").encode


class Component(NamedTuple):
    """One figure of a thing: a component of Home Assistant's, its key, label and class."""

    component: str
    key: str
    label: str
    device_class: str = ""
    unit: str = ""


class Entity(NamedTuple):
    """A thing as it stands there: a room, a device or the school. room: where, as people say."""

    id: str
    name: str
    components: Sequence[Component]
    state: Mapping[str, object]
    room: str = ""
    above: str = ""
    vendor: str = ""
    model: str = ""


_ROOM: Final = (
    Component("binary_sensor", "computer", N_("Computer"), "connectivity"),
    Component("binary_sensor", "problem", N_("Needs a look"), "problem"),
    Component("binary_sensor", "lesson", N_("Lesson"), "running"),
    Component("sensor", "devices", N_("Devices")),
    Component("sensor", "disconnected", N_("Disconnected devices")),
)
_DEVICE: Final = (
    Component("binary_sensor", "connected", N_("Connection"), "connectivity"),
    Component("binary_sensor", "problem", N_("Needs a look"), "problem"),
)
_SCHOOL: Final = (
    Component("sensor", "causes", N_("Causes to deal with")),
    Component("sensor", "disconnected", N_("Disconnected devices")),
    Component("sensor", "lessons", N_("Rooms in lesson")),
    Component("sensor", "rooms", N_("Rooms")),
)


class Present(NamedTuple):
    """The school as it is now. causes: how many are open; online: the agents that are heard."""

    school: Place
    name: str
    rooms: Sequence[RoomSummary]
    devices: Iterable[DeviceRecord]
    causes: int
    online: frozenset[str]


def entities_of(present: Present, say: Translate) -> list[Entity]:
    """All that is told."""
    school, rooms = present.school, present.rooms
    whole = _id("school", school.school)
    named = {room.key: _id("room", room.key.code) for room in rooms}
    counts = counts_of(rooms)
    figures = {
        "causes": present.causes,
        "disconnected": counts.disconnected,
        "lessons": counts.in_lesson,
        "rooms": counts.rooms,
    }
    entities = [Entity(whole, present.name, _SCHOOL, figures)]
    entities += [
        Entity(named[room.key], room.key.room, _ROOM, _of_room(room, present.online), above=whole)
        for room in rooms
    ]
    single = sorted(
        (
            one
            for one in present.devices
            if one.kind is not DeviceKind.TABLET and key_of(one) in named
        ),
        key=lambda one: one.device_id,
    )
    entities += [
        Entity(
            _id("device", one.device_id),
            device_title(one, say),
            _DEVICE,
            _of_device(one),
            room=one.room,
            above=named[key_of(one)],
            vendor=one.vendor,
            model=one.model,
        )
        for one in single[:MAX_DEVICES]
    ]
    return entities


def told_of(entities: Iterable[Entity], school: Place, say: Translate) -> dict[str, bytes]:
    """What lies on which topic."""
    told: dict[str, bytes] = {}
    for entity in entities:
        told[state_topic(school, entity.id)] = _to_json(entity.state)
        for component in entity.components:
            topic = config_topic(school, entity.id, component)
            told[topic] = _to_json(_config(entity, component, school, say))
    return told


def config_topic(school: Place, entity: str, component: Component) -> str:
    """Where Home Assistant looks for a figure of a thing."""
    node = f"lophoc-{level_of(school.school)}-{entity}"
    return f"{DISCOVERY_ROOT}/{component.component}/{node}/{component.key}/config"


def state_topic(school: Place, entity: str) -> str:
    """Where all figures of a thing lie."""
    return f"{STATES_ROOT}/v1/{level_of(school.province)}/{level_of(school.school)}/{entity}"


def _config(entity: Entity, component: Component, school: Place, say: Translate) -> dict[str, Any]:
    unique = f"lophoc-{level_of(school.province)}-{level_of(school.school)}-"
    device = {
        "identifiers": [unique + entity.id],
        "name": entity.name,
        "manufacturer": entity.vendor or "LopHoc",
        "model": entity.model,
        "suggested_area": entity.room or entity.name,
        "via_device": unique + entity.above if entity.above else "",
    }
    config = {
        "name": say(component.label),
        "unique_id": f"{unique}{entity.id}-{component.key}",
        "device_class": component.device_class,
        "state_class": "measurement" if component.component == "sensor" else "",
        "state_topic": state_topic(school, entity.id),
        "value_template": f"{{{{ value_json.{component.key} }}}}",
        "availability_topic": controller_state(school),
        "availability_template": "{{ 'online' if value_json.online else 'offline' }}",
        "device": {name: value for name, value in device.items() if value},
        "origin": {"name": "LopHoc", "sw_version": __version__},
    }
    return {name: value for name, value in config.items() if value}


def _of_room(room: RoomSummary, online: frozenset[str]) -> dict[str, object]:
    counts = counts_of([room])
    return {
        "computer": _switch(any(agent in online for agent in room.agents)),
        "problem": _switch(room.status is not Status.OK),
        "lesson": _switch(room.lesson is not None),
        "devices": counts.devices,
        "disconnected": counts.disconnected,
    }


def _of_device(device: DeviceRecord) -> dict[str, object]:
    """A device that nobody knows anything of counts as not connected, here as everywhere."""
    return {
        "connected": _switch(device.status is not Status.UNKNOWN),
        "problem": _switch(device.status in {Status.WARNING, Status.CRITICAL}),
        "status": device.status,
        "kind": device.kind,
    }


def _switch(state: object) -> str:
    return ON if state else OFF


def _id(kind: str, name: str) -> str:
    """What is the same for ever, whatever signs are in the name."""
    return f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
