"""This file reads what Windows lists of its devices as the nodes that udev would show; pure.

So that what a device is, and by what it is known again, is judged in one place. Source: Microsoft,
"Standard USB Identifiers", "Location paths"; usb.org, Defined Class Codes.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from hardware.usb.nodes import REMOVABLE, Properties

_DEVICE: Final = re.compile(
    r"USB\\VID_(?P<vendor>[0-9A-F]{4})&PID_(?P<product>[0-9A-F]{4})\\(?P<tail>.+)", re.IGNORECASE
)
_INTERFACE: Final = re.compile(
    r"USB\\VID_[0-9A-F]{4}&PID_[0-9A-F]{4}&MI_(?P<number>[0-9A-F]{2})\\", re.IGNORECASE
)
_CLASS: Final = re.compile(
    r"USB\\CLASS_([0-9A-F]{2})(?:&SUBCLASS_([0-9A-F]{2}))?(?:&PROT_([0-9A-F]{2}))?", re.IGNORECASE
)
_PCI: Final = re.compile(r"PCI\(([0-9A-F]{2})([0-9A-F]{2})\)", re.IGNORECASE)
_PORT: Final = re.compile(r"USB\((\d+)\)", re.IGNORECASE)
# Of a HID collection: a digitizer's touch screen and pen (USB HID Usage Tables, 0x0d).
_TOUCH: Final = re.compile(r"HID_DEVICE_UP:000D_U:000[45]", re.IGNORECASE)
_TABLET: Final = re.compile(r"HID_DEVICE_UP:000D_U:000[12]", re.IGNORECASE)
# What udev would call the nodes of a device of one of Windows' setup classes.
_SUBSYSTEMS: Final[Mapping[str, str]] = {
    "camera": "video4linux",
    "image": "video4linux",
    "keyboard": "input",
    "mouse": "input",
    "media": "sound",
    "audioendpoint": "sound",
    "diskdrive": "block",
    "cdrom": "block",
    "net": "net",
}
# A driver's maker that Windows itself is, not the device's.
_NOBODY: Final = re.compile(r"\(.*\)|microsoft.*|generic.*", re.IGNORECASE)
_FIXED: Final = 1  # CM_REMOVAL_POLICY_EXPECT_NO_REMOVAL
_STILL_IMAGE: Final = "06"  # a scanner's or a tablet's, which Windows keeps in the class of cameras


@dataclass(frozen=True, slots=True, kw_only=True)
class PnpDevice:
    """A device as Windows lists it. instance: its name; parent: that of what it hangs on.

    ids: hardware and compatible ones. location: by which ports it is reached. removal: Windows'
    number of how it goes, 0 where it does not say.
    """

    instance: str
    parent: str = ""
    name: str = ""
    maker: str = ""
    setup_class: str = ""
    service: str = ""
    ids: tuple[str, ...] = ()
    location: str = ""
    removal: int = 0


def nodes_of(devices: Iterable[PnpDevice]) -> list[Properties]:
    """Give the nodes that udev would show of these devices, of USB's alone; in any order."""
    listed = {device.instance.upper(): device for device in devices}
    whole = {name: device for name, device in listed.items() if _is_whole(device)}
    parts: dict[str, list[PnpDevice]] = {name: [] for name in whole}
    for name, device in listed.items():
        owner = name if name in whole else _owner(device, listed, whole)
        if owner and owner != name:
            parts[owner].append(device)
    nodes, used = list[Properties](), set[str]()
    for name, device in sorted(whole.items(), key=lambda one: one[0]):
        path = _path(device, used)
        used.add(path)
        nodes += _nodes(device, parts[name], path)
    return nodes


def _is_whole(device: PnpDevice) -> bool:
    return _DEVICE.fullmatch(device.instance) is not None


def _owner(
    device: PnpDevice, listed: Mapping[str, PnpDevice], whole: Mapping[str, PnpDevice]
) -> str:
    """The USB device that this is a part of: a keyboard in a camera on a hub is the camera's."""
    seen = set[str]()
    name = device.parent.upper()
    while name in listed and name not in seen:
        if name in whole:
            return name
        seen.add(name)
        name = listed[name].parent.upper()
    return ""


