"""This file finds out which folder, school and database a command is about, by its settings."""

from __future__ import annotations

import argparse
import getpass
import os
import tomllib
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from controller.config import ENVIRONMENT, FOLDER, TIMEZONE, zone_of
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.words import N_, Translate

DATABASE: Final = "lophoc.db"
_NAME_IT: Final = N_(
    "The controller makes it when it first runs; name another with --data, --config or {variable}."
)


def add_place(parser: argparse.ArgumentParser, say: Translate) -> None:
    """Give a command the options that name the school and its database."""
    folder = say(N_("the controller's folder"))
    parser.add_argument("--data", type=Path, metavar="DIR", help=folder)
    config = say(N_("settings file (TOML)"))
    parser.add_argument("--config", type=Path, metavar="FILE", help=config)


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


def told_upstream(options: argparse.Namespace) -> str:
    """The department's broker as the settings name it; empty where nobody is above."""
    return _setting(options, "upstream")


def data_folder(options: argparse.Namespace) -> Path:
    """The controller's folder."""
    return options.data or Path(_setting(options, "data") or FOLDER)


def existing_folder(options: argparse.Namespace) -> Path:
    """The controller's folder, which only `run` makes. Raises SettingsError where there is none."""
    folder = data_folder(options)
    if not folder.is_dir():
        raise _missing("data_missing", N_("There is no controller's folder {path}."), folder)
    return folder


def has_database(options: argparse.Namespace) -> bool:
    """Whether there is a database to ask; a trial does without one."""
    return bool(told_database(options)) or (data_folder(options) / DATABASE).exists()


def existing_database(options: argparse.Namespace) -> Path:
    """The SQLite file in the controller's folder. Raises SettingsError where there is none."""
    database = existing_folder(options) / DATABASE
    if not database.exists():
        raise _missing("no_database", N_("There is no database at {path}."), database)
    return database


def _missing(code: str, message: str, path: Path) -> SettingsError:
    variable = f"{ENVIRONMENT}DATA"
    return SettingsError(code, message, _NAME_IT, path=path.absolute(), variable=variable)


def _setting(options: argparse.Namespace, name: str) -> str:
    """A setting by the environment, else by the file; empty where neither has it."""
    in_file = _file(options).get(name, "")
    return os.environ.get(f"{ENVIRONMENT}{name.upper()}", "") or str(in_file)


def _file(options: argparse.Namespace) -> dict[str, object]:
    if not options.config:
        return {}
    try:
        return tomllib.loads(options.config.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(
            "config_unreadable",
            N_("The settings file {path} cannot be read."),
            path=options.config,
        ) from error
