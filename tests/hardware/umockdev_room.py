"""Plugs and unplugs a camera under a real udev monitor; prints what was told. Run by test_usb.

Run as: umockdev-wrapper python umockdev_room.py WORK_FOLDER
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import gi

from hardware.readings import Kind, Sighting
from hardware.usb import watch as usb
from simulators.devices import udev as udev_replay
from tests.hardware.told import Told

gi.require_version("UMockdev", "1.0")
from gi.repository import GLib, UMockdev  # noqa: E402 - only after its version is chosen

NO_FILES: Mapping[str, str] = {}
CAMERA = {
    "DEVTYPE": "usb_device",
    "ID_VENDOR_ID": "2b7e",
    "ID_VENDOR_ENC": "ZETA",
    "ID_VENDOR": "ZETA",
    "ID_MODEL_ID": "0551",
    "ID_MODEL": "Class_Cam",
    "ID_SERIAL_SHORT": "ZC7A91F03B",
    "ID_USB_INTERFACES": ":0e0100:0e0200:",
}
KEYBOARD = {
    "DEVTYPE": "usb_device",
    "ID_VENDOR_ID": "413c",
    "ID_MODEL_ID": "2107",
    "ID_MODEL": "Keyboard",
    "ID_USB_INTERFACES": ":030101:",
    "ID_PATH": "pci-0000:00:14.0-usb-0:2",
}
SCREEN = KEYBOARD | {"ID_VENDOR_ID": "04f3", "ID_MODEL_ID": "24dd", "ID_INPUT": "1"}
UPS_DESCRIPTOR = bytes.fromhex("05840904a1018501058509667508950126ff00b102c0")
UPS_CHARGE = 87
TOUCH = {"DEVNAME": "/dev/input/event1", "ID_INPUT_TOUCHSCREEN": "1"}


def flat(properties: Mapping[str, str]) -> list[str]:
    """Give properties as umockdev takes them."""
    return [text for pair in properties.items() for text in pair]


class Ups(UMockdev.IoctlBase):
    """The kernel's side of a UPS: it answers for the one feature report of its descriptor."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, bytes]] = []

    def do_handle_ioctl(self, client: UMockdev.IoctlClient) -> bool:
        """Answer HIDIOCGFEATURE as hidraw does: the report's id first, then its bytes."""
        request = client.get_request()
        report = client.get_arg().resolve(0, request >> 16 & 0x3FFF)
        self.asked.append((request & 0xFFFF, report.retrieve()[:1]))
        report.update(0, bytes([1, UPS_CHARGE]))
        client.complete(2, 0)
        return True


class Room:
    """A machine of pretence, with one bus."""

    def __init__(self) -> None:
        self.testbed = UMockdev.Testbed.new()
        self.ups = Ups()
        root = {"DEVTYPE": "usb_device", "ID_VENDOR_ID": "1d6b", "ID_MODEL_ID": "0002"}
        self.bus = self.add("usb", "usb1", None, root | {"ID_USB_INTERFACES": ":090000:"})
        self.paths: list[str] = []

    def add(
        self,
        subsystem: str,
        name: str,
        parent: str | None,
        own: Mapping[str, str],
        files: Mapping[str, str] = NO_FILES,
    ) -> str:
        """Add a node, with its uevent; give its path."""
        return str(self.testbed.add_device(subsystem, name, parent, flat(files), flat(own)))

    def hear(self, action: str, node: udev_replay.Properties) -> None:
        """Let what a replayer says of a node happen here."""
        above, _, name = node["DEVPATH"].rpartition("/")
        path = f"/sys{node['DEVPATH']}"
        if action == "add":
            own = {key: text for key, text in node.items() if key not in {"DEVPATH", "SUBSYSTEM"}}
            self.add(node["SUBSYSTEM"], name, f"/sys{above}", own)
        elif action == "remove":
            self.testbed.uevent(path, "remove")
            self.testbed.remove_device(path)
        else:
            self.testbed.uevent(path, action)

    def plug(self, port: str, own: dict[str, str]) -> None:
        """Plug in a camera: the device, its interface, a picture node and a metadata node."""
        device = self.add("usb", f"1-{port}", self.bus, own)
        interface = self.add(
            "usb", f"1-{port}:1.0", device, {"DEVTYPE": "usb_interface", "PRODUCT": "x"}
        )
        picture = {"DEVNAME": f"/dev/video{port}0", "ID_V4L_CAPABILITIES": ":capture:"}
        metadata = {"DEVNAME": f"/dev/video{port}1", "ID_V4L_CAPABILITIES": ":"}
        video = [
            self.add("video4linux", f"video{port}{count}", interface, own)
            for count, own in enumerate((picture, metadata))
        ]
        self.paths = [*reversed(video), interface, device]

    def unplug(self) -> None:
        """Unplug what was plugged in last, its nodes first."""
        for path in self.paths:
            self.testbed.uevent(path, "remove")
            self.testbed.remove_device(path)


async def told_after(told: Told, wanted: Callable[[Sighting], bool], start: float) -> float:
    """Wait for a report; give how many milliseconds it took."""
    await told.until(wanted)
    return round(1000 * (time.perf_counter() - start), 1)


