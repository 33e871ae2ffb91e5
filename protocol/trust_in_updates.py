"""This file tells whose updates are believed: the project's keys, and those that a school adds."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from protocol.package import keys_in
from protocol.settings import SettingsError
from protocol.words import N_

KEYS_FILE: Final = Path(__file__).with_name("update_keys.txt")


def trusted_keys(own: str, file: Path = KEYS_FILE) -> tuple[str, ...]:
    """The keys that came with this program, then the school's own. Raises SettingsError."""
    try:
        added = keys_in(own)
    except ValueError as error:
        raise SettingsError(
            "setting_invalid", N_("The setting update_keys cannot be used: {cause}."), cause=error
        ) from error
    return tuple(dict.fromkeys((*_shipped(file), *added)))


def _shipped(file: Path) -> tuple[str, ...]:
    try:
        return keys_in(file.read_text("utf-8"))
    except (OSError, ValueError):
        return ()
