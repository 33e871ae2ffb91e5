"""This file holds the values that every sense hands over: frozen, clean, with units in names."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from hardware.errors import SenseMissing

__all__ = ["HostIdentity", "HostReading", "Identity", "Kind", "SenseMissing", "Sighting", "clean"]

TEXT_LIMIT = 200


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """Make foreign text safe to keep and show: NFC, no control characters, bounded.

    limit: the most characters kept. White space is folded into single spaces and trimmed.
    """
    # Hostile text may be long, and grows when normalised: it is bounded before and after.
    spaced = " ".join(text[: 4 * limit].split())
    kept = unicodedata.normalize("NFC", "".join(char for char in spaced if _is_kept(char)))
    return " ".join(kept[:limit].split())


def _is_kept(char: str) -> bool:
    # C: control, direction overrides, surrogates, private, unassigned; Zl, Zp: line ends.
    category = unicodedata.category(char)
    return category[0] != "C" and category not in {"Zl", "Zp"}


class Kind(StrEnum):
    """What a device is to a school."""

    HOST = "host"
    BOARD = "board"
    PROJECTOR = "projector"
    CAMERA = "camera"
    TABLET = "tablet"
    PRINTER = "printer"
    NETWORK = "network"
    INPUT = "input"
    AUDIO = "audio"
    STORAGE = "storage"
    OTHER = "other"


class Identity(StrEnum):
    """What a sighting's key rests on, the strongest first in each source."""

    USB = "usb"
    PORT = "port"
    MAC = "mac"
    UUID = "uuid"
    HOST = "host"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One device seen, or seen to go, by one source.

    source: "host", "usb" or "mdns". key: the device's name in that source, the same after a reboot.
    reason: why it is gone ("unplugged", "goodbye"); empty while present.
    """

    source: str
    key: str
    identity: Identity
    kind: Kind
    name: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    address: str = ""
    nodes: tuple[str, ...] = ()
    present: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReading:
    """This machine's health at one moment; None where it has no such sensor.

    at: seconds since the epoch. disk: the file system that holds LopHoc's data.
    clock_jump_s: how far the wall clock ran from the steady clock since the reading before.
    """

    at: float
    cpu_percent: float | None = None
    memory_used_percent: float | None = None
    memory_free_mb: float | None = None
    disk_used_percent: float | None = None
    disk_free_mb: float | None = None
    temperature_c: float | None = None
    battery_percent: float | None = None
    on_mains: bool | None = None
    uptime_s: float | None = None
    clock_jump_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HostIdentity:
    """What this machine is, for as long as it is installed.

    machine: 32 hex digits that name the installation and give away nothing about it.
    """

    hostname: str
    vendor: str = ""
    model: str = ""
    serial: str = ""
    os: str = ""
    machine: str
