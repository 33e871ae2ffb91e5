"""This file holds the values that every sense hands over: frozen, clean, with units in names."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

TEXT_LIMIT = 200


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """Make foreign text safe to keep and show: NFC, no control characters, bounded.

    limit: the most characters kept. White space is folded into single spaces and trimmed.
    """
    # Hostile text may be long, and grows when normalised: it is bounded before and after.
    spaced = " ".join(text[: 4 * limit].split())
    if spaced.isascii() and spaced.isprintable():  # as most is: nothing to drop, nothing to join
        return spaced if len(spaced) <= limit else spaced[:limit].rstrip()
    visible = unicodedata.normalize("NFC", "".join(filter(_is_visible, spaced)))
    return " ".join(visible[:limit].split())


def _is_visible(char: str) -> bool:
    # C: control, direction overrides, surrogates, private, unassigned; Zl, Zp: line ends.
    category = unicodedata.category(char)
    return category[0] != "C" and category not in {"Zl", "Zp"}


class SenseMissing(Exception):  # noqa: N818 - a sense that is missing is a state, not a fault
    """A sense that this machine cannot offer now, in a form that can be shown and translated.

    code: a stable word ("no_udev", "no_network"). values: facts for the sentence.
    hint: one plain English sentence that says what to do.
    """

    def __init__(self, code: str, values: Mapping[str, str] | None = None, hint: str = "") -> None:
        super().__init__(f"{code}: {hint}" if hint else code)
        self.code = code
        self.values = dict(values or {})
        self.hint = hint


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
    UPS = "ups"
    OTHER = "other"


class KindProof(StrEnum):
    """What a device's kind was judged by, from the surest: what it does, to what it is called.

    node: the kernel made it so. service: of what it announces. capability: of what it says it can.
    protocol: the language in which it answers. wide: its touch is as wide as only a board is.
    table: its product is known. kind_class: the class of its interfaces. driver: what drives it.
    """

    NODE = "node"
    SERVICE = "service"
    CAPABILITY = "capability"
    PROTOCOL = "protocol"
    WIDE = "wide"
    KIND_CLASS = "class"
    DRIVER = "driver"
    PROPERTY = "property"
    TABLE = "table"
    NAME = "name"


class IdentityKind(StrEnum):
    """What a device is known by.

    usb: a serial that may be trusted. port: the socket it is plugged into. mac: an address that
    the device itself told. uuid: an id or serial that the device told over the network.
    token: what we gave it ourselves. host: no more than names; the weakest of all.
    """

    USB = "usb"
    PORT = "port"
    MAC = "mac"
    UUID = "uuid"
    TOKEN = "token"  # noqa: S105 - a kind of identity, not a secret
    HOST = "host"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One device seen, or seen to go, by one source.

    source: "host", "usb", "mdns", "onvif", "pjlink", "typed" or "checkin".
    key: the device's name, the same after a reboot, in any source that tells the same
    ("mac:00408c112233"). aliases: further keys as strong, which the device told of itself.
    contested: marks that it tells and another living thing tells too; of its key: it was there
    first. weak: marks that it tells and that name no one piece. former: keys that it had.
    socket: the key of the socket that a USB device is plugged into.
    product: "vendor:product" in hex digits where it has such numbers.
    proof: what its kind was judged by, a KindProof and the detail ("node net"); may be empty.
    charge_percent: of its battery, where it tells.
    asks: the kind this may well be, if only a person can tell.
    address, port: where it can be reached by TCP; 0 where it cannot. via: our own address or
    interface on which it was heard. url: where its picture comes from, without any password;
    more_urls: where the same picture is too, the next best first.
    reason: why it is gone ("unplugged", "goodbye", "no_answer"); empty while present.
    """

    source: str
    key: str
    identity: IdentityKind
    kind: Kind
    name: str = ""
    vendor: str = ""
    model: str = ""
    serial: str = ""
    aliases: tuple[str, ...] = ()
    contested: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()
    former: tuple[str, ...] = ()
    socket: str = ""
    product: str = ""
    asks: Kind | None = None
    proof: str = ""
    charge_percent: int | None = None
    address: str = ""
    port: int = 0
    via: str = ""
    url: str = ""
    more_urls: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    present: bool = True
    reason: str = ""


