"""This file names USB devices so that each is known again tomorrow, and none for another; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from hardware.readings import IdentityKind, Sighting, clean
from hardware.serials import plausible_serial, trusted_serial
from hardware.usb.names import model_of, vendor_of
from hardware.usb.nodes import UsbDevice

# Where the device ends in the ID_PATH of one of its interfaces: "...-usb-0:1.2" of ":1.0...".
_DEVICE_PATH = re.compile(r"(.*-usb-\d+:[\d.]+)(?::\d+\.\d+.*)?")
_SOCKET = "port:"
_PCI_ADDRESS = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]")


class DeviceKey(NamedTuple):
    """A device's key, what it rests on, and the serial where it is that.

    contested, weak, former, socket: as in Sighting.
    """

    text: str
    identity: IdentityKind
    serial: str = ""
    contested: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    socket: str = ""


class Claim(NamedTuple):
    """A name that a device tells of itself, and where the device is: its socket, or its path."""

    name: str
    place: str


@dataclass(frozen=True, slots=True)
class Holders:
    """Who holds each name, by its place: who had it first keeps it, whoever else tells it later.

    contested: the names that two told at once, ever, each with the place that keeps it, even while
    that is empty; "" where nobody was there first.
    """

    held: Mapping[str, str] = field(default_factory=dict)
    contested: Mapping[str, str] = field(default_factory=dict)

    def after(self, claims: Iterable[Claim]) -> Holders:
        """Give the holders once these are told, all at once; what is not told stays as it was."""
        places = defaultdict[str, list[str]](list)
        for claim in claims:
            places[claim.name].append(claim.place)
        held, contested = dict(self.held), dict(self.contested)
        for name, told_at in places.items():
            if len(told_at) > 1 and name not in contested:
                first = told_at[0] if name.startswith(_SOCKET) else ""
                contested[name] = held[name] if held.get(name) in told_at else first
            held[name] = contested.get(name, told_at[0])
        return Holders(held, contested)

    def is_held(self, claim: Claim) -> bool:
        """Say whether the name is that of the device at this place."""
        return self.held.get(claim.name) == claim.place


def claims_of(devices: Iterable[UsbDevice], host: str) -> list[Claim]:
    """Give every name that these devices tell: their serials, and their sockets."""
    claims: list[Claim] = []
    for device in devices:
        socket = _socket_of(device, host)
        claims.append(Claim(socket, _path_of(device)))
        if serial := _serial_name(device):
            claims.append(Claim(serial, socket))
    return claims


def keys_of(
    devices: Sequence[UsbDevice], host: str, holders: Holders | None = None
) -> list[DeviceKey]:
    """Give each device its key: no two alike, whatever serials they claim.

    host: names this machine in keys of devices that are known by their port only. holders: who
    holds which name, these devices among them; without, nothing is remembered.
    """
    holders = holders or Holders().after(claims_of(devices, host))
    keys: list[DeviceKey] = []
    used: set[str] = set()
    for device in devices:
        keys.append(_key_of(device, host, holders, used))
        used.add(keys[-1].text)
    return keys


def remembered_holders(sightings: Iterable[Sighting]) -> Holders:
    """Give who held which serial by what was reported before: a contest outlives a restart."""
    known = [sighting for sighting in sightings if sighting.source == "usb"]
    serials = (one for one in known if one.identity is IdentityKind.USB and one.socket)
    held = {sighting.key: sighting.socket for sighting in serials}
    contested = {name: held.get(name, "") for sighting in known for name in sighting.contested}
    return Holders(held, contested)


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


def _key_of(device: UsbDevice, host: str, holders: Holders, used: Container[str]) -> DeviceKey:
    socket, serial, plausible = _socket_of(device, host), _serial_name(device), _plausible(device)
    contested = tuple(filter(holders.contested.__contains__, [serial]))
    if serial and holders.is_held(Claim(serial, socket)) and serial not in used:
        number = device.own.get("ID_SERIAL_SHORT", "")
        return DeviceKey(serial, IdentityKind.USB, number, contested, socket=socket)
    # Up to 0.2 each plausible serial was a key.
    weak = (plausible,) if plausible and not serial else ()
    is_first = holders.is_held(Claim(socket, _path_of(device))) and socket not in used
    text = socket if is_first else free_key(f"{socket}:2", used)
    return DeviceKey(text, IdentityKind.PORT, "", contested, weak, former=weak, socket=socket)


def _serial_name(device: UsbDevice) -> str:
    """Give the name that its serial makes; "" where that may name others, too."""
    names = (vendor_of(device), model_of(device), device.own.get("ID_VENDOR", ""))
    serial = device.own.get("ID_SERIAL_SHORT", "")
    return _plausible(device) if trusted_serial(serial, product_of(device), names) else ""


def _plausible(device: UsbDevice) -> str:
    serial = device.own.get("ID_SERIAL_SHORT", "")
    return f"usb:{product_of(device)}:{serial}" if plausible_serial(serial) else ""


def _socket_of(device: UsbDevice, host: str) -> str:
    return f"{_SOCKET}{host}:{_port(device)}:{product_of(device)}"


def _path_of(device: UsbDevice) -> str:
    return device.own.get("DEVPATH", "")


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
