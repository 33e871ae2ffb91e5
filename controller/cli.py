"""This file is what commands share: their options, school and database, the files they write."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from controller.config import ENVIRONMENT
from controller.database.store import Store
from controller.features import adopt_plan
from controller.roster.store import schools_of
from protocol.folder import EVERYBODY, whole_file
from protocol.model import Place
from protocol.settings import SettingsError
from protocol.words import N_, Translate

FOLDER: Final = Path("lophoc-controller-data")
_ZONE: Final = "Asia/Ho_Chi_Minh"
_FORMS: Final = frozenset({".csv", ".docx", ".json", ".ndjson", ".pdf", ".xlsx", ".zip"})
_NAME_IT: Final = N_(
    "The controller makes it when it first runs; name another with --data, --config or {variable}."
)


def add_place(parser: argparse.ArgumentParser, say: Translate) -> None:
    """Give a command the options that name the school and its database."""
    folder = say(N_("the controller's folder"))
    parser.add_argument("--data", type=Path, metavar="DIR", help=folder)
    config = say(N_("settings file (TOML)"))
    parser.add_argument("--config", type=Path, metavar="FILE", help=config)


def add_json(parser: argparse.ArgumentParser, say: Translate) -> None:
    """Give a command the option to answer programs."""
    parser.add_argument("--json", action="store_true", help=say(N_("tell it as JSON")))


def add_out(
    parser: argparse.ArgumentParser,
    say: Translate,
    *endings: str,
    is_required: bool = True,
    once: str = "",
) -> None:
    """Give a command -o and --out, the file that it writes; one with another ending is refused.

    endings: such as .pdf; none where any will do. once: what the option was called before.
    """
    meaning = say(N_("the file to write"))
    meaning += f", {' | '.join(endings)}" if endings else ""
    kind = partial(_out, endings=endings)
    parser.add_argument(
        "-o", "--out", type=kind, required=is_required, metavar="FILE", help=meaning
    )
    if once:
        renamed = say(N_("{old} is called {new} now.")).format(old=once, new="--out")
        parser.add_argument(
            once, dest="out", type=kind, action=_Renamed, notice=renamed, help=argparse.SUPPRESS
        )


def check_ending(path: Path, endings: Sequence[str]) -> None:
    """Refuse a file name that promises what the file is not. Raises SettingsError.

    A form that one command alone writes may have any name but that of another form.
    """
    ending = path.suffix.lower()
    if ending in endings or (len(endings) == 1 and ending not in _FORMS):
        return
    raise SettingsError(
        "ending_unknown",
        N_("{path} cannot be written: that is no ending for it."),
        N_("Let the file's name end in {endings}."),
        path=path,
        endings=", ".join(endings),
    )


def check_apart(out: Path | None, source: Path) -> None:
    """Refuse to write over the very file that is read. Raises SettingsError."""
    if out and out.resolve() == source.resolve():
        raise SettingsError(
            "file_read_and_written",
            N_("{path} is the file that is read."),
            N_("Write to another one."),
            path=out,
        )


@contextmanager
def output(path: Path) -> Iterator[BinaryIO]:
    """The file that a command writes; whole when the block ends. Raises SettingsError."""
    with unwritable(path), whole_file(path, EVERYBODY) as file:
        yield file


@contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """Whatever cannot be written in the block is this file. Raises SettingsError."""
    try:
        yield
    except OSError as error:
        raise SettingsError(
            "file_unwritable",
            N_("{path} cannot be written: {cause}."),
            N_("Name a folder that is there and that you may write into."),
            path=path,
            cause=error.strerror,
        ) from error


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


def existing_database(options: argparse.Namespace) -> Path:
    """The SQLite file in the controller's folder. Raises SettingsError where there is none."""
    database = existing_folder(options) / "lophoc.db"
    if not database.exists():
        raise SettingsError(
            "no_database",
            N_("There is no database at {database}."),
            _NAME_IT,
            database=database.absolute(),
            variable=f"{ENVIRONMENT}DATA",
        )
    return database


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
    with Store(told_database(options) or f"sqlite:///{existing_database(options)}") as store:
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


def _out(text: str, endings: Sequence[str]) -> Path:
    path = Path(text)
    if endings:
        check_ending(path, endings)
    return path


class _Renamed(argparse.Action):
    """An option by its old name: it is taken, and the new name is told."""

    def __init__(self, *, notice: str, **described: Any) -> None:
        super().__init__(**described)
        self._notice = notice

    def __call__(
        self, _parser: object, options: argparse.Namespace, value: object, _name: object = None
    ) -> None:
        tell(self._notice, sys.stderr)
        setattr(options, self.dest, value)
