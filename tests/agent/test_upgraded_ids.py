"""Ids that schools have: an upgrade keeps each, or the new one carries it as an alias."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from agent.equipment.description import device_id_of
from agent.equipment.devices import Devices, restore_devices
from agent.equipment.merge import SplitDecision, group_sightings
from agent.equipment.traces import Trace, Traces
from hardware.onvif.camera import CameraDetails, DiscoveredCamera, readings_of
from hardware.onvif.discovery import Match
from hardware.readings import IdentityKind, Sighting
from hardware.usb.devices import devices_of
from protocol.messages import DeviceForgotten, DeviceState
from protocol.model import Device
from simulators.devices.plugged import MAKES, Properties, plugged
from tests.agent.classrooms import room, sighting

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


MAC_OF_MANY, CAMERA = "mac:00123456789a", "name:onvif:IPC:IPC-1:IPC"


def test_a_camera_known_by_an_examples_mac_is_no_ghost() -> None:
    """It is known by its next mark; the old id goes, in the room's words, and is an alias."""
    kept = msgspec.convert(
        trace(MAC_OF_MANY, "mac") | {"sighting": camera_of_before()}, Trace, strict=False
    )
    old = msgspec.convert([written(MAC_OF_MANY)], list[Device])
    before = restore_devices(room(), old, Traces(room="6A1", held={kept.at: kept}))
    found = DiscoveredCamera(
        "10.0.0.7", "", Match(name="IPC", hardware="IPC-1", weak=(MAC_OF_MANY,))
    )
    (now,) = readings_of(found, CameraDetails(model="IPC", urls=("rtsp://h/",)), 0.0)
    assert isinstance(now, Sighting)
    for held in (before, restore_devices(room(), old)):
        known, said = held.see([now], 1_757_203_200_000)
        (device,) = known.all(0)
        assert device.aliases == (device_id_of(MAC_OF_MANY),)
        assert device.device_id == device_id_of(CAMERA)
        assert device.first_seen_ms == 1_700_000_000_000
        gone = [one.device_id for one in said if isinstance(one, DeviceForgotten)]
        assert gone == [device_id_of(MAC_OF_MANY)]


def camera_of_before() -> dict[str, object]:
    """What ONVIF said of a camera that tells the MAC of an example."""
    seen = trace(MAC_OF_MANY, "mac")["sighting"]
    assert isinstance(seen, dict)
    return {**seen, "source": "onvif", "kind": "camera", "name": "IPC", "product": ""}


def test_what_a_thing_was_called_is_kept_when_its_source_forgets() -> None:
    """A contest that is over, a name of before the last start: the old id stays an alias."""
    now = sighting("mac:00408c000001", source="onvif", identity=IdentityKind.MAC)
    once = replace(now, former=(MAC_OF_MANY,))
    known = restore_devices(room(), ()).see([once], 1).devices.see([now], 2).devices
    (device,) = known.all(0)
    assert device.aliases == (device_id_of(once.former[0]),)
    back = known.see([replace(now, key=once.former[0])], 3).devices
    assert {one.aliases for one in back.all(0)} == {()}


def test_a_split_holds_under_new_keys() -> None:
    """A person parted what tells one mark; one of the two is known by another key since."""
    one = sighting("uuid:11aa22bb", source="mdns", aliases=("serial:x:1",))
    other = sighting("uuid:33cc44dd", source="onvif", aliases=("serial:x:1",))
    split = SplitDecision((other.key, one.key))
    again = replace(other, key="uuid:55ee66ff", former=(other.key,))
    groups = group_sightings([replace(one, key="mac:00408c000001"), again], [split])
    assert len(groups) == 2


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
