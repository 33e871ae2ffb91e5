"""This file finds the settings and the folder that a command is about: named, here, or installed.

Each program says once where it lies; every command of it asks here, so that all mean the same one.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from protocol.folder import LOCK
from protocol.settings import SettingsError, given_option, place_of, settings_tree
from protocol.words import N_, Translate


class Installed(NamedTuple):
    """Where a program lies on a machine.

    prefix: of the environment. settings, data: of the service that is installed. here: the folder
    that one makes which is only tried; it may be the service's own.
    """

    prefix: str
    settings: Path
    data: Path
    here: Path

    def settings_file(self, options: argparse.Namespace, environ: Mapping[str, str]) -> Path | None:
        """The settings file: the one that is named, else the installed service's; None for none.

        The service's holds where its own folder is meant, by whatever name. Raises SettingsError.
        """
        if named := given_option(options, "config") or environ.get(f"{self.prefix}CONFIG"):
            return Path(named)
        if folder := self._named_folder(options, environ):
            return self.settings if self._is_service(folder) else None
        if self.here != self.data and _is_seen(self.here):
            return None
        return self.settings if is_there(self.settings) else None

    def tree(self, options: argparse.Namespace, environ: Mapping[str, str]) -> dict[str, Any]:
        """What that file holds, of names that may be wrong yet. Raises SettingsError."""
        path = self.settings_file(options, environ)
        return settings_tree(path) if path else {}

    def folder(self, options: argparse.Namespace, environ: Mapping[str, str]) -> Path:
        """The program's folder: the one that is named, else one here, else the service's.

        Raises SettingsError.
        """
        if folder := self._named_folder(options, environ):
            return folder
        path = self.settings_file(options, environ)
        if path and (named := settings_tree(path).get("data")) is not None:
            return place_of("data", str(named))
        return self.data if path and _is_same(path, self.settings) else self.here

    def readable_folder(
        self, options: argparse.Namespace, environ: Mapping[str, str]
    ) -> Path | None:
        """The folder, for a command that can do without it.

        None where there is none, or nobody named it and it is not for this account to read. Raises
        SettingsError.
        """
        try:
            folder = self.folder(options, environ)
            return folder if is_there(folder) else None
        except SettingsError:
            if self._named_folder(options, environ) or given_option(options, "config"):
                raise
            return None

    def told(self, options: argparse.Namespace, environ: Mapping[str, str], name: str) -> str:
        """A setting by the environment, else by the file; empty where neither has it.

        Raises SettingsError.
        """
        given = environ.get(f"{self.prefix}{name.upper()}", "")
        return str(given or self.tree(options, environ).get(name, ""))

    def for_start(
        self, options: argparse.Namespace, environ: Mapping[str, str]
    ) -> argparse.Namespace:
        """The options of a start: the service's settings mean its folder, where none is named.

        Raises SettingsError; also where they name a new one, and the service has worked in its own.
        """
        chosen = given_option(options, "config") or environ.get(f"{self.prefix}CONFIG")
        if not chosen or self._named_folder(options, environ):
            return options
        folder = self.folder(options, environ)
        if _is_same(Path(chosen), self.settings):
            self._refuse_left(folder)
        return argparse.Namespace(**vars(options) | {"data": folder})

    def _refuse_left(self, folder: Path) -> None:
        """Begin no empty folder where all lies in the one that the unit used to name."""
        if _is_worked_in(folder) or not _is_worked_in(self.data):
            return
        raise SettingsError(
            "data_left",
            N_("The settings name the folder {folder}, which is new, and the data lie in {known}."),
            N_("Move them there, or take the line `data` out of {settings}."),
            folder=folder,
            known=self.data,
            settings=self.settings,
        )

    def _named_folder(self, options: argparse.Namespace, environ: Mapping[str, str]) -> Path | None:
        if named := given_option(options, "data"):
            return Path(named)
        variable = f"{self.prefix}DATA"
        return place_of(variable, environ[variable]) if variable in environ else None

    def _is_service(self, folder: Path) -> bool:
        """Whether the installed service keeps its data there; where none is installed, it is not.

        A folder beside it never asks for the service's settings, which may be unreadable or wrong.
        """
        if not _is_file_seen(self.settings):
            return False
        if _is_same(folder, self.data):
            return True
        try:
            own = settings_tree(self.settings).get("data")
        except SettingsError:
            return False
        return bool(own) and _is_same(folder, Path(str(own)))


def add_place(parser: argparse.ArgumentParser, folder: str, say: Translate) -> None:
    """Give a command the options that name its folder and settings. folder: what it is, in words.

    Whoever reads them asks `Installed`.
    """
    parser.add_argument("--data", type=Path, metavar="DIR", help=folder)
    config = say(N_("settings file (TOML)"))
    parser.add_argument("--config", type=Path, metavar="FILE", help=config)


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder. Raises SettingsError where that cannot be seen."""
    try:
        path.stat()
        if path.is_dir():
            os.scandir(path).close()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise SettingsError(
            "data_unreadable",
            N_("{path} cannot be read: {cause}."),
            N_("Run the command as root, or as the user to whom it belongs."),
            path=path.absolute(),
            cause=error.strerror,
        ) from error
    return True


def _is_seen(folder: Path) -> bool:
    """Whether it is there; where another user may not even look, it is not theirs."""
    try:
        return folder.is_dir()
    except OSError:
        return False


def _is_worked_in(folder: Path) -> bool:
    """Whether a program of ours has held it."""
    return _is_file_seen(folder / LOCK)


def _is_file_seen(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _is_same(one: Path, other: Path) -> bool:
    """Whether both name one folder, there or not."""
    return os.path.realpath(one) == os.path.realpath(other)
