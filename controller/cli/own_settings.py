"""This file keeps the settings that pages have set, in the data folder, below all other settings.

What the administrator's file, the environment or an option says wins, and is told as such.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from controller.config import ENVIRONMENT, FOLDER, ControllerConfig
from protocol.folder import changing, keep_undoable
from protocol.settings import SettingsError, load, settings_of
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_

FILE: Final = "settings.json"
_BEFORE: Final = "settings.before.json"
_SCHOOL: Final = frozenset({"school", "province"})
_NAMES: Final = frozenset(setting.name for setting in settings_of(ControllerConfig)) - {"data"}


def is_unnamed(config: ControllerConfig) -> bool:
    """Whether nobody has said yet whose controller it is."""
    return not (config.school and config.province)


class StartSettings(NamedTuple):
    """The settings of a start. fixed: the names of those that no page can change."""

    config: ControllerConfig
    fixed: frozenset[str] = frozenset()

    @property
    def is_first(self) -> bool:
        """Whether nobody has said yet whose controller it is."""
        return is_unnamed(self.config)


def start_settings(options: argparse.Namespace, environ: Mapping[str, str]) -> StartSettings:
    """The settings of a start, also where the school's code is not known yet.

    Raises SettingsError.
    """
    fixed: set[str] = set()
    lacking: set[str] = set()

    def complete(values: dict[str, Any]) -> dict[str, Any]:
        fixed.update(values)
        whole = with_own_settings(values)
        lacking.update(_SCHOOL - whole.keys())
        return whole | dict.fromkeys(lacking, "-")  # an empty code is refused

    config = load(ControllerConfig, ENVIRONMENT, options, environ, complete)
    return StartSettings(replace(config, **dict.fromkeys(lacking, "")), frozenset(fixed))


def own_settings_in(folder: Path) -> dict[str, Any]:
    """What pages have set, by name; what this version does not know is left out.

    Raises SettingsError.
    """
    return _values_in(folder / FILE) or {}


def own_settings_before(folder: Path) -> dict[str, Any] | None:
    """What pages had set before the last change; None where they changed nothing.

    Raises SettingsError.
    """
    return _values_in(folder / _BEFORE)


def _values_in(path: Path) -> dict[str, Any] | None:
    try:
        values = from_json(path.read_bytes(), dict[str, str | int | float | bool])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, *UNREADABLE) as error:
        raise SettingsError(
            "own_settings_unreadable",
            N_("The settings that pages have set cannot be read: {path}."),
            N_("Put the file back from a copy, or remove it and set them again."),
            path=path,
        ) from error
    return {name: value for name, value in values.items() if name in _NAMES}


def keep_own_settings(folder: Path, values: Mapping[str, Any]) -> None:
    """Keep these in the place of those before, which stay beside for undo. Raises OSError."""
    kept = {name: values[name] for name in sorted(values) if name in _NAMES}
    keep_undoable(folder / FILE, msgspec.json.encode(kept), folder / _BEFORE)


def change_own_settings(folder: Path, values: Mapping[str, Any]) -> None:
    """Set these beside the others, whoever else sets one now. Raises SettingsError, OSError."""
    with changing(folder / FILE):
        keep_own_settings(folder, {**own_settings_in(folder), **values})


def undo_own_settings(folder: Path) -> None:
    """Put back those before the last change, if there was one. Raises SettingsError, OSError."""
    with changing(folder / FILE):
        if (before := own_settings_before(folder)) is not None:
            keep_own_settings(folder, before)


def with_own_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """The given settings, with those that pages have set where nothing else is given.

    Raises SettingsError.
    """
    return {**own_settings_in(Path(values.get("data", FOLDER))), **values}