async def stay(work: Path) -> dict[str, object]:
    """Plug in and out, then break the monitor and change things behind its back."""
    (work / "control").touch()
    room, told = Room(), Told()
    room.add("usb", "1-2", room.bus, KEYBOARD)
    screen = room.add("usb", "1-6", room.bus, SCREEN, {"removable": "fixed"})
    room.add("input", "event1", screen, TOUCH)
    room.plug("1", CAMERA)
    _plug_ups(room)
    monitors = _remember_monitors()
    watch = asyncio.create_task(usb.watch(told, host="room12", run=work), name="watch")
    at_start = [await told.until(_is_present) for _ in range(4)]
    gone_ms, back_ms = [], []
    for _ in range(5):
        start = time.perf_counter()
        await asyncio.to_thread(room.unplug)
        gone_ms.append(await told_after(told, _is_gone, start))
        start = time.perf_counter()
        await asyncio.to_thread(room.plug, "1", CAMERA)
        back_ms.append(await told_after(told, _is_present, start))
    kinds = [(one.kind, one.nodes) for one in told.sightings]
    paced = await _replay(room, told)
    await asyncio.to_thread(room.unplug)
    gone = await told.until(_is_gone)
    await _break(monitors, lambda: room.plug("3", CAMERA))
    found = await told.until(_is_present)
    watch.cancel()
    return {
        "at_start": sorted([one.key, str(one.asks)] for one in at_start),
        "ups": [[one.proof, one.charge_percent] for one in at_start if one.kind is Kind.UPS],
        "ups_asked": sorted({(number, report.hex()) for number, report in room.ups.asked}),
        "paced": paced,
        "gone_ms": gone_ms,
        "back_ms": back_ms,
        "extra": kinds,
        "gone": [gone.key, gone.reason],
        "found": [found.key, found.kind, list(found.nodes)],
        "monitors": len(monitors),
    }


def _plug_ups(room: Room) -> None:
    """A UPS of no maker that a table knows, as the kernel shows one: a raw HID node, no input."""
    own = KEYBOARD | {"ID_VENDOR_ID": "1234", "ID_MODEL": "Power", "ID_PATH": "pci-0-usb-0:8"}
    device = room.add("usb", "1-8", room.bus, own | {"ID_USB_INTERFACES": ":030000:"})
    hid = room.add("hid", "0003:1234:2107.0001", device, {"HID_ID": "x"})
    room.testbed.set_attribute_binary(hid, "report_descriptor", UPS_DESCRIPTOR)
    path = f"{hid.removeprefix('/sys')}/hidraw0"
    lines = [f"P: {path}", "N: hidraw0", "E: DEVNAME=/dev/hidraw0", "E: SUBSYSTEM=hidraw"]
    room.testbed.add_from_string("\n".join([*lines, "", ""]))
    room.testbed.set_attribute_link(f"/sys{path}", "device", "..")
    room.testbed.attach_ioctl("/dev/hidraw0", room.ups)
    threading.Thread(target=GLib.MainLoop().run, daemon=True).start()


async def _replay(room: Room, told: Told) -> dict[str, object]:
    """Plug in another camera in the pace of a real one, and the same touch at an open port."""
    paced: dict[str, object] = {}
    for name, nodes in (("camera", _camera_nodes()), ("touch", _touch_nodes())):
        top = nodes[0]["DEVPATH"]
        script = udev_replay.plug(nodes, top)
        # umockdev takes up to 20 ms for each node, and must not keep the watch from hearing them.
        start = time.perf_counter()
        await asyncio.to_thread(asyncio.run, udev_replay.play(script, room.hear))
        last_ms = round(1000 * (time.perf_counter() - start), 1)
        found = await told.until(_is_present)
        took_ms = round(1000 * (time.perf_counter() - start), 1)
        paced[name] = [found.kind, found.asks, list(found.nodes), last_ms, took_ms]
        await asyncio.to_thread(
            asyncio.run, udev_replay.play(udev_replay.unplug(nodes, top), room.hear)
        )
        await told.until(_is_gone)
    return paced


def _camera_nodes() -> list[udev_replay.Properties]:
    own = CAMERA | {"ID_SERIAL_SHORT": "ZC7A91F0AA", "ID_USB_INTERFACES": ":0e0100:0e0200:"}
    usb_5 = {"DEVPATH": "/devices/usb1/1-5", "SUBSYSTEM": "usb"}
    interface = {"DEVPATH": "/devices/usb1/1-5/1-5:1.0", "DEVTYPE": "usb_interface", "PRODUCT": "x"}
    nodes: list[udev_replay.Properties] = [own | usb_5, {"SUBSYSTEM": "usb"} | interface]
    for count, capabilities in enumerate((":capture:", ":")):
        nodes.append(
            {
                "DEVPATH": f"/devices/usb1/1-5/1-5:1.0/video5{count}",
                "SUBSYSTEM": "video4linux",
                "DEVNAME": f"/dev/video5{count}",
                "ID_V4L_CAPABILITIES": capabilities,
            }
        )
    return nodes


def _touch_nodes() -> list[udev_replay.Properties]:
    usb_7 = {"DEVPATH": "/devices/usb1/1-7", "SUBSYSTEM": "usb"}
    event = {"DEVPATH": "/devices/usb1/1-7/event7", "SUBSYSTEM": "input"}
    return [SCREEN | usb_7 | {"ID_PATH": "pci-0000:00:14.0-usb-0:7"}, TOUCH | event]


def _remember_monitors() -> list[object]:
    monitors: list[object] = []
    opened = usb._monitor

    def remember(pyudev: object) -> object:
        monitor = opened(pyudev)
        monitors.append(monitor)
        return monitor

    usb._monitor = remember
    return monitors


async def _break(monitors: list[object], behind_its_back: Callable[[], None]) -> None:
    """Let the monitor report the error of an overflow, and change things while it is away."""

    def overflow(timeout: float | None = None) -> None:
        raise OSError(105, "No buffer space available")

    monitors[-1].poll = overflow
    await asyncio.to_thread(behind_its_back)


def _is_gone(sighting: Sighting) -> bool:
    return not sighting.present


def _is_present(sighting: Sighting) -> bool:
    return sighting.present


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(stay(Path(sys.argv[1])))))
