"""This file holds the controller's settings, each with its meaning, unit and default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct

from protocol.model import NAME_RULE
from protocol.settings import SettingsError
from protocol.this_machine import is_this_machine
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
    role: Annotated[
        Literal["", "school", "department"],
        Meta(
            description="whom it hears: school, its rooms alone; department, schools alone; empty:"
            " rooms, and schools too where no upstream is set"
        ),
    ] = ""
    data: Annotated[Path, Meta(description="folder of the database, the broker and backups")] = (
        FOLDER
    )
    http_host: Annotated[
        str, Meta(description="address of the screens and the API; 0.0.0.0 for the whole network")
    ] = "127.0.0.1"
    http_port: Annotated[
        int, Meta(description="port of the screens and the API", ge=1, le=65535)
    ] = 8000
    http_chain_file: Annotated[
        str,
        Meta(
            description="file of the school's own certificate and its chain (PEM), for a name of"
            " its own; empty for one of the controller's own authority"
        ),
    ] = ""
    http_key_file: Annotated[
        str, Meta(description="file of that certificate's key; empty where it is in the same file")
    ] = ""
    allowed_hosts: Annotated[
        str,
        Meta(
            description="names by which browsers may call this server, parted by commas; * for any"
        ),
    ] = ""
    trusted_proxies: Annotated[
        str,
        Meta(
            description="addresses of reverse proxies, parted by commas, that are believed who"
            " calls, and whether by TLS; empty for none"
        ),
    ] = ""
    open_screens: Annotated[
        bool,
        Meta(
            description="whether rooms and their equipment may be looked at without logging in;"
            " no pupil is named there"
        ),
    ] = False
    mqtt_host: Annotated[
        str,
        Meta(
            description="address of the embedded broker; where it is this machine alone, programs"
            " of the controller's own account are let in without being enrolled"
        ),
    ] = "127.0.0.1"
    mqtt_port: Annotated[int, Meta(description="port of the embedded broker", ge=1, le=65535)] = (
        1883
    )
    broker_program: Annotated[
        str,
        Meta(
            description="another nats-server as the embedded broker, a path or a name; empty for"
            " the one that is installed with the controller"
        ),
    ] = ""
    enrol_port: Annotated[
        int,
        Meta(
            description="port at which rooms are added, open only while a code is", ge=1, le=65535
        ),
    ] = 8884
    updates_port: Annotated[
        int,
        Meta(
            description="port at which rooms fetch a version, open only while one is on its way",
            ge=1,
            le=65535,
        ),
    ] = 8885
    update_keys: Annotated[
        str,
        Meta(
            description="keys of your own whose updates are believed beside the project's, 64"
            " hexadecimal digits each, between commas",
            max_length=800,
        ),
    ] = ""
    broker: Annotated[
        str,
        Meta(description="an external broker, mqtt://[user@]host:port; empty for the embedded one"),
    ] = ""
    broker_password_file: Annotated[
        str, Meta(description="file that holds the external broker's password")
    ] = ""
    broker_ca_file: Annotated[
        str,
        Meta(description="file of the authority that the external broker must show; then mqtts"),
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
    upstream_ca_file: Annotated[
        str,
        Meta(
            description="file of the department's authority, tls/ca.pem in its data folder: only"
            " that controller is believed, and nothing leaves unencrypted"
        ),
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
    measures_raw_hours: Annotated[
        int,
        Meta(
            description="how long what devices measure is kept by the minute",
            ge=2,
            le=720,
            extra={"unit": "hours"},
        ),
    ] = 48
    measures_fine_days: Annotated[
        int,
        Meta(
            description="how long what devices measure is kept by five minutes",
            ge=1,
            le=366,
            extra={"unit": "days"},
        ),
    ] = 30
    measures_hourly_days: Annotated[
        int,
        Meta(
            description="how long what devices measure is kept by the hour",
            ge=30,
            le=3660,
            extra={"unit": "days"},
        ),
    ] = 730
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

    @property
    def hears_rooms(self) -> bool:
        """Whether agents in rooms speak to it."""
        return self.role != "department"

    @property
    def hears_schools(self) -> bool:
        """Whether controllers of schools below speak to it."""
        return self.role == "department" or not (self.role or self.upstream)

    @property
    def own_ports(self) -> tuple[int, int, int, int]:
        """What a firewall has to let through: pages, rooms, adding rooms, versions."""
        return self.http_port, self.mqtt_port, self.enrol_port, self.updates_port

    @property
    def base_address(self) -> str:
        """Where this machine's own browser finds the screens."""
        host = "127.0.0.1" if self.http_host in {"0.0.0.0", "::"} else self.http_host  # noqa: S104
        scheme = "http" if is_this_machine(host) or host == "localhost" else "https"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.http_port}"


def places_in(copies: str) -> list[str]:
    """The places of encrypted copies, as the setting names them."""
    return [place.strip() for place in copies.split(",") if place.strip()]


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
