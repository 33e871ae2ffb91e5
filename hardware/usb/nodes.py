"""This file sorts udev's nodes by USB device, and finds those that show a picture; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

# Every udev property that is read here and beside: a watcher need fetch no other.
PROPERTIES = (
    "DEVNAME",
    "DEVPATH",
    "DEVTYPE",
    "DRIVER",
    "ID_INPUT_TABLET",
    "ID_INPUT_TOUCHSCREEN",
    "ID_INPUT_WIDTH_MM",
    "ID_MODEL",
    "ID_MODEL_ENC",
    "ID_MODEL_FROM_DATABASE",
    "ID_MODEL_ID",
    "ID_MTP_DEVICE",
    "ID_PATH",
    "ID_SERIAL_SHORT",
    "ID_USB_DRIVER",
    "ID_USB_INTERFACES",
    "ID_V4L_CAPABILITIES",
    "ID_V4L_PRODUCT",
    "ID_VENDOR",
    "ID_VENDOR_ENC",
    "ID_VENDOR_FROM_DATABASE",
    "ID_VENDOR_ID",
    "POWER_SUPPLY_CAPACITY",
    "SUBSYSTEM",
    "UPOWER_BATTERY_TYPE",
)
# The subsystems whose nodes are of use to people; a machine has ten times as many others.
SUBSYSTEMS = (
    *("usb", "video4linux", "input", "sound", "block"),
    *("net", "dvb", "usbmisc", "power_supply", "hidraw"),
)
# Not udev's: the file `removable` of a USB device's folder, for a watcher to add where it can.
REMOVABLE = "REMOVABLE"

Properties = Mapping[str, str]

# What a driver makes of an interface of this class. Source: usb.org, Defined Class Codes.
_MADE_OF = {"01": "sound", "03": "input", "08": "block", "0e": "video4linux"}
_NUMBER = re.compile(r"\d{1,9}$", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbDevice:
    """One physical device: its own node, and those of all it does, in the order of their paths."""

    own: Properties
    nodes: tuple[Properties, ...] = ()


def group_nodes(nodes: Iterable[Properties]) -> list[UsbDevice]:
    """Put every node under the USB device it belongs to, ordered by path; others are left out."""
    ordered = sorted(nodes, key=lambda node: node.get("DEVPATH", ""))
    devices = {node.get("DEVPATH", ""): node for node in ordered if is_usb_device(node)}
    children: defaultdict[str, dict[str, Properties]] = defaultdict(dict)
    for node in ordered:
        path = node.get("DEVPATH", "")
        parent = parent_of(path, devices)
        if parent is not None and path != parent:
            children[parent][path] = node
    return [
        UsbDevice(own=own, nodes=tuple(children[path].values())) for path, own in devices.items()
    ]


def is_usb_device(node: Properties) -> bool:
    """Say whether this node is a whole USB device, not an interface or what an interface does."""
    return node.get("SUBSYSTEM") == "usb" and node.get("DEVTYPE") == "usb_device"


def parent_of(path: str, devices: Container[str]) -> str | None:
    """Give the nearest of these device paths that the path is, or lies under."""
    while path:
        if path in devices:
            return path
        path = path.rpartition("/")[0]
    return None


def interfaces_of(device: UsbDevice) -> list[str]:
    """Give what its interfaces are, each as six hex digits: class, subclass, protocol."""
    listed = device.own.get("ID_USB_INTERFACES", "")
    return [interface.lower() for interface in listed.split(":") if interface]


def is_complete(device: UsbDevice) -> bool:
    """Say whether every interface whose drivers make nodes has some; never surely of others."""
    made = {node.get("SUBSYSTEM") for node in device.nodes}
    expected = {_MADE_OF.get(interface[:2]) for interface in interfaces_of(device)} - {None}
    return expected <= made


def captures(node: Properties) -> bool:
    """Say whether a video node gives pictures, as far as udev knows."""
    # Cameras show further video nodes for metadata, whose capabilities are ":".
    return ":capture:" in node.get("ID_V4L_CAPABILITIES", "")


def capture_nodes(nodes: Iterable[Properties]) -> list[Properties]:
    """Give the video nodes that give pictures, in the order of their numbers."""
    by_interface: defaultdict[str, list[Properties]] = defaultdict(list)
    for node in sorted(nodes, key=video_number):
        if node.get("SUBSYSTEM") == "video4linux":
            by_interface[node.get("DEVPATH", "").partition("/video4linux/")[0]].append(node)
    picture_nodes = [node for interface in by_interface.values() for node in _pictures(interface)]
    return sorted(picture_nodes, key=video_number)


def _pictures(interface: list[Properties]) -> list[Properties]:
    picture_nodes = [node for node in interface if captures(node)]
    if len(picture_nodes) == len(interface) and _is_uvc(interface):
        # Before systemd 239 udev knew the device's capabilities only, not the node's; the kernel
        # makes a metadata node after every picture node (Linux, uvc_register_terms).
        return picture_nodes[::2]
    return picture_nodes


def _is_uvc(interface: list[Properties]) -> bool:
    return all(node.get("ID_USB_DRIVER") == "uvcvideo" for node in interface)


def video_number(node: Properties) -> tuple[int, str]:
    """Order video nodes as the kernel numbered them: video9 before video10."""
    name = node.get("DEVNAME", "")
    number = _NUMBER.search(name)
    return (int(number[0]) if number else -1, name)