class CameraState(StrEnum):
    """How a camera's picture is; the first that fits, from the top."""

    OK = "ok"
    DISCONNECTED = "disconnected"
    FROZEN = "frozen"
    BLACK = "black"
    OVEREXPOSED = "overexposed"
    COVERED = "covered"
    COLOUR_CAST = "colour_cast"
    PARTLY_COVERED = "partly_covered"
    BLURRED = "blurred"
    SLOW = "slow"


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraReading:
    """One look at a camera: a judgement and the numbers behind it, never a picture.

    key: that of the camera's sighting. reason: what stands in the way where no picture came
    ("needs_password", "basic_only", "login_way", "camera_clock", "no_answer", "stalled",
    "nonsense", "in_use"); else empty.
    """

    key: str
    at: float
    state: CameraState
    measures: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""


class PowerState(StrEnum):
    """A projector's or board's lamp."""

    OFF = "off"
    ON = "on"
    COOLING = "cooling"
    WARMING = "warming"
    UNKNOWN = "unknown"


class ProjectorPart(StrEnum):
    """What PJLink tells errors of (PJLink class 1, ERST), in the order of its digits."""

    FAN = "fan"
    LAMP = "lamp"
    TEMPERATURE = "temperature"
    COVER = "cover"
    FILTER = "filter"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectorReading:
    """What a projector or board told of itself by PJLink.

    key: that of its sighting. input: such as "RGB 1". failing, warned: the parts that have an
    error, and those that warn. reason: what stood in the way ("needs_password", "busy",
    "no_answer", "nonsense"); else empty.
    """

    key: str
    at: float
    power: PowerState = PowerState.UNKNOWN
    input: str = ""
    lamp_hours: tuple[int, ...] = ()
    filter_hours: int | None = None
    failing: tuple[ProjectorPart, ...] = ()
    warned: tuple[ProjectorPart, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFlaw:
    """Something came that a well-behaved device does not say; it was counted and let go.

    source: as in Sighting. code: what was wrong ("nonsense", "oversized", "entity", "flood").
    address: who said it, where that is known. count: how often.
    """

    source: str
    code: str
    address: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomHeard:
    """A fixed computer of this school announced its room, or left (present is False)."""

    agent: str
    room: str
    school: str
    address: str = ""
    present: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareReading:
    """A program that the school wants here: whether it is installed and whether it runs.

    None where this machine does not tell.
    """

    name: str
    installed: bool | None = None
    running: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReading:
    """How far this machine's line reaches; None where it could not be tried.

    rtt_ms: the round trip to the controller, else to the gateway. outage_min: for how many
    minutes the controller has been out of reach; 0.0 while it is not.
    """

    at: float
    gateway: bool | None = None
    dns: bool | None = None
    controller: bool | None = None
    internet: bool | None = None
    rtt_ms: float | None = None
    outage_min: float = 0.0


Reading = Sighting | CameraReading | ProjectorReading | LineReading | RoomHeard | SourceFlaw
Report = Callable[[Reading], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReading:
    """This machine's health at one moment; None where it has no such sensor.

    at: seconds since the epoch. disk: the file system that holds LopHoc's data.
    battery_wear_percent: how much of the battery's first capacity is gone.
    under_voltage, throttled: now or since the reading before (Raspberry Pi).
    disk_errors: errors that the file system or its medium has counted.
    clock_jump_s: how far the wall clock ran from the steady clock since the reading before.
    """

    at: float
    cpu_percent: float | None = None
    memory_used_percent: float | None = None
    memory_free_mb: float | None = None
    disk_used_percent: float | None = None
    disk_free_mb: float | None = None
    disk_read_only: bool | None = None
    disk_errors: int | None = None
    temperature_c: float | None = None
    battery_percent: float | None = None
    battery_wear_percent: float | None = None
    on_mains: bool | None = None
    wifi_signal_dbm: float | None = None
    under_voltage: bool | None = None
    throttled: bool | None = None
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
