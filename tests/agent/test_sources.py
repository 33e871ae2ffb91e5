from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from agent.classroom import Classroom
from agent.config import PREFIX, AgentConfig
from agent.database.restore import open_room
from agent.health.machine import this_machine
from agent.services.context import Life, make_context
from agent.services.doors import DOORS
from agent.services.routines import ROUTINES
from agent.services.sources import SOURCES, internet_targets
from hardware.readings import IdentityKind, Kind
from protocol.settings import load
from tests.agent.classrooms import classroom, sighting

NETWORK = ["onvif", "pjlink", "typed", "probes"]
REST = ["camera", "cards", "line", "uplink", "tablets"]


def config_with(**settings: str) -> AgentConfig:
    """The settings of a room, with these beside."""
    place = {"PROVINCE": "79", "SCHOOL": "THCS-01", "ROOM": "6A1"} | settings
    named = {PREFIX + name: value for name, value in place.items()}
    return load(AgentConfig, PREFIX, argparse.Namespace(), named)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, ["usb", "mdns", *NETWORK, *REST]),
        ({"USB": "false"}, ["mdns", *NETWORK, *REST]),
        (
            {"MDNS": "false", "CAMERAS": "false", "BROKER": "mqtt://10.0.0.1"},
            ["usb", *NETWORK, "cards", "line", "uplink", "tablets"],
        ),
        (
            {"MDNS": "false", "LINE": "false"},
            ["usb", "mdns", *NETWORK, "camera", "cards", "tablets"],
        ),
        ({"ONVIF": "false", "PJLINK": "false"}, ["usb", "mdns", "typed", "probes", *REST]),
        ({"TABLETS": "false"}, ["usb", "mdns", *NETWORK, *REST[:-1]]),
        (
            {"DOOR_CAMERA": "usb:1"},
            ["usb", "mdns", *NETWORK, "camera", "cards", "door_cards", *REST[2:]],
        ),
    ],
)
def test_only_enabled_sources_are_started(settings: dict[str, str], names: list[str]) -> None:
    """To find the controller mDNS runs even where devices are not looked for by it."""
    config = config_with(**settings)
    assert [source.name for source in SOURCES if source.enabled(config)] == ["networks", *names]


def test_without_tablets_their_door_stays_shut() -> None:
    """The teacher's window is always there."""
    config = config_with(TABLETS="false")
    assert [door.name for door in DOORS if door.enabled(config)] == ["window"]


def test_whatever_runs_has_a_name_of_its_own() -> None:
    """Outages are told by name."""
    names = [service.name for service in (*ROUTINES, *SOURCES, *DOORS)]
    assert len(names) == len(set(names))


def test_this_machine_is_a_device_that_can_be_measured(tmp_path: Path) -> None:
    """The agent's own computer is sensed like any other thing, and its programs are looked for."""
    machine = this_machine(tmp_path, ("No Such Program 7",))
    assert machine.sighting.source == "host"
    assert machine.sighting.key == f"host:{machine.id}"
    assert machine.read().memory_used_percent is not None
    assert machine.programs()["No Such Program 7"].installed is not True


def test_whatever_runs_can_be_started_anew(tmp_path: Path) -> None:
    """Each start gives another coroutine, again and again; nothing is opened before it runs."""

    async def story() -> None:
        config = msgspec.structs.replace(config_with(), data=tmp_path)
        machine = this_machine(tmp_path)
        async with open_room(config, machine) as before:
            context = make_context(config, machine, before, Life(), lambda: None)
            for service in (*ROUTINES, *SOURCES, *DOORS):
                for work in (service.start(context), service.start(context)):
                    work.close()

    asyncio.run(story())


def room_with_cameras() -> Classroom:
    """A room with a webcam, a network camera and one that tells no address of its picture."""
    cameras = [
        sighting(nodes=("/dev/video0", "/dev/video2", "/dev/snd/controlC1")),
        sighting("usb:sound", nodes=("/dev/snd/controlC2",)),
        sighting(
            "mac:1", source="onvif", identity=IdentityKind.MAC, url="http://10.0.0.7/snap.jpg"
        ),
        sighting("mac:2", source="mdns", identity=IdentityKind.MAC),
        sighting("mac:3", source="onvif", kind=Kind.OTHER, url="http://10.0.0.9/"),
    ]
    return classroom().see(cameras, 1000).classroom


def test_each_camera_is_looked_at_where_it_shows_its_picture() -> None:
    """A webcam by its first node; one that is gone or switched off not at all."""
    room = room_with_cameras()
    assert room.pictures() == [("mac:1", "http://10.0.0.7/snap.jpg"), ("usb:1", "/dev/video0")]
    gone = room.see([replace(sighting(), present=False, reason="unplugged")], 2000).classroom
    assert [key for key, _ in gone.pictures()] == ["mac:1"]
    assert room.switch_camera(off=True, at_ms=3000).classroom.pictures() == []


def test_targets_of_the_internet_are_read() -> None:
    """A port may be left out; none at all means that it is not tried."""
    assert internet_targets("moet.gov.vn:443, 1.1.1.1:53 ,example.org") == [
        ("moet.gov.vn", 443),
        ("1.1.1.1", 53),
        ("example.org", 443),
    ]
    assert internet_targets(" , ") == []
