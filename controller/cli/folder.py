"""This file finds out which folder, school and database a command is about, by its settings."""

from __future__ import annotations

import argparse
import getpass
import os
import tomllib
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controller.config import ENVIRONMENT
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.words import N_, Translate

FOLDER: Final = Path("lophoc-controller-data")
_DATABASE: Final = "lophoc.db"
_ZONE: Final = "Asia/Ho_Chi_Minh"
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
    told = _told(options)
    return Place(told.get("province", ""), told.get("school", ""))


def told_name(options: argparse.Namespace) -> str:
    """The school's name as the settings have it; empty where they do not."""
    return _told(options).get("name", "")


def told_zone(options: argparse.Namespace) -> ZoneInfo:
    """The school's timezone as the settings name it. Raises SettingsError."""
    name = _told(options).get("timezone", _ZONE)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            "timezone_unknown", N_("There is no timezone {name}."), name=name
        ) from error


def told_database(options: argparse.Namespace) -> str:
    """The database's URL as the settings name it; empty for a SQLite file in the folder."""
    return _told(options).get("database", "")


def told_upstream(options: argparse.Namespace) -> str:
    """The department's broker as the settings name it; empty where nobody is above."""
    return _told(options).get("upstream", "")


def data_folder(options: argparse.Namespace) -> Path:
    """The controller's folder."""
    return options.data or Path(_told(options).get("data", FOLDER))


def existing_folder(options: argparse.Namespace) -> Path:
    """The controller's folder, which only `run` makes. Raises SettingsError where there is none."""
    folder = data_folder(options)
    if not folder.is_dir():
        raise SettingsError(
            "data_missing",
            N_("There is no controller's folder {folder}."),
            _NAME_IT,
            folder=folder.absolute(),
            variable=f"{ENVIRONMENT}DATA",
        )
    return folder


def has_database(options: argparse.Namespace) -> bool:
    """Whether there is a database to ask; a trial does without one."""
    return bool(told_database(options)) or (data_folder(options) / _DATABASE).exists()


def existing_database(options: argparse.Namespace) -> Path:
    """The SQLite file in the controller's folder. Raises SettingsError where there is none."""
    database = existing_folder(options) / _DATABASE
    if not database.exists():
        raise SettingsError(
            "no_database",
            N_("There is no database at {database}."),
            _NAME_IT,
            database=database.absolute(),
            variable=f"{ENVIRONMENT}DATA",
        )
    return database


def _told(options: argparse.Namespace) -> dict[str, str]:
    names = ("province", "school", "data", "database", "timezone", "upstream", "name")
    told: dict[str, str] = {}
    if options.config:
        try:
            tree = tomllib.loads(options.config.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(
                "config_unreadable",
                N_("The settings file {path} cannot be read."),
                path=options.config,
            ) from error
        told = {name: str(tree[name]) for name in names if name in tree}
    found = {name: os.environ.get(f"{ENVIRONMENT}{name.upper()}", "") for name in names}
    return told | {name: value for name, value in found.items() if value}
