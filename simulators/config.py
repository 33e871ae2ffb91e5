"""This file describes the settings of the simulated school and of the demonstration."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from protocol.words import N_

SIM_PREFIX: Final = "LOPHOC_SIM_"
SIM_TITLE: Final = N_("LopHoc's simulated school: every setting with its default.")
DEMO_PREFIX: Final = "LOPHOC_DEMO_"
MAX_ROOMS: Final = 500
MAX_TABLETS: Final = 350  # a birth holds at most 400 devices

LogLevel = Literal["debug", "info", "warning", "error"]
_PORT: Final = {"ge": 1, "le": 65_535}


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
    pace: Annotated[float, _says("time between two changes in a room", "s", gt=0, le=3600)] = 5.0
    beat_s: Annotated[float, _says("time between two health reports", "s", gt=0, le=3600)] = 60.0
    lessons: Annotated[bool, _says("lessons start and end")] = True
    attendance: Annotated[bool, _says("a roll of invented pupils is called in lessons")] = True
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
    lang: Annotated[Literal["", "vi", "en"], _says("vi or en; empty says both")] = ""
