from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from agent.commands.scan import absent_of, json_of, table_of
from agent.database.documents import SavedState
from agent.equipment import devices
from agent.equipment.description import device_id_of
from agent.placement import PlacementSource, SavedPlacement
from hardware.readings import IdentityKind, Kind
from hardware.scan import HardwareScan, Missing
from tests.agent.classrooms import host_sighting, room, sighting

CAMERA = sighting("usb:1", vendor="Logitech", serial="A1B2C3", nodes=("/dev/video0",))
FOUND = HardwareScan(
    sightings=(
        host_sighting(),
        CAMERA,
        sighting("name:1", identity=IdentityKind.HOST, source="mdns", kind=Kind.PRINTER),
    ),
    missing=(Missing(sense="mdns", code="no_network", hint="Check the cable."),),
)


def test_json_tells_identity_and_how_sure_it_is() -> None:
    """A program can tell a serial number from a mere name."""
    found = json.loads(json_of(FOUND))
    assert found["host"]["name"] == "may-6a1"
    camera = found["devices"][1]
    assert camera == {
        "asks": None,
        "device_id": device_id_of(CAMERA.key),
        "kind": "camera",
        "name": "camera usb:1",
        "vendor": "Logitech",
        "model": "",
        "serial": "A1B2C3",
        "identity": "usb",
        "aliases": ["usb:1"],
        "sources": ["usb"],
        "confidence": "high",
        "address": "",
        "nodes": ["/dev/video0"],
    }
    assert [each["confidence"] for each in found["devices"]] == ["high", "high", "low"]
    assert found["missing"] == [{"sense": "mdns", "code": "no_network", "hint": "Check the cable."}]


def test_the_table_has_a_line_for_each_device_and_each_missing_sense() -> None:
    """Columns stand under each other."""
    head, *lines = table_of(FOUND, "en").splitlines()
    assert len(lines) == 4
    assert all(
        line[head.index("Id") :].startswith(device_id_of(each.key))
        for line, each in zip(lines, FOUND.sightings, strict=False)
    )
    assert lines[-1] == "mdns: Check the cable."


CAMERA_LOST = sighting(
    "mac:00408c000001",
    source="onvif",
    identity=IdentityKind.MAC,
    address="127.0.0.1",
    port=9,
    via="10.0.0.2",
    name="Camera P203",
)


def remembered() -> SavedState:
    """What an agent knows that saw all of FOUND, and once a camera in the network."""
    known, _ = devices.restore_devices(room(), ()).see(
        [*FOUND.sightings, CAMERA_LOST], 1_757_203_200_000
    )
    return SavedState(
        agent_id="laptop-6a1",
        stay=SavedPlacement(room="6A1", how=PlacementSource.SETTINGS),
        devices=known.all(0),
        traces=tuple(known.traces.held.values()),
    )


def test_a_known_device_that_is_not_seen_is_told_with_where_it_was_asked() -> None:
    """The interface, the last question, the last answer, and why."""
    (absent,) = asyncio.run(absent_of(FOUND, remembered()))
    tree = json.loads(json_of(FOUND, remembered(), [absent]))["absent"]
    assert tree == [
        {
            "device_id": device_id_of(CAMERA_LOST.key),
            "kind": "camera",
            "name": "Camera P203",
            "source": "onvif",
            "interface": "10.0.0.2",
            "address": "127.0.0.1",
            "port": 9,
            "last_query": tree[0]["last_query"],
            "last_answer": "2025-09-07T00:00:00.000Z",
            # A port that refuses belongs to a machine that is there.
            "answered": True,
            "reason": "not_reported",
        }
    ]
    said = table_of(FOUND, "en", remembered(), [replace(absent, answered=False)])
    assert "Known here, but not seen now:" in said
    assert "Camera P203: last answer 2025-09-07T00:00:00.000Z at 127.0.0.1:9" in said
    assert "heard on 10.0.0.2. No longer answers" in said


def test_a_roaming_agents_devices_have_its_names() -> None:
    """A board that is known by its socket is the room's."""
    board = sighting(
        "port:h:1:4623:011a", identity=IdentityKind.PORT, kind=Kind.BOARD, product="4623:011a"
    )
    stay = SavedPlacement(room="P203", how=PlacementSource.PICKED)
    known = SavedState(agent_id="laptop", stay=stay)
    (entry,) = json.loads(json_of(HardwareScan(sightings=(board,)), known))["devices"]
    assert entry["device_id"] == device_id_of("port:P203:4623:011a")
    assert entry["confidence"] == "medium"
