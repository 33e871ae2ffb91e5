"""This file turns udev's nodes into the devices a person would count; pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from hardware.readings import Sighting, clean
from hardware.usb.charge import charge_of
from hardware.usb.digitizers import Places, fixed_paths, place_of
from hardware.usb.keys import Claim, DeviceKey, Holders, claims_of, keys_of, product_of
from hardware.usb.kinds import id_row, judge
from hardware.usb.names import model_of, vendor_of
from hardware.usb.nodes import Properties, UsbDevice, capture_nodes, group_nodes, interfaces_of
from hardware.usb.platform_cameras import platform_cameras

_HUB = "09"
_NODES_LIMIT = 64
_FILES_OF = frozenset({"usb", "input", "sound", "block"})


def devices_of(
    nodes: Iterable[Properties],
    host: str,
    built_in: Places = frozenset(),
    holders: Holders | None = None,
) -> dict[str, Sighting]:
    """Give the devices among these udev nodes, by key; hubs and unfinished ones left out.

    nodes: udev properties of each, with DEVPATH, in any order. host: names this machine in keys
    of devices that are known by their port only. built_in: what is part of the machine itself.
    holders: who holds which serial, these among them; without, nothing is remembered.
    """
    all_nodes = list(nodes)
    groups = group_nodes(all_nodes)
    devices = [*filter(_counts, groups)]
    own = fixed_paths(groups) | _paths(devices, built_in)
    sightings = platform_cameras(all_nodes, host)
    for device, key in zip(devices, keys_of(devices, host, holders), strict=True):
        sightings[key.text] = _sighting(device, key, own)
    return sightings


def claims_in(nodes: Iterable[Properties], host: str) -> list[Claim]:
    """Give the names that the devices among these udev nodes tell of themselves."""
    return claims_of(filter(_counts, group_nodes(nodes)), host)


def _counts(device: UsbDevice) -> bool:
    return _is_finished(device) and not _is_hub(device)


def _paths(devices: Iterable[UsbDevice], places: Places) -> frozenset[str]:
    return frozenset(place_of(device)[0] for device in devices if place_of(device) in places)


def _is_finished(device: UsbDevice) -> bool:
    # Until udev's own rules ran, a node has the kernel's properties only.
    return bool(device.own.get("ID_VENDOR_ID") and device.own.get("ID_MODEL_ID"))


def _is_hub(device: UsbDevice) -> bool:
    interfaces = interfaces_of(device)
    return bool(interfaces) and all(interface.startswith(_HUB) for interface in interfaces)


def _sighting(device: UsbDevice, key: DeviceKey, own: Container[str]) -> Sighting:
    product, row = product_of(device), id_row(device)
    model = model_of(device) or (row.model if row else "") or product
    judged = judge(device, own)
    return Sighting(
        source="usb",
        key=key.text,
        identity=key.identity,
        kind=judged.kind,
        asks=judged.asks,
        proof=clean(judged.words),
        charge_percent=charge_of(device),
        name=model,
        vendor=vendor_of(device),
        model=model,
        serial=key.serial,
        contested=key.contested,
        weak=key.weak,
        former=key.former,
        socket=key.socket,
        product=product,
        nodes=tuple(_device_files(device))[:_NODES_LIMIT],
    )


def _device_files(device: UsbDevice) -> Iterator[str]:
    """Give the files of its nodes: pictures first, no other video nodes, then the rest."""
    rest = (node for node in device.nodes if node.get("SUBSYSTEM") in _FILES_OF)
    for node in (*capture_nodes(device.nodes), *rest):
        if name := clean(node.get("DEVNAME", "")):
            yield name
