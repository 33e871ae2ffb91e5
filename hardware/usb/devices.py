"""This file turns udev's nodes into the devices a person would count; pure."""

from __future__ import annotations

import functools
from collections.abc import Container, Iterable, Iterator

from hardware.matchers import UsbId, matchers
from hardware.readings import Kind, Sighting, clean
from hardware.usb.digitizers import (
    Places,
    fixed_paths,
    is_digitizer,
    is_touch_vendor,
    is_wide,
    place_of,
)
from hardware.usb.keys import DeviceKey, keys_of, product_of
from hardware.usb.names import model_of, vendor_of
from hardware.usb.nodes import (
    SUBSYSTEMS,
    Properties,
    UsbDevice,
    capture_nodes,
    group_nodes,
    interfaces_of,
)
from hardware.usb.platform_cameras import platform_cameras

_HUB = "09"
_NODES_LIMIT = 64
_OTHER_SUBSYSTEMS = frozenset(SUBSYSTEMS) - {"video4linux"}


def devices_of(
    nodes: Iterable[Properties], host: str, built_in: Places = frozenset()
) -> dict[str, Sighting]:
    """Give the devices among these udev nodes, by key; hubs and unfinished ones left out.

    nodes: udev properties of each, with DEVPATH, in any order. host: names this machine in keys
    of devices that are known by their port only. built_in: what is part of the machine itself.
    """
    all_nodes = list(nodes)
    groups = group_nodes(all_nodes)
    devices = [device for device in groups if _is_finished(device) and not _is_hub(device)]
    own = fixed_paths(groups) | _paths(devices, built_in)
    sightings = platform_cameras(all_nodes, host)
    for device, key in zip(devices, keys_of(devices, host), strict=True):
        sightings[key.text] = _sighting(device, key, own)
    return sightings


def _paths(devices: Iterable[UsbDevice], places: Places) -> frozenset[str]:
    return frozenset(place_of(device)[0] for device in devices if place_of(device) in places)


def _is_finished(device: UsbDevice) -> bool:
    # Until udev's own rules ran, a node has the kernel's properties only.
    return bool(device.own.get("ID_VENDOR_ID") and device.own.get("ID_MODEL_ID"))


def _is_hub(device: UsbDevice) -> bool:
    interfaces = interfaces_of(device)
    return bool(interfaces) and all(interface.startswith(_HUB) for interface in interfaces)


def _sighting(device: UsbDevice, key: DeviceKey, own: Container[str]) -> Sighting:
    product = product_of(device)
    row = _id_rows().get(product)
    model = model_of(device) or (row.model if row else "") or product
    kind, asks = _judge(device, row, own)
    return Sighting(
        source="usb",
        key=key.text,
        identity=key.identity,
        kind=kind,
        asks=asks,
        name=model,
        vendor=vendor_of(device),
        model=model,
        serial=key.serial,
        product=product,
        nodes=tuple(_device_files(device))[:_NODES_LIMIT],
    )


def _judge(device: UsbDevice, row: UsbId | None, own: Container[str]) -> tuple[Kind, Kind | None]:
    """Judge by what the device can do; the vendor's number refines only what that leaves open.

    Gives the kind, and the kind that a person is to be asked for. own: paths of the machine's
    own parts, of which nothing is asked.
    """
    kind = _kind(device)
    if kind in {Kind.INPUT, Kind.OTHER} and row is not None:
        return row.kind, None
    if kind is not Kind.INPUT:
        return kind, None
    touches = is_digitizer(device)
    if touches and is_wide(device):
        return Kind.BOARD, None
    foreign = device.own.get("DEVPATH", "") not in own
    return kind, Kind.BOARD if foreign and (touches or is_touch_vendor(device)) else None


def _kind(device: UsbDevice) -> Kind:
    if capture_nodes(device.nodes):
        return Kind.CAMERA
    kind = _kind_by_property(device) or _kind_by_class(device)
    # A board may have loudspeakers, and a touch controller a class of its maker's own.
    touches = kind in {Kind.AUDIO, Kind.OTHER} and is_digitizer(device)
    return Kind.INPUT if touches else kind


def _kind_by_property(device: UsbDevice) -> Kind | None:
    for row in matchers().usb_property:
        if device.own.get(row.name, "0") not in {"", "0"}:
            return row.kind
    return None


def _kind_by_class(device: UsbDevice) -> Kind:
    interfaces = interfaces_of(device)
    for row in matchers().usb_class:
        if any(interface.startswith(row.begins) for interface in interfaces):
            return row.kind
    return Kind.OTHER


@functools.cache
def _id_rows() -> dict[str, UsbId]:
    return {row.id: row for row in matchers().usb_id}


def _device_files(device: UsbDevice) -> Iterator[str]:
    """Give the files of its nodes: pictures first, no other video nodes, then the rest."""
    rest = (node for node in device.nodes if node.get("SUBSYSTEM") in _OTHER_SUBSYSTEMS)
    for node in (*capture_nodes(device.nodes), *rest):
        if name := clean(node.get("DEVNAME", "")):
            yield name
