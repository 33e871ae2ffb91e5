"""This file furnishes a simulated room: its computer, board, camera, tablets and the rest. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from random import Random
from typing import Final, NamedTuple

from hardware.readings import IdentityKind, Kind, Sighting
from protocol.model import Device, DeviceKind, DeviceMeasures, Identity, Status

ROOMS_A_FLOOR: Final = 10


class DeviceMake(NamedTuple):
    """A product as it names itself; how it is seen; and who made its network part.

    source: "mdns" or "pjlink" by its MAC, "names" by mDNS that tells no MAC, "usb" or "host".
    """

    vendor: str
    model: str
    source: str = "mdns"
    mac_prefix: str = "00:e0:4c"


AXIS: Final = "00:40:8c"
REALTEK: Final = "00:e0:4c"
SAMSUNG: Final = "00:16:32"
EPSON: Final = "00:26:ab"

HOSTS: Final = (
    DeviceMake("Raspberry Pi", "Raspberry Pi 4 Model B Rev 1.4", "host"),
    DeviceMake("Dell Inc.", "Latitude 3420", "host"),
    DeviceMake("LENOVO", "ThinkCentre M70q", "host"),
)
BOARDS: Final = (
    DeviceMake("SMART Technologies", "SMART Board MX265-V4", mac_prefix=REALTEK),
    DeviceMake("Samsung", "Flip Pro WM75B", mac_prefix=SAMSUNG),
    DeviceMake("Promethean", "ActivPanel 9", mac_prefix=REALTEK),
    DeviceMake("SMART Technologies", "SMART Board SB680", "usb"),
    DeviceMake("HitEVision", "Hite Board", "usb"),
)
CAMERAS: Final = (
    DeviceMake("Axis", "M3085-V", mac_prefix=AXIS),
    DeviceMake("Axis", "M1075-L", mac_prefix=AXIS),
    DeviceMake("Logitech", "HD Pro Webcam C920", "usb"),
    DeviceMake("AVer", "M15W", "usb"),
)
PROJECTORS: Final = (DeviceMake("Epson", "EB-675Wi", "usb"),)
# Those that answer on the network by themselves, where a simulator plays them.
ANSWERING: Final = {
    Kind.CAMERA: DeviceMake("Axis", "M3085-V", mac_prefix=AXIS),
    Kind.PROJECTOR: DeviceMake("EPSON", "EPSON EB-L200F", "pjlink", EPSON),
}
ACCESS_POINTS: Final = (
    DeviceMake("Ubiquiti", "U6-Lite"),
    DeviceMake("TP-Link", "EAP245"),
)
TABLETS: Final = (
    DeviceMake("Apple", "iPad13,18", "names"),
    DeviceMake("Apple", "iPad12,1", "names"),
)
PROJECTOR_SHARE: Final = 0.3

_CONNECTED: Final = {"host": "host", "usb": "usb", "port": "usb"}

_NAMES: Final = {Kind.CAMERA: "Camera", Kind.PROJECTOR: "Máy chiếu"}
_MEASURES: Final = {
    Kind.PROJECTOR: DeviceMeasures(power="off", input="HDMI 1", lamp_hours=1240, filter_hours=310),
    Kind.CAMERA: DeviceMeasures(picture="ok"),
}
# The room's own agent knows its devices by more than what every room hears by mDNS.
_MORE_SENSES: Final = {
    Kind.BOARD: ("usb",),
    Kind.CAMERA: ("onvif",),
    Kind.TABLET: ("checkin",),
}


def rooms_from(first: str, count: int) -> list[str]:
    """The codes of `count` rooms: P109, P110, P201; a code of another shape gets a number."""
    match = re.fullmatch(r"(\D*)(\d+)(\d\d)", first)
    if count == 1 or match is None:
        return [first, *(f"{first}-{number}" for number in range(2, count + 1))]
    wing, floor, number = match[1], int(match[2]), int(match[3])
    if not 1 <= number <= ROOMS_A_FLOOR:
        digits = match[2] + match[3]
        return [f"{wing}{int(digits) + step:0{len(digits)}}" for step in range(count)]
    return [
        f"{wing}{floor + step // ROOMS_A_FLOOR}{step % ROOMS_A_FLOOR + 1:02}"
        for step in range(number - 1, number - 1 + count)
    ]


def equipment_of(room: str, seed: int, tablets: int) -> tuple[Sighting, ...]:
    """What stands in the room, the computer first; the same seed furnishes it the same way."""
    rng = Random(f"{seed}/{room}/equipment")  # noqa: S311 - a play, not a secret
    return tuple(_furnish(room, rng, tablets))


def answering(
    equipment: Sequence[Sighting], kind: Kind, room: str, seed: int
) -> tuple[Sighting, ...]:
    """The same room, where the thing of this kind is one that answers on the network.

    What is known by its MAC address already stays; else it is replaced, or added.
    """
    if any(sighting.kind is kind and mac_of(sighting) for sighting in equipment):
        return tuple(equipment)
    rng = Random(f"{seed}/{room}/{kind}")  # noqa: S311 - a play, not a secret
    one = _thing(room, rng, kind, (ANSWERING[kind],), f"{_NAMES[kind]} {room}")
    if not any(sighting.kind is kind for sighting in equipment):
        return (*equipment, one)
    return tuple(one if sighting.kind is kind else sighting for sighting in equipment)


def device_id_of(sighting: Sighting) -> str:
    """The id that a classroom's agent gives a device: its connection and a digest of its key."""
    connected = _CONNECTED.get(sighting.key.partition(":")[0], "net")
    return f"{connected}-{sha256(sighting.key.encode()).hexdigest()[:12]}"


