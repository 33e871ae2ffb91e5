"""This file finds out which school a command is about, and opens its database."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controller.config import ENVIRONMENT
from controller.database.store import Store
from controller.features import adopt_plan
from controller.roster.store import schools_of
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.words import N_, Translate

FOLDER: Final = Path("lophoc-controller-data")
_ZONE: Final = "Asia/Ho_Chi_Minh"


def add_place(parser: argparse.ArgumentParser, say: Translate) -> None:
    """Give a command the options that name the school and its database."""
    folder = say(N_("the controller's folder"))
    parser.add_argument("--data", type=Path, metavar="DIR", help=folder)
    config = say(N_("settings file (TOML)"))
    parser.add_argument("--config", type=Path, metavar="FILE", help=config)


def tell(text: str, stream: TextIO | None = None) -> None:
    """Say a line to whoever runs the command."""
    (stream or sys.stdout).write(f"{text}\n")


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


def data_folder(options: argparse.Namespace) -> Path:
    """The controller's folder."""
    return options.data or Path(_told(options).get("data", FOLDER))


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[tuple[Store, Place]]:
    """The database and the school; its own plan's, where the settings name no school.

    Before the controller has ever run nobody knows the school: it takes the plan over when it
    starts. Raises StoreError, SettingsError.
    """
    with _store(options) as store:
        place = told_school(options)
        if not place.school:
            schools = store.read(schools_of)
            if len(schools) > 1:
                raise SettingsError(
                    "school_unknown",
                    N_("The database holds several schools."),
                    N_("Name one with --config, or by LOPHOC_CONTROLLER_SCHOOL and _PROVINCE."),
                )
            place = schools[0] if schools else Place()
        store.write(adopt_plan, place)
        yield store, place


@contextmanager
def opened_wide(options: argparse.Namespace) -> Iterator[tuple[Store, Place]]:
    """The database and what it tells of: with nobody above, all the schools of the province.

    Raises StoreError, SettingsError.
    """
    school = told_school(options)
    above = _told(options).get("upstream", "")
    with _store(options) as store:
        yield store, school if above else Place(school.province)


def own(store: Store, options: argparse.Namespace) -> list[Place]:
    """The school whose agents report here; none where that cannot be told from the settings."""
    school = told_school(options)
    if school.school:
        return [school]
    schools = store.read(schools_of)
    return schools if len(schools) == 1 else []


@contextmanager
def _store(options: argparse.Namespace) -> Iterator[Store]:
    folder = data_folder(options)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            "data_unusable",
            N_("The folder {folder} cannot be used: {cause}."),
            N_("Choose another with --data, or change its owner."),
            folder=folder,
            cause=error.strerror,
        ) from error
    with Store(told_database(options) or f"sqlite:///{folder / 'lophoc.db'}") as store:
        yield store


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
