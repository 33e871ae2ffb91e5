"""This file says which settings a page may change, and makes a value of what was typed; pure."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from controller.config import ControllerConfig, zone_of
from protocol.errors import ActionError
from protocol.settings import Setting, settings_of
from protocol.shapes import from_plain
from protocol.words import LANGUAGES, N_

SETTINGS: Final[Mapping[str, Setting]] = {
    setting.name: setting for setting in settings_of(ControllerConfig)
}
_NETWORKS: Final = ("127.0.0.1", "0.0.0.0")  # noqa: S104 - offered, not listened on
# What a page offers as a choice: a wrong one of these would shut everybody out.
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "http_host": _NETWORKS,
    "mqtt_host": _NETWORKS,
    "lang": ("", *LANGUAGES),
    "log_level": ("debug", "info", "warning", "error"),
    "open_screens": ("false", "true"),
    "mdns": ("false", "true"),
}
ON_PAGES: Final = (
    *("name", "timezone", "http_host", "mqtt_host", "allowed_hosts", "open_screens", "mdns"),
    *("device_silent_s", "keep_days", "attendance_keep_days", "keep_backups", "copies"),
    *("measures_raw_hours", "measures_fine_days", "measures_hourly_days"),
    *("keep_copies", "lang", "log_level"),
)


def value_of(name: str, typed: str) -> Any:
    """The value of a setting as a person typed it. Raises ActionError, SettingsError."""
    if name not in ON_PAGES:
        raise ActionError(
            "setting_of_file",
            N_("This setting is changed in the administrator's file alone."),
            N_("The handbook says why."),
        )
    text = typed.strip()
    if name in CHOICES and text not in CHOICES[name]:
        raise _unfit(name, text)
    if name == "timezone":
        zone_of(text)
    if name == "log_level" and text.upper() not in logging.getLevelNamesMapping():
        raise _unfit(name, text)
    try:
        return from_plain(text, SETTINGS[name].type, strict=False)
    except msgspec.ValidationError as error:
        raise _unfit(name, text) from error


def shown_value(value: object) -> str:
    """A value as a form holds it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unfit(name: str, text: str) -> ActionError:
    return ActionError(
        "setting_unfit",
        N_("{value} cannot be taken for {name}."),
        N_("What it means, and its unit, stand beside it."),
        value=text[:40] or '""',
        name=name,
    )
