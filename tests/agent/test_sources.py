from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from agent.classroom import Classroom
from agent.config import PREFIX, AgentConfig
from agent.finder import Finder
from agent.sources import Around, internet_targets, pictures, sources, this_machine
from hardware.readings import Identity, Kind, Seen
from protocol.settings import load
from tests.agent.classrooms import classroom, sighting

NETWORK = ["onvif", "pjlink", "typed", "probes"]
REST = ["camera", "line", "uplink"]


def around(environ: dict[str, str], *, finding: bool = False) -> Around:
    """What senses ask of a room with these settings."""
    place = {"PROVINCE": "79", "SCHOOL": "THCS-01", "ROOM": "6A1"} | environ
    named = {PREFIX + name: value for name, value in place.items()}
    return Around(
        config=load(AgentConfig, PREFIX, argparse.Namespace(), named),
        machine="machine",
        report=_nowhere,
        agent="laptop-6a1",
        classroom=classroom,
        controller=lambda: None,
        finder=Finder("79", "THCS-01", "", "") if finding else None,
    )


def _nowhere(_seen: Seen) -> None:
    """Nobody hears it."""


@pytest.mark.parametrize(
    ("environ", "finding", "names"),
    [
        ({}, False, ["usb", "mdns", *NETWORK, *REST]),
        ({"USB": "false"}, False, ["mdns", *NETWORK, *REST]),
        ({"MDNS": "false", "CAMERAS": "false"}, False, ["usb", *NETWORK, "line", "uplink"]),
        ({"MDNS": "false", "LINE": "false"}, True, ["usb", "mdns", *NETWORK, "camera"]),
        ({"ONVIF": "false", "PJLINK": "false"}, False, ["usb", "mdns", "typed", "probes", *REST]),
    ],
)
def test_only_wanted_senses_are_started(
    environ: dict[str, str], *, finding: bool, names: list[str]
) -> None:
    """To find the controller mDNS runs even where devices are not looked for by it."""
    assert [each.name for each in sources(around(environ, finding=finding))] == names


def test_this_machine_is_a_device_that_can_be_measured(tmp_path: Path) -> None:
    """The agent's own computer is sensed like any other thing, and its programs are looked for."""
    machine = this_machine(tmp_path, ("No Such Program 7",))
    assert machine.sighting.source == "host"
    assert machine.sighting.key == f"host:{machine.id}"
    assert machine.read().memory_used_percent is not None
    assert machine.programs()["No Such Program 7"].installed is not True


def test_sense_starts_are_coroutines() -> None:
    """Each source can be started anew, again and again."""
    for source in sources(around({})):
        for start in (source.start(), source.start()):
            start.close()  # type: ignore[attr-defined]


def room_with_cameras() -> Classroom:
    """A room with a webcam, a network camera and one that tells no address of its picture."""
    cameras = [
        sighting(nodes=("/dev/video0", "/dev/video2", "/dev/snd/controlC1")),
        sighting("usb:sound", nodes=("/dev/snd/controlC2",)),
        sighting("mac:1", source="onvif", identity=Identity.MAC, url="http://10.0.0.7/snap.jpg"),
        sighting("mac:2", source="mdns", identity=Identity.MAC),
        sighting("mac:3", source="onvif", kind=Kind.OTHER, url="http://10.0.0.9/"),
    ]
    return classroom().see(cameras, 1000).classroom


def test_each_camera_is_looked_at_where_it_shows_its_picture() -> None:
    """A webcam by its first node; one that is gone or switched off not at all."""
    room = room_with_cameras()
    assert pictures(room) == [("mac:1", "http://10.0.0.7/snap.jpg"), ("usb:1", "/dev/video0")]
    gone = room.see([replace(sighting(), present=False, reason="unplugged")], 2000).classroom
    assert [key for key, _ in pictures(gone)] == ["mac:1"]
    assert pictures(room.switch_camera(off=True, at_ms=3000).classroom) == []


def test_targets_of_the_internet_are_read() -> None:
    """A port may be left out; none at all means that it is not tried."""
    assert internet_targets("moet.gov.vn:443, 1.1.1.1:53 ,example.org") == [
        ("moet.gov.vn", 443),
        ("1.1.1.1", 53),
        ("example.org", 443),
    ]
    assert internet_targets(" , ") == []
