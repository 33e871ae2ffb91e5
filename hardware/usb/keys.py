"""This file names USB devices so that each is known again tomorrow, and none for another; pure."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Container, Sequence
from typing import NamedTuple

from hardware.matchers import matchers
from hardware.readings import IdentityKind, clean
from hardware.usb.nodes import UsbDevice

# A serial is short; more is a device that talks to the parser, not to people.
_SERIAL_SHORTEST, _SERIAL_LONGEST = 5, 126
_FEWEST_SIGNS = 3
# Where the device ends in the ID_PATH of one of its interfaces: "...-usb-0:1.2" of ":1.0...".
_DEVICE_PATH = re.compile(r"(.*-usb-\d+:[\d.]+)(?::\d+\.\d+.*)?")
_PCI_ADDRESS = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]")


class DeviceKey(NamedTuple):
    """A device's key, what it rests on, and the serial where it is that."""

    text: str
    identity: IdentityKind
    serial: str = ""


def keys_of(devices: Sequence[UsbDevice], host: str) -> list[DeviceKey]:
    """Give each device its key: no two alike, whatever serials they claim.

    host: names this machine in keys of devices that are known by their port only.
    """
    claims = [_claim(device) for device in devices]
    # A serial that two devices carry names neither of them.
    counts = Counter(claims)
    keys: list[DeviceKey] = []
    used: set[str] = set()
    for device, claim in zip(devices, claims, strict=True):
        if claim and counts[claim] == 1:
            key = DeviceKey(claim, IdentityKind.USB, device.own.get("ID_SERIAL_SHORT", ""))
        else:
            port = f"port:{host}:{_port(device)}:{product_of(device)}"
            key = DeviceKey(free_key(port, used), IdentityKind.PORT)
        used.add(key.text)
        keys.append(key)
    return keys


@functools.lru_cache(1024)
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


def product_of(device: UsbDevice) -> str:
    """Give "vendor:product" in hex digits, as udev writes them, in lower case."""
    vendor, product = device.own.get("ID_VENDOR_ID", ""), device.own.get("ID_MODEL_ID", "")
    return clean(f"{vendor}:{product}".lower(), 9)


def free_key(key: str, used: Container[str]) -> str:
    """Number a key that is taken: a USB 2 and a USB 3 port of one socket share their path."""
    numbered, count = key, 1
    while numbered in used:
        count += 1
        numbered = f"{key}:{count}"
    return numbered


def _claim(device: UsbDevice) -> str:
    serial = device.own.get("ID_SERIAL_SHORT", "")
    return f"usb:{product_of(device)}:{serial}" if trusted_serial(serial) else ""


def _port(device: UsbDevice) -> str:
    """Give the way to the port, as udev's ID_PATH; built from DEVPATH where udev gives none."""
    for node in (device.own, *device.nodes):
        if match := _DEVICE_PATH.fullmatch(node.get("ID_PATH", "")):
            return clean(match[1])
    return _port_from_path(device.own.get("DEVPATH", ""))


def _port_from_path(path: str) -> str:
    # ".../0000:00:14.0/usb1/1-5/1-5.2" is port 5.2 of that controller, whatever the bus number.
    before, _, after = path.partition("/usb")
    controller = before.rpartition("/")[2]
    port = after.rpartition("/")[2].rpartition("-")[2]
    bus = "pci" if _PCI_ADDRESS.fullmatch(controller) else "platform"
    return clean(f"{bus}-{controller}-usb-0:{port}")
