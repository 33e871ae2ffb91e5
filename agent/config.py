"""This file says what can be set in an agent, and reads the passwords that the settings name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

from msgspec import Meta, Struct

from protocol.door_key import SERVICE_FOLDER
from protocol.health import Limits
from protocol.installed import Installed
from protocol.kit import KitTemplate
from protocol.model import MAX_CODE, NAME_OR_NONE_RULE, NAME_RULE
from protocol.settings import password_in
from protocol.topics import CONTROLLER
from protocol.words import N_

PREFIX: Final = "LOPHOC_AGENT_"
TITLE: Final = N_("LopHoc: settings of the agent, the program in a classroom.")
DEFAULT_PORT: Final = 8765
DEFAULT_DATA: Final = (
    SERVICE_FOLDER.parent / "agent" if sys.platform == "win32" else Path("lophoc-agent-data")
)
INSTALLED: Final = (
    Installed(PREFIX, SERVICE_FOLDER.parent / "agent.toml", DEFAULT_DATA, here=DEFAULT_DATA)
    if sys.platform == "win32"  # agent/windows/setup.py
    else Installed(  # as the handbook installs it
        prefix=PREFIX,
        settings=Path("/etc/lophoc/agent.toml"),
        data=Path("/var/lib/lophoc-agent"),  # the unit's StateDirectory
        here=DEFAULT_DATA,
    )
)


def _amount(least: int, most: int, unit: str, description: str) -> Meta:
    return Meta(ge=least, le=most, description=description, extra={"unit": unit})


class AgentConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An agent's settings. Durations in seconds, sizes in megabytes of a million bytes."""

    province: Annotated[str, Meta(pattern=NAME_RULE, description="The province's code.")]
    school: Annotated[str, Meta(pattern=NAME_RULE, description="The school's code.")]
    room: Annotated[
        str,
        Meta(
            pattern=NAME_OR_NONE_RULE,
            description="The room's code, such as 6A1; a roaming computer may leave it empty.",
        ),
    ] = ""
    roaming: Annotated[
        bool,
        Meta(description="This computer is carried from room to room, as a teacher's laptop is."),
    ] = False
    data: Annotated[Path, Meta(description="The folder that keeps all records.")] = DEFAULT_DATA
    broker: Annotated[
        str,
        Meta(
            description="The school's broker, such as mqtt://192.168.1.10:1883;"
            " empty: look for the school's controller by mDNS."
        ),
    ] = ""
    broker_password_file: Annotated[
        str, Meta(description="A file that holds the broker's password for this agent.")
    ] = ""
    broker_ca_file: Annotated[
        str,
        Meta(
            description="A file of the school's certificate, tls/ca.pem in its controller's"
            " folder: only that controller is believed, and nothing leaves unencrypted."
        ),
    ] = ""
    update_keys: Annotated[
        str,
        Meta(
            max_length=800,
            description="Keys of your own whose updates are believed beside the project's,"
            " 64 hexadecimal digits each, between commas.",
        ),
    ] = ""
    agent_id: Annotated[
        str,
        Meta(
            pattern=rf"^(?!{CONTROLLER}$)[A-Za-z0-9._-]{{0,{MAX_CODE}}}$",
            description="This agent's name, of letters, digits and . _ -;"
            " empty: made from this computer's name, once.",
        ),
    ] = ""
    local_host: Annotated[
        Literal["127.0.0.1"],
        Meta(description="Where the teacher's window finds the agent; this computer only."),
    ] = "127.0.0.1"
    local_port: Annotated[
        int, Meta(ge=1, le=65_535, description="The port of the teacher's window.")
    ] = DEFAULT_PORT
    door_folder: Annotated[
        str,
        Meta(
            description="The folder for the key of the teacher's window, which its account alone"
            " may read; empty: that account's own."
        ),
    ] = ""
    door_group: Annotated[
        str,
        Meta(
            max_length=64,
            description="The group whose accounts may read that key, where the agent runs under an"
            " account of its own; empty: none.",
        ),
    ] = ""
    tablets: Annotated[
        bool, Meta(description="Let pupils check in on tablets in the room's network.")
    ] = True
    tablet_host: Annotated[
        str,
        Meta(
            pattern=r"^(?!0+(\.0+){3}$)([0-9]{1,3}(\.[0-9]{1,3}){3})?$",
            description="This computer's address in the tablets' network, such as 192.168.10.2;"
            " empty: it is found.",
        ),
    ] = ""
    interfaces: Annotated[
        str,
        Meta(
            max_length=400,
            description="The network interfaces of the room, such as eth0, wlan*, between commas;"
            " with a minus those that are not, such as -usb0; empty: the computer's own cards.",
        ),
    ] = ""
    tablet_port: Annotated[
        int, Meta(ge=1, le=65_535, description="The port of the tablets' page.")
    ] = 8090
    beat_s: Annotated[float, _amount(1, 3600, "seconds", "How often the computer is measured.")] = (
        10.0
    )
    report_s: Annotated[
        float,
        _amount(5, 86_400, "seconds", "How often its health is reported when nothing changes."),
    ] = 60.0
    outbox_max_mb: Annotated[
        int, _amount(1, 10_000, "MB", "How much may wait on the disk for the school's server.")
    ] = 64
    outbox_max_days: Annotated[
        int, _amount(1, 3650, "days", "How long it may wait, in running time.")
    ] = 30
    usb: Annotated[bool, Meta(description="Watch what is plugged in by USB.")] = True
    mdns: Annotated[
        bool, Meta(description="Watch what announces itself in the room's network by mDNS.")
    ] = True
    onvif: Annotated[bool, Meta(description="Look for cameras in the network by ONVIF.")] = True
    pjlink: Annotated[
        bool, Meta(description="Look for projectors and boards in the network by PJLink.")
    ] = True
    line: Annotated[
        bool, Meta(description="Watch how far the line reaches: network, server, internet.")
    ] = True
    internet: Annotated[
        str,
        Meta(
            max_length=400,
            description="What shows that the internet is there, as host:port, between commas;"
            " empty: it is not tried.",
        ),
    ] = "moet.gov.vn:443"
    cameras: Annotated[
        bool, Meta(description="Look at each camera's picture at times; only numbers are kept.")
    ] = True
    camera: Annotated[
        Literal["on", "off"],
        Meta(
            description="off: no picture of any camera is ever opened, whatever anybody presses;"
            " on: as the people in the room want it."
        ),
    ] = "on"
    camera_check_s: Annotated[
        float, _amount(10, 86_400, "seconds", "How often each camera's picture is looked at.")
    ] = 300.0
    camera_user: Annotated[
        str, Meta(max_length=64, description="The user name at the room's network cameras.")
    ] = ""
    camera_password_file: Annotated[
        str, Meta(description="A file that holds the password of the room's network cameras.")
    ] = ""
    pjlink_password_file: Annotated[
        str, Meta(description="A file that holds the PJLink password of projectors and boards.")
    ] = ""
    door_camera: Annotated[
        str,
        Meta(
            max_length=200,
            description="The camera at the door that reads door cards, by its key in"
            " `lophoc-agent scan --json`; empty: none.",
        ),
    ] = ""
    switch_projector: Annotated[
        bool,
        Meta(description="Switch projectors and boards on with the lesson, and off after it."),
    ] = False
    lang: Annotated[
        Literal["", "vi", "en"],
        Meta(description="The language of the teacher's window; empty: that of the computer."),
    ] = ""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Meta(description="How much is logged."),
    ] = "info"
    kit: Annotated[
        KitTemplate, Meta(description="What this room should have; what is missing is told.")
    ] = KitTemplate()
    limits: Annotated[Limits, Meta(description="Where warning and critical begin.")] = Limits()


class Passwords(NamedTuple):
    """What the room's devices ask for; never shown."""

    camera_user: str = ""
    camera: str = ""
    pjlink: str = ""

    @property
    def camera_login(self) -> tuple[str, str]:
        """The user's name and the password at the room's cameras."""
        return self.camera_user, self.camera

    def __repr__(self) -> str:
        return "Passwords(...)"


NO_PASSWORDS: Final = Passwords()


def passwords_of(config: AgentConfig) -> Passwords:
    """The passwords in the files that the settings name. Raises SettingsError."""
    return Passwords(
        camera_user=config.camera_user,
        camera=password_in(config.camera_password_file),
        pjlink=password_in(config.pjlink_password_file),
    )