def _nodes(device: PnpDevice, parts: list[PnpDevice], path: str) -> Iterator[Properties]:
    match = _DEVICE.fullmatch(device.instance)
    assert match  # noqa: S101 - it is a whole one
    faces = [part for part in parts if _INTERFACE.match(part.instance)]
    yield {
        "SUBSYSTEM": "usb",
        "DEVTYPE": "usb_device",
        "DEVPATH": path,
        "ID_PATH": place_of(device.location),
        "ID_VENDOR_ID": match["vendor"].lower(),
        "ID_MODEL_ID": match["product"].lower(),
        "ID_SERIAL_SHORT": _serial(match["tail"]),
        "ID_MODEL": device.name,
        "ID_VENDOR": "" if _NOBODY.fullmatch(device.maker) else device.maker,
        "ID_USB_INTERFACES": _interfaces([device, *faces]),
        REMOVABLE: "fixed" if device.removal == _FIXED else "removable" if device.removal else "",
    }
    for number, part in enumerate([device, *parts]):
        yield from _made(part, f"{path}/{number}")


def _made(part: PnpDevice, path: str) -> Iterator[Properties]:
    """What a driver makes of a device or of one of its interfaces."""
    interface = _INTERFACE.match(part.instance)
    if interface or _is_whole(part):
        yield {
            "SUBSYSTEM": "usb",
            "DEVTYPE": "usb_interface",
            "DEVPATH": f"{path}/face",
            "DRIVER": part.service.lower(),
        }
    subsystem = _SUBSYSTEMS.get(part.setup_class.lower(), "")
    touches = any(_TOUCH.search(one) for one in part.ids)
    draws = any(_TABLET.search(one) for one in part.ids)
    if touches or draws:
        kind = "ID_INPUT_TOUCHSCREEN" if touches else "ID_INPUT_TABLET"
        yield {"SUBSYSTEM": "input", "DEVPATH": f"{path}/input", kind: "1"}
    elif subsystem == "video4linux":
        if not any(face.startswith(_STILL_IMAGE) for face in _faces(part)):
            shown = {"ID_V4L_CAPABILITIES": ":capture:", "ID_V4L_PRODUCT": part.name}
            yield {"SUBSYSTEM": subsystem, "DEVPATH": f"{path}/video4linux/video", **shown}
    elif subsystem:
        yield {"SUBSYSTEM": subsystem, "DEVPATH": f"{path}/{subsystem}"}


def _serial(tail: str) -> str:
    """A serial with "&" in its second place was made up by Windows, from the port."""
    return "" if tail[1:2] == "&" else tail


def _interfaces(devices: Iterable[PnpDevice]) -> str:
    found = dict.fromkeys(face for device in devices for face in _faces(device))
    return "".join(f":{face}" for face in found) + ":" if found else ""


def _faces(device: PnpDevice) -> list[str]:
    """The interface's class, subclass and protocol; the whole of it is told first."""
    matches = (_CLASS.fullmatch(one) for one in device.ids)
    whole = [match for match in matches if match and all(match.groups())]
    return ["".join(match.groups()).lower() for match in whole[:1]]


def place_of(location: str) -> str:
    """The port as udev writes it: "PCIROOT(0)#PCI(1400)#USBROOT(0)#USB(2)" is one of 00:14.0."""
    ports = _PORT.findall(location)
    if not ports:
        return ""
    slots = _PCI.findall(location)
    slot = f"{slots[-1][0]}.{int(slots[-1][1], 16)}".lower() if slots else "00.0"
    return f"pci-0000:{max(0, len(slots) - 1):02x}:{slot}-usb-0:{'.'.join(ports)}"


def _path(device: PnpDevice, used: Container[str]) -> str:
    """A path below that of the hub it hangs on, where Windows tells the ports; nobody else's."""
    path = "/" + device.location.replace("#", "/")
    if device.location and path not in used:
        return path
    return "/" + device.instance.replace("\\", "+").replace("/", "+")
