"""This file finds out which folder, school and database a command is about, by its settings."""

from __future__ import annotations

import argparse
import getpass
import os
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from controller.cli.own_settings import own_settings_in
from controller.config import (
    ENVIRONMENT,
    FOLDER,
    TIMEZONE,
    ControllerConfig,
    places_in,
    zone_of,
)
from controller.database.place_note import DATABASE, SERVED
from protocol import installed
from protocol.credential import credential_in
from protocol.model import Place
from protocol.settings import SettingsError, load
from protocol.this_machine import is_this_machine
from protocol.words import N_, Translate

INSTALLED: Final = installed.Installed(  # as the handbook installs it
    prefix=ENVIRONMENT,
    settings=Path("/etc/lophoc/controller.toml"),
    data=Path("/var/lib/lophoc-controller"),  # the unit's StateDirectory
    here=FOLDER,
)
_NAME_IT: Final = N_(
    "The controller makes it when it first runs; name another with --data, --config or {variable}."
)


def add_place(parser: argparse.ArgumentParser, say: Translate) -> None:
    """Give a command the options that name the school and its database."""
    installed.add_place(parser, say(N_("the controller's folder")), say)


def operator() -> str:
    """Who runs the command, by the machine's name for them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getpid())


def told_school(options: argparse.Namespace) -> Place:
    """The school as the settings name it; empty where they do not."""
    return Place(_setting(options, "province"), _setting(options, "school"))


def told_name(options: argparse.Namespace) -> str:
    """The school's name as the settings have it; empty where they do not."""
    return _setting(options, "name")


def told_zone(options: argparse.Namespace) -> ZoneInfo:
    """The school's timezone as the settings name it. Raises SettingsError."""
    return zone_of(_setting(options, "timezone") or TIMEZONE)


def told_database(options: argparse.Namespace) -> str:
    """The database's URL as the settings name it; empty for a SQLite file in the folder."""
    return _setting(options, "database")


def told_copies(options: argparse.Namespace) -> list[str]:
    """The places of encrypted copies as the settings name them."""
    return places_in(_setting(options, "copies"))


def told_update_keys(options: argparse.Namespace) -> str:
    """The school's own keys for updates, as the settings name them."""
    return _setting(options, "update_keys")


def told_upstream(options: argparse.Namespace) -> str:
    """The department's broker, by the settings or by enrolling; empty where nobody is above."""
    is_enrolled = credential_in(data_folder(options)) is not None
    return _setting(options, "upstream") or ("enrolled" if is_enrolled else "")


def told_address(options: argparse.Namespace) -> str:
    """How this machine's own browser calls the screens."""
    return _told_screens(options).base_address


def shows_authority(options: argparse.Namespace) -> bool:
    """Whether the screens are encrypted by the controller's own authority, for others to pin."""
    told = _told_screens(options)
    return not is_this_machine(told.http_host) and not told.http_chain_file


def _told_screens(options: argparse.Namespace) -> ControllerConfig:
    return ControllerConfig(
        school="",
        province="",
        http_host=_setting(options, "http_host") or "127.0.0.1",
        http_port=int(_setting(options, "http_port") or 8000),
        http_chain_file=_setting(options, "http_chain_file"),
    )


def told_settings(options: argparse.Namespace, last: Path) -> ControllerConfig:
    """All the settings. last: where those of the last run are, should no others be named.

    Raises SettingsError.
    """
    named = INSTALLED.settings_file(options, os.environ)
    chosen = argparse.Namespace(config=named or (last if last.exists() else None))
    data = data_folder(options)
    config = load(
        ControllerConfig,
        ENVIRONMENT,
        chosen,
        os.environ,
        lambda given: own_settings_in(data) | given,
    )
    return replace(config, data=data)


def data_folder(options: argparse.Namespace) -> Path:
    """The controller's folder: the one that is named, else one here, else the service's."""
    return INSTALLED.folder(options, os.environ)


def existing_folder(options: argparse.Namespace) -> Path:
    """The controller's folder, which only `run` makes. Raises SettingsError where there is none."""
    folder = data_folder(options)
    if not (installed.is_there(folder) and folder.is_dir()):
        raise _missing("data_missing", N_("There is no controller's folder {path}."), folder)
    return folder


def has_database(options: argparse.Namespace) -> bool:
    """Whether there is a database to ask; a trial does without one.

    A folder that has worked with one elsewhere has one: opening it says which.
    """
    folder = data_folder(options)
    return bool(told_database(options)) or any(
        installed.is_there(folder / name) for name in (DATABASE, SERVED)
    )


def existing_database(options: argparse.Namespace) -> Path:
    """The SQLite file in the controller's folder. Raises SettingsError where there is none."""
    database = existing_folder(options) / DATABASE
    if not installed.is_there(database):
        raise _missing("no_database", N_("There is no database at {path}."), database)
    return database


def _missing(code: str, message: str, path: Path) -> SettingsError:
    variable = f"{ENVIRONMENT}DATA"
    return SettingsError(code, message, _NAME_IT, path=path.absolute(), variable=variable)


def _setting(options: argparse.Namespace, name: str) -> str:
    """A setting by the environment, else by the file, else by a page; empty where none has it."""
    if told := INSTALLED.told(options, os.environ, name):
        return told
    return str(own_settings_in(data_folder(options)).get(name, ""))
