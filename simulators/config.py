"""This file describes the settings of everything that `lophoc-sim` plays."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from protocol.words import N_

SIM_TITLE: Final = N_("LopHoc's simulated school: every setting with its default.")
MAX_ROOMS: Final = 500
MAX_TABLETS: Final = 350  # a birth holds at most 400 devices

Lang = Annotated[
    Literal["", "vi", "en"], msgspec.Meta(description="vi or en; empty: this computer's")
]
LogLevel = Literal["debug", "info", "warning", "error"]
_PORT: Final = {"ge": 1, "le": 65_535}
_ANY_PORT: Final = {"ge": 0, "le": 65_535}
MAX_BODIES: Final = 50


def _says(description: str, unit: str = "", **bounds: Any) -> Any:
    return msgspec.Meta(description=description, extra={"unit": unit}, **bounds)


class SimConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One simulated school, or one room of it."""

    broker: Annotated[str, _says("the school's broker")] = "mqtt://127.0.0.1:1883"
    province: Annotated[str, _says("the province's code")] = "14"
    school: Annotated[str, _says("the school's code")] = "DEMO"
    rooms: Annotated[int, _says("how many rooms", "rooms", ge=1, le=MAX_ROOMS)] = 3
    first_room: Annotated[str, _says("the first room; ten follow on every floor")] = "P101"
    room: Annotated[str, _says("for `classroom`: which room; empty is first_room")] = ""
    tablets: Annotated[int, _says("tablets in every room", "tablets", ge=0, le=MAX_TABLETS)] = 40
    seed: Annotated[int, _says("the same seed makes the same school and the same day")] = 1
    mdns: Annotated[bool, _says("announce boards, cameras and tablets on the network")] = True
    mdns_devices: Annotated[
        int, _says("at most so many are announced", "devices", ge=0, le=1000)
    ] = 120
    cameras: Annotated[
        int, _says("so many first rooms have a camera that answers", "rooms", ge=0, le=MAX_BODIES)
    ] = 1
    projectors: Annotated[
        int,
        _says("so many first rooms have a projector that answers", "rooms", ge=0, le=MAX_BODIES),
    ] = 1
    pace: Annotated[float, _says("time between two changes in a room", "s", gt=0, le=3600)] = 5.0
    beat_s: Annotated[float, _says("time between two health reports", "s", gt=0, le=3600)] = 60.0
    lessons: Annotated[bool, _says("lessons start and end")] = True
    attendance: Annotated[bool, _says("a roll of invented pupils is called in lessons")] = True
    past_weeks: Annotated[
        int, _says("so many weeks of lessons lie behind it", "weeks", ge=0, le=4)
    ] = 0
    data: Annotated[str, _says("folder of the outboxes; empty is a temporary one")] = ""
    log_level: Annotated[LogLevel, _says("debug, info, warning or error")] = "info"


class DemoConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole school on this computer, for a look."""

    rooms: Annotated[int, _says("how many simulated rooms", "rooms", ge=1, le=MAX_ROOMS)] = 3
    tablets: Annotated[int, _says("tablets in every room", "tablets", ge=0, le=MAX_TABLETS)] = 12
    pace: Annotated[float, _says("time between two changes in a room", "s", gt=0, le=3600)] = 3.0
    seed: Annotated[int, _says("the same seed makes the same school and the same day")] = 1
    mdns: Annotated[bool, _says("announce simulated devices on the network")] = True
    http_port: Annotated[int, _says("the dashboard's port", **_PORT)] = 8080
    mqtt_port: Annotated[int, _says("the broker's port", **_PORT)] = 1883
    local_port: Annotated[int, _says("the port of this computer's own agent", **_PORT)] = 8765
    department: Annotated[bool, _says("start a department above the school, too")] = False
    department_http_port: Annotated[int, _says("the department's screens' port", **_PORT)] = 8081
    department_mqtt_port: Annotated[int, _says("the department's broker's port", **_PORT)] = 1884
    lang: Annotated[Literal["", "vi", "en"], _says("vi or en; empty says both")] = ""


class CameraConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One simulated network camera."""

    host: Annotated[str, _says("our own address that it listens on; empty: the first")] = ""
    http_port: Annotated[int, _says("the port of its pictures; 0: any", **_ANY_PORT)] = 0
    rtsp_port: Annotated[int, _says("the port of its film; 0: any", **_ANY_PORT)] = 0
    name: Annotated[str, _says("its name", max_length=64)] = "Camera P101"
    mac: Annotated[str, _says("the MAC address that it tells; empty: none")] = "00:40:8c:7c:21:d9"
    user: Annotated[str, _says("its user name")] = "admin"
    password_file: Annotated[str, _says("a file with its password; then it asks for it")] = ""
    faults: Annotated[str, _says("what is wrong with it from the start, between commas")] = ""
    seed: Annotated[int, _says("the same seed shows the same room")] = 1
    cards: Annotated[int, _says("so many pupils hold up their cards", ge=0, le=40)] = 0
    lang: Lang = ""


class ProjectorConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One simulated projector or board that speaks PJLink."""

    host: Annotated[str, _says("our own address that it listens on; empty: the first")] = ""
    port: Annotated[int, _says("its port; PJLink's is 4352; 0: any", **_ANY_PORT)] = 4352
    name: Annotated[str, _says("its name", max_length=64)] = "Projector P101"
    mac: Annotated[str, _says("the MAC address that it tells")] = "00:26:ab:11:22:33"
    password_file: Annotated[str, _says("a file with its password; then it asks for it")] = ""
    faults: Annotated[str, _says("what is wrong with it from the start, between commas")] = ""
    lang: Lang = ""


class FleetConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A network full of mDNS devices."""

    rooms: Annotated[int, _says("how many rooms", "rooms", ge=1, le=MAX_ROOMS)] = 3
    devices: Annotated[int, _says("devices in every room", "devices", ge=1, le=100)] = 20
    types: Annotated[str, _says("only these types, such as _airplay._tcp; empty: all")] = ""
    host: Annotated[str, _says("our own address that it speaks from; empty: the first")] = ""
    device_host: Annotated[str, _says("the address that the devices tell; empty: ours")] = ""
    faults: Annotated[str, _says("what is wrong with it from the start, between commas")] = ""
    seed: Annotated[int, _says("the same seed makes the same garbage")] = 1
    lang: Lang = ""


class UdevConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What udev says while something is plugged in or pulled."""

    file: Annotated[
        str, _says("an export of `udevadm info --export-db`; empty: a cart of tablets")
    ] = ""
    make: Annotated[str, _says("what is plugged in instead of a cart, such as ups or phone")] = ""
    faults: Annotated[str, _says("what is wrong with that make, between commas")] = ""
    script: Annotated[
        Literal["plug", "unplug", "flap", "cart", "burst"],
        _says("plug, unplug, flap, cart (all at once) or burst"),
    ] = "plug"
    path: Annotated[str, _says("the device's path, as in DEVPATH; empty: the first")] = ""
    tablets: Annotated[int, _says("tablets on the cart", "tablets", ge=1, le=40)] = 10
    times: Annotated[int, _says("for flap: how often", "times", ge=1, le=1000)] = 3
    events: Annotated[int, _says("for burst: at least so many", "events", ge=1, le=100_000)] = 100
    seed: Annotated[int, _says("the same seed makes the same burst")] = 1
    lang: Lang = ""


class HostConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a computer's kernel shows, as a folder."""

    folder: Annotated[str, _says("where sys, proc and etc are written", min_length=1)]
    make: Annotated[
        Literal["laptop", "raspberry-pi", "mini-pc"], _says("laptop, raspberry-pi or mini-pc")
    ] = "laptop"
    faults: Annotated[str, _says("what is wrong with it, between commas")] = ""
    lang: Lang = ""


class ProvinceConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Many schools that tell one department of their equipment."""

    broker: Annotated[str, _says("the department's broker")] = "mqtt://127.0.0.1:1883"
    province: Annotated[str, _says("the province's code")] = "14"
    department: Annotated[str, _says("the department's code")] = "so-14"
    schools: Annotated[int, _says("how many schools", "schools", ge=1, le=5000)] = 12
    rooms: Annotated[int, _says("rooms of every school", "rooms", ge=1, le=MAX_ROOMS)] = 30
    tablets: Annotated[int, _says("tablets in every room", "tablets", ge=0, le=MAX_TABLETS)] = 40
    changes: Annotated[
        int, _says("items that every school then changes", "items", ge=0, le=100_000)
    ] = 0
    at_once: Annotated[
        int, _says("schools that talk at the same time", "schools", ge=1, le=200)
    ] = 16
    seed: Annotated[int, _says("the same seed makes the same province")] = 1
    lang: Lang = ""
    log_level: Annotated[LogLevel, _says("debug, info, warning or error")] = "warning"


class LedgerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A school and its department through faults, held against a list."""

    seed: Annotated[int, _says("the first seed; it draws the faults and what is said", ge=0)] = 1
    seeds: Annotated[int, _says("how many seeds, one after the other", "seeds", ge=1)] = 1
    events: Annotated[int, _says("what agents say in a seed", "steps", ge=1)] = 500
    agents: Annotated[int, _says("how many agents speak", "agents", ge=1, le=20)] = 3
    faults: Annotated[int, _says("faults of a seed", "faults", ge=0, le=1000)] = 8
    gap: Annotated[
        float, _says("how much longer or shorter faults, and the time between them, last", gt=0)
    ] = 1.0
    pace: Annotated[float, _says("time between two steps of an agent", "s", ge=0, le=60)] = 0.05
    together: Annotated[
        int, _says("so many seeds one after the other in one school", "seeds", ge=1)
    ] = 1
    light: Annotated[bool, _says("only faults that heal within seconds")] = False
    data: Annotated[str, _says("folder of the results; what is there is not played again")] = (
        "ledger"
    )
    log_level: Annotated[LogLevel, _says("debug, info, warning or error")] = "warning"


def prefix_of(shape: type[msgspec.Struct]) -> str:
    """How the names of its settings begin in the environment: LOPHOC_SIM_ of SimConfig."""
    return f"LOPHOC_{shape.__name__.removesuffix('Config').upper()}_"
