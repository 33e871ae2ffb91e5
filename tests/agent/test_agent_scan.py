from __future__ import annotations

import json

from classrooms import host_sighting, sighting

from agent.devices import device_id_of
from agent.scan import json_of, table_of
from hardware.readings import Identity
from hardware.scan import Missing, Scan

CAMERA = sighting("usb:1", vendor="Logitech", serial="A1B2C3", nodes=("/dev/video0",))
FOUND = Scan(
    sightings=(host_sighting(), CAMERA, sighting("mdns:1", identity=Identity.HOST)),
    missing=(Missing(sense="mdns", code="no_network", hint="Check the cable."),),
)


def test_json_tells_identity_and_how_sure_it_is() -> None:
    """A program can tell a serial number from a mere name."""
    found = json.loads(json_of(FOUND))
    assert found["host"]["name"] == "may-6a1"
    camera = found["devices"][1]
    assert camera == {
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