def device_of(sighting: Sighting, at_ms: int) -> Device:
    """The device as it is when it is first seen, working."""
    return Device(
        device_id=device_id_of(sighting),
        kind=DeviceKind(sighting.kind),
        name=sighting.name,
        vendor=sighting.vendor,
        model=sighting.model,
        serial=sighting.serial,
        status=Status.OK,
        sources=tuple(dict.fromkeys((sighting.source, *_MORE_SENSES.get(sighting.kind, ())))),
        identity=Identity(sighting.identity),
        measures=_MEASURES.get(sighting.kind),
        first_seen_ms=at_ms,
        last_seen_ms=at_ms,
    )


def mac_of(sighting: Sighting) -> str:
    """The MAC address in the sighting's key, such as 00:40:8c:12:34:56; empty if it has none."""
    if sighting.identity is not IdentityKind.MAC:
        return ""
    return mac_text(sighting.key.removeprefix("mac:"))


def mac_text(digits: str) -> str:
    """Twelve digits as a MAC address is written: 00:40:8c:12:34:56."""
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def host_of(serial: str) -> str:
    """The mDNS host name of a device."""
    return f"{serial.lower()}.local"


def _names(host: str, instance: str) -> str:
    """The digest by which agents know a device that tells no MAC and no id."""
    return sha256(f"{host}\n{instance}".casefold().encode()).hexdigest()[:32]


def _furnish(room: str, rng: Random, tablets: int) -> Iterator[Sighting]:
    yield _thing(room, rng, Kind.HOST, HOSTS, f"Máy tính {room}")
    yield _thing(room, rng, Kind.BOARD, BOARDS, f"Bảng {room}")
    yield _thing(room, rng, Kind.CAMERA, CAMERAS, f"{_NAMES[Kind.CAMERA]} {room}")
    yield _thing(room, rng, Kind.NETWORK, ACCESS_POINTS, f"Wi-Fi {room}")
    if rng.random() < PROJECTOR_SHARE:
        yield _thing(room, rng, Kind.PROJECTOR, PROJECTORS, f"{_NAMES[Kind.PROJECTOR]} {room}")
    for number in range(1, tablets + 1):
        yield _thing(room, rng, Kind.TABLET, TABLETS, f"Máy tính bảng {room}-{number:02}")


def _thing(
    room: str, rng: Random, kind: Kind, makes: tuple[DeviceMake, ...], name: str
) -> Sighting:
    make = rng.choice(makes)
    serial = "".join(rng.choices("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", k=10))
    identity, key = IdentityKind.HOST, f"host:sim:{room}"
    match make.source:
        case "mdns" | "pjlink":
            mac = make.mac_prefix.replace(":", "") + f"{rng.randrange(1 << 24):06x}"
            identity, key = IdentityKind.MAC, f"mac:{mac}"
        case "names":
            key = f"name:{_names(host_of(serial), name)}"
        case "usb":
            identity, key = IdentityKind.USB, f"usb:sim:{room}:{serial}"
    return Sighting(
        source="mdns" if make.source == "names" else make.source,
        key=key,
        identity=identity,
        kind=kind,
        name=name,
        vendor=make.vendor,
        model=make.model,
        serial=serial,
    )
