"""This file turns udev's nodes into the USB devices a person would count; pure."""

from __future__ import annotations

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from hardware.matchers import UsbId, matchers
from hardware.readings import Identity, Kind, Sighting, clean

# Every udev property this file reads: a watcher need fetch no other.
PROPERTIES = (
    "DEVNAME",
    "DEVPATH",
    "DEVTYPE",
    "ID_MODEL",
    "ID_MODEL_ENC",
    "ID_MODEL_FROM_DATABASE",
    "ID_MODEL_ID",
    "ID_MTP_DEVICE",
    "ID_PATH",
    "ID_SERIAL_SHORT",
    "ID_USB_INTERFACES",
    "ID_V4L_CAPABILITIES",
    "ID_V4L_PRODUCT",
    "ID_VENDOR",
    "ID_VENDOR_ENC",
    "ID_VENDOR_FROM_DATABASE",
    "ID_VENDOR_ID",
    "SUBSYSTEM",
)

Properties = Mapping[str, str]

_HUB = "09"
# A serial is short; more is a device that talks to the parser, not to people.
_SERIAL_SHORTEST, _SERIAL_LONGEST = 5, 126
_FEWEST_SIGNS = 3
_NODES_LIMIT = 64
# What udev writes for a byte that its plain names cannot hold (systemd, udev-builtin-usb_id).
_ESCAPED = re.compile(r"(?:\\x[0-9a-fA-F]{2})+")
# Where the device ends in the ID_PATH of one of its interfaces: "...-usb-0:1.2" of ":1.0...".
_DEVICE_PATH = re.compile(r"(.*-usb-\d+:[\d.]+)(?::\d+\.\d+.*)?")
_PCI_ADDRESS = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsbDevice:
    """One physical device: its own node, and those of all it does, in the order of their paths."""

    own: Properties
    nodes: tuple[Properties, ...] = ()


def devices_of(nodes: Iterable[Properties], host: str) -> dict[str, Sighting]:
    """Give the USB devices among these udev nodes, by key; hubs and unfinished ones left out.

    nodes: udev properties of each, with DEVPATH, in any order. host: names this machine in keys
    of devices that are known by their port only.
    """
    devices = [device for device in grouped(nodes) if _is_finished(device) and not _is_hub(device)]
    claims = Counter(_serial_claim(device) for device in devices)
    # A serial that two devices carry names neither of them.
    single = {claim for claim, count in claims.items() if count == 1}
    sightings: dict[str, Sighting] = {}
    for device in devices:
        sighting = _sighting(device, host, single)
        key = _free_key(sighting.key, sightings)
        sightings[key] = replace(sighting, key=key)
    return sightings


def grouped(nodes: Iterable[Properties]) -> list[UsbDevice]:
    """Put every node under the USB device it belongs to, ordered by path; others are left out."""
    ordered = sorted(nodes, key=lambda node: node.get("DEVPATH", ""))
    devices = {node.get("DEVPATH", ""): node for node in ordered if is_usb_device(node)}
    children: defaultdict[str, list[Properties]] = defaultdict(list)
    for node in ordered:
        parent = parent_of(node.get("DEVPATH", ""), devices)
        if parent is not None and not is_usb_device(node):
            children[parent].append(node)
    return [UsbDevice(own=own, nodes=tuple(children[path])) for path, own in devices.items()]


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


def trusted_serial(serial: str) -> bool:
    """Say whether a serial may name one piece in the world: half of all USB serials do not."""
    if not _SERIAL_SHORTEST <= len(serial) <= _SERIAL_LONGEST:
        return False
    if not (serial.isascii() and serial.isprintable()) or clean(serial) != serial:
        return False
    signs = set(serial.lower())
    return len(signs) >= _FEWEST_SIGNS and not any(
        weak.fullmatch(serial) for weak in _weak_serials()
    )


@functools.cache
def _weak_serials() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(weak, re.IGNORECASE) for weak in matchers().weak_serials)


def _is_finished(device: UsbDevice) -> bool:
    # Until udev's own rules ran, a node has the kernel's properties only.
    return bool(device.own.get("ID_VENDOR_ID") and device.own.get("ID_MODEL_ID"))


def _is_hub(device: UsbDevice) -> bool:
    interfaces = _interfaces(device)
    return bool(interfaces) and all(interface.startswith(_HUB) for interface in interfaces)


def _interfaces(device: UsbDevice) -> list[str]:
    listed = device.own.get("ID_USB_INTERFACES", "")
    return [interface.lower() for interface in listed.split(":") if interface]


