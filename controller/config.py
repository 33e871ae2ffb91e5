"""This file holds the controller's settings, each with its meaning, unit and default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from protocol.model import NAME_RULE
from protocol.settings import SettingsError
from protocol.words import N_

ENVIRONMENT: Final = "LOPHOC_CONTROLLER_"
TITLE: Final = N_("LopHoc controller")
FOLDER: Final = Path("lophoc-controller-data")
TIMEZONE: Final = "Asia/Ho_Chi_Minh"
UPWARD_OUTBOX: Final = "upward.db"  # in the folder, of a school with a department above


class ControllerConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a school's (or the department's) controller can be told."""

    school: Annotated[
        str, Meta(description="the school's code, kept letter for letter", pattern=NAME_RULE)
    ]
    province: Annotated[str, Meta(description="the province's code", pattern=NAME_RULE)]
    name: Annotated[str, Meta(description="the school's name, as its screens show it")] = ""
    data: Annotated[Path, Meta(description="folder of the database, the broker and backups")] = (
        FOLDER
    )
    http_host: Annotated[
        str, Meta(description="address of the screens and the API; 0.0.0.0 for the whole network")
    ] = "127.0.0.1"
    http_port: Annotated[
        int, Meta(description="port of the screens and the API", ge=1, le=65535)
    ] = 8000
    allowed_hosts: Annotated[
        str,
        Meta(
            description="names by which browsers may call this server, parted by commas; * for any"
        ),
    ] = ""
    mqtt_host: Annotated[
        str,
        Meta(
            description="address of the embedded broker; beyond this machine agents need a password"
        ),
    ] = "127.0.0.1"
    mqtt_port: Annotated[int, Meta(description="port of the embedded broker", ge=1, le=65535)] = (
        1883
    )
    broker: Annotated[
        str,
        Meta(description="an external broker, mqtt://[user@]host:port; empty for the embedded one"),
    ] = ""
    broker_password_file: Annotated[
        str, Meta(description="file that holds the external broker's password")
    ] = ""
    database: Annotated[
        str, Meta(description="database URL; empty for a SQLite file in the data folder")
    ] = ""
    upstream: Annotated[
        str,
        Meta(
            description="the department's broker, mqtts://host:port; empty for a controller that"
            " stands alone or is the department's"
        ),
    ] = ""
    upstream_department: Annotated[
        str, Meta(description="the department's code, as its own controller has it under school")
    ] = ""
    upstream_password_file: Annotated[
        str, Meta(description="file that holds this school's password at the department")
    ] = ""
    mdns: Annotated[
        bool, Meta(description="announce this controller, so that agents find it by themselves")
    ] = True
    timezone: Annotated[
        str, Meta(description="where the school day is reckoned, a tz database name")
    ] = TIMEZONE
    device_silent_s: Annotated[
        float,
        Meta(description="silence after which a device is unknown", gt=0, extra={"unit": "s"}),
    ] = 900.0
    keep_days: Annotated[
        int,
        Meta(description="how long events are kept", ge=1, extra={"unit": "days"}),
    ] = 400
    attendance_keep_days: Annotated[
        int,
        Meta(
            description="how long pupils' marks are kept; lessons keep their counts",
            ge=1,
            extra={"unit": "days"},
        ),
    ] = 400
    keep_backups: Annotated[
        int, Meta(description="how many daily copies of the SQLite file are kept", ge=0)
    ] = 7
    copies: Annotated[
        str,
        Meta(
            description="folders elsewhere for encrypted copies of everything, parted by commas,"
            " such as a stick's or a share's; each is prepared by: lophoc-controller backup --to"
        ),
    ] = ""
    keep_copies: Annotated[
        int, Meta(description="how many full copies are kept in each of these folders", ge=1)
    ] = 7
    lang: Annotated[
        str, Meta(description="language of messages, vi or en; empty for the machine's")
    ] = ""
    log_level: Annotated[str, Meta(description="debug, info, warning or error")] = "info"


def zone_of(name: str) -> ZoneInfo:
    """The timezone of this name. Raises SettingsError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            "timezone_unknown",
            N_("There is no timezone {name}."),
            N_("Write Asia/Ho_Chi_Minh."),
            name=name,
        ) from error
