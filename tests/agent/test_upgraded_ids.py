"""Ids that schools have: an upgrade keeps each, or the new one carries it as an alias."""

from __future__ import annotations

import msgspec
import pytest

from agent.equipment.description import device_id_of
from agent.equipment.devices import Devices, restore_devices
from agent.equipment.traces import Trace, Traces
from hardware.usb.devices import devices_of
from protocol.messages import DeviceForgotten, DeviceState
from protocol.model import Device
from simulators.devices.plugged import MAKES, Properties, plugged
from tests.agent.classrooms import room

HOST = "h" * 32
WEAK, SOUND = "usb:058f:6366:058F63666485", "usb:046d:0825:9C96B560"
SOCKET = f"port:{HOST}:pci-0000:00:14.0-usb-0:5:04b8:1142"


def nodes() -> list[Properties]:
    """What is plugged in, before the upgrade and after."""
    return [
        *plugged(MAKES["card-reader"], 2, "058F63666485"),
        *plugged(MAKES["webcam"], 3, "9C96B560"),
        *plugged(MAKES["printer-with-card-slot"], 5),
    ]


def written(key: str) -> dict[str, object]:
    """A device as 0.1.0 and every later one wrote it; their ids are of these keys."""
    return {
        "device_id": device_id_of(key),
        "kind": "storage",
        "name": "Flash Card Reader/Writer",
        "status": "ok",
        "sources": ["usb"],
        "first_seen_ms": 1_700_000_000_000,
        "last_seen_ms": 1_700_000_000_000,
    }


def trace(key: str, identity: str) -> dict[str, object]:
    """What a source said, as LopHoc wrote it up to now: without what it knows of marks since."""
    seen = {
        "source": "usb",
        "key": key,
        "identity": identity,
        "kind": "storage",
        "name": "Flash Card Reader/Writer",
        "vendor": "Generic",
        "model": "",
        "serial": "",
        "aliases": [],
        "product": ":".join(key.split(":")[-3:][:2]),
        "asks": None,
        "address": "",
        "port": 0,
        "via": "",
        "url": "",
        "nodes": [],
        "present": True,
        "reason": "",
    }
    return {"sighting": seen, "key": key, "at_ms": 1_700_000_000_000, "room": ""}


def of_0_1_0() -> Devices:
    """Format 1 had the devices alone."""
    old = msgspec.convert([written(key) for key in (WEAK, SOUND, SOCKET)], list[Device])
    return restore_devices(room(), old)


def of_today() -> Devices:
    """Format 5 has what sources said, too."""
    kept = [(WEAK, "usb"), (SOUND, "usb"), (SOCKET, "port")]
    traces = [msgspec.convert(trace(*one), Trace) for one in kept]
    held = {one.at: one for one in traces}
    return restore_devices(room(), of_0_1_0().all(0), Traces(room="6A1", held=held))


@pytest.mark.parametrize("before", [of_0_1_0, of_today])
def test_ids_stay_or_go_on_as_aliases(before: object) -> None:
    """The weak serial's id is the new one's alias; the others are as they were; none is a ghost."""
    assert callable(before)
    known, said = before().see(devices_of(nodes(), HOST).values(), 1_757_203_200_000)
    ids = {device.device_id: device for device in known.all(0)}
    assert {device_id_of(SOUND), device_id_of(SOCKET)} < ids.keys()
    assert len(ids) == 3
    (reader,) = (ids[one] for one in ids.keys() - {device_id_of(SOUND), device_id_of(SOCKET)})
    assert reader.aliases == (device_id_of(WEAK),)
    assert reader.first_seen_ms == 1_700_000_000_000
    gone = [one.device_id for one in said if isinstance(one, DeviceForgotten)]
    assert gone == [device_id_of(WEAK)]
    told = {one.device.device_id for one in said if isinstance(one, DeviceState)}
    assert reader.device_id in told