def _sighting(device: UsbDevice, host: str, single: Container[str]) -> Sighting:
    claim = _serial_claim(device)
    known = claim != "" and claim in single
    row = _id_rows().get(_product_id(device))
    model = _model(device) or (row.model if row else "") or _product_id(device)
    return Sighting(
        source="usb",
        key=claim if known else f"port:{host}:{_port(device)}:{_product_id(device)}",
        identity=Identity.USB if known else Identity.PORT,
        kind=_kind(device, row),
        name=model,
        vendor=_vendor(device),
        model=model,
        serial=device.own.get("ID_SERIAL_SHORT", "") if known else "",
        nodes=tuple(_device_files(device))[:_NODES_LIMIT],
    )


def _serial_claim(device: UsbDevice) -> str:
    serial = device.own.get("ID_SERIAL_SHORT", "")
    return f"usb:{_product_id(device)}:{serial}" if trusted_serial(serial) else ""


def _free_key(key: str, taken: Container[str]) -> str:
    """Number a key that is taken: a USB 2 and a USB 3 port of one socket share their path."""
    numbered, count = key, 1
    while numbered in taken:
        count += 1
        numbered = f"{key}:{count}"
    return numbered


def _product_id(device: UsbDevice) -> str:
    vendor, product = device.own.get("ID_VENDOR_ID", ""), device.own.get("ID_MODEL_ID", "")
    return clean(f"{vendor}:{product}".lower(), 9)


def _port(device: UsbDevice) -> str:
    """Give the way to the port, as udev's ID_PATH; built from DEVPATH where udev gives none."""
    for node in (device.own, *device.nodes):
        if found := _DEVICE_PATH.fullmatch(node.get("ID_PATH", "")):
            return clean(found[1])
    return _port_from_path(device.own.get("DEVPATH", ""))


def _port_from_path(path: str) -> str:
    # ".../0000:00:14.0/usb1/1-5/1-5.2" is port 5.2 of that controller, whatever the bus number.
    before, _, after = path.partition("/usb")
    controller = before.rpartition("/")[2]
    port = after.rpartition("/")[2].rpartition("-")[2]
    bus = "pci" if _PCI_ADDRESS.fullmatch(controller) else "platform"
    return clean(f"{bus}-{controller}-usb-0:{port}")


def _kind(device: UsbDevice, row: UsbId | None) -> Kind:
    """Judge by what the device can do; the vendor's number refines only what that leaves open."""
    if any(_captures(node) for node in device.nodes):
        return Kind.CAMERA
    kind = _kind_by_property(device) or _kind_by_class(device)
    if kind in {Kind.INPUT, Kind.OTHER} and row is not None:
        return row.kind
    return kind


def _captures(node: Properties) -> bool:
    # Cameras show further video nodes for metadata, whose capabilities are ":".
    return ":capture:" in node.get("ID_V4L_CAPABILITIES", "")


def _kind_by_property(device: UsbDevice) -> Kind | None:
    for row in matchers().usb_property:
        if device.own.get(row.name, "0") not in {"", "0"}:
            return row.kind
    return None


def _kind_by_class(device: UsbDevice) -> Kind:
    interfaces = _interfaces(device)
    for row in matchers().usb_class:
        if any(interface.startswith(row.begins) for interface in interfaces):
            return row.kind
    return Kind.OTHER


@functools.cache
def _id_rows() -> dict[str, UsbId]:
    return {row.id: row for row in matchers().usb_id}


def _vendor(device: UsbDevice) -> str:
    return clean(device.own.get("ID_VENDOR_FROM_DATABASE", "")) or _named(device.own, "ID_VENDOR")


def _model(device: UsbDevice) -> str:
    return (
        _named(device.own, "ID_MODEL")
        or clean(device.own.get("ID_MODEL_FROM_DATABASE", ""))
        or _video_product(device)
    )


def _video_product(device: UsbDevice) -> str:
    names = (clean(node.get("ID_V4L_PRODUCT", "")) for node in device.nodes if _captures(node))
    return next(filter(None, names), "")


def _named(node: Properties, name: str) -> str:
    """Give the device's own word for itself; "" where udev had to put its number there."""
    plain = node.get(name, "")
    if plain.lower() == node.get(f"{name}_ID", "").lower():
        return ""
    escaped = node.get(f"{name}_ENC", "")
    return clean(_unescaped(escaped)) if escaped else clean(plain.replace("_", " "))


def _unescaped(text: str) -> str:
    def letters(found: re.Match[str]) -> str:
        return bytes.fromhex(found[0].replace("\\x", "")).decode("utf-8", "replace")

    return _ESCAPED.sub(letters, text)


def _device_files(device: UsbDevice) -> Iterator[str]:
    for node in device.nodes:
        name = clean(node.get("DEVNAME", ""))
        if name and (node.get("SUBSYSTEM") != "video4linux" or _captures(node)):
            yield name
