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


class _Told(NamedTuple):
    """What a device tells of itself: its socket, its path, and the name that its serial makes.

    serial: the name; "" where it may name others, too. plausible: the name that was one up to 0.2.
    """

    socket: str
    path: str
    serial: str
    plausible: str
    number: str


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
    return _claims_of(_told_by(device, host) for device in devices)


def keys_of(
    devices: Sequence[UsbDevice], host: str, holders: Holders | None = None
) -> list[DeviceKey]:
    """Give each device its key: no two alike, whatever serials they claim.

    host: names this machine in keys of devices that are known by their port only. holders: who
    holds which name, these devices among them; without, nothing is remembered.
    """
    all_told = [_told_by(device, host) for device in devices]
    holders = holders or Holders().after(_claims_of(all_told))
    keys: list[DeviceKey] = []
    used: set[str] = set()
    for told in all_told:
        keys.append(_key_of(told, holders, used))
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


def _claims_of(all_told: Iterable[_Told]) -> list[Claim]:
    claims: list[Claim] = []
    for told in all_told:
        claims.append(Claim(told.socket, told.path))
        if told.serial:
            claims.append(Claim(told.serial, told.socket))
    return claims


def _key_of(told: _Told, holders: Holders, used: Container[str]) -> DeviceKey:
    socket, serial, plausible = told.socket, told.serial, told.plausible
    contested = (serial,) if serial in holders.contested else ()
    if serial and holders.is_held(Claim(serial, socket)) and serial not in used:
        return DeviceKey(serial, IdentityKind.USB, told.number, contested, socket=socket)
    # Up to 0.2 each plausible serial was a key.
    weak = (plausible,) if plausible and not serial else ()
    is_first = holders.is_held(Claim(socket, told.path)) and socket not in used
    text = socket if is_first else free_key(f"{socket}:2", used)
    return DeviceKey(text, IdentityKind.PORT, "", contested, weak, former=weak, socket=socket)


def _told_by(device: UsbDevice, host: str) -> _Told:
    """Read a device once for all that is asked of it."""
    own, product = device.own, product_of(device)
    number = own.get("ID_SERIAL_SHORT", "")
    plausible = f"usb:{product}:{number}" if plausible_serial(number) else ""
    names = (vendor_of(device), model_of(device), own.get("ID_VENDOR", "")) if plausible else ()
    serial = plausible if plausible and trusted_serial(number, product, names) else ""
    socket = f"{_SOCKET}{host}:{_port(device)}:{product}"
    return _Told(socket, own.get("DEVPATH", ""), serial, plausible, number)


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
