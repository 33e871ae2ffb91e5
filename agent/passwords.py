"""This file reads the passwords that the room's devices and its broker ask for; never shown."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from agent.config import AgentConfig
from protocol.settings import SettingsError
from protocol.words import N_


class Passwords(NamedTuple):
    """What the room's devices ask for."""

    camera_user: str = ""
    camera: str = ""
    pjlink: str = ""

    def __repr__(self) -> str:
        return "Passwords(...)"


def passwords_of(config: AgentConfig) -> Passwords:
    """The passwords in the files that the settings name. Raises SettingsError."""
    return Passwords(
        camera_user=config.camera_user,
        camera=password_of(config.camera_password_file),
        pjlink=password_of(config.pjlink_password_file),
    )


def password_of(file: str) -> str:
    """The password in a file; none where no file is named. Raises SettingsError."""
    if not file:
        return ""
    try:
        return Path(file).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "password_unreadable",
            N_("The password file {path} cannot be read."),
            N_("Check the setting and the file's owner."),
            path=file,
        ) from error
