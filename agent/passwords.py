"""This file reads the passwords that the room's devices and its broker ask for; never shown."""

from __future__ import annotations

from typing import NamedTuple

from agent.config import AgentConfig
from protocol.settings import password_in


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
        camera=password_in(config.camera_password_file),
        pjlink=password_in(config.pjlink_password_file),
    )
