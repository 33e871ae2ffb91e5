"""This file names the dated files of a department, lists them, and lets old ones go.

They lie in one folder beside the database: whole or not there, for `whole_file` writes them.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from controller.history.day import kept_days

FOLDER: Final = "history"
_NAME: Final = re.compile(
    r"^(?P<what>items|figures)-(?P<day>\d{4}-\d\d-\d\d)\.(?P<form>ndjson\.gz|parquet)$"
)
_ROOM_BYTES: Final = 256 << 20  # that stays free on the disk, which is the database's too
_GROWS: Final = 3  # times what the last day took are wanted before a new one is begun


class FileContent(StrEnum):
    """What a file tells of."""

    ITEMS = "items"
    FIGURES = "figures"


class FileForm(StrEnum):
    """How it is written; also how its name ends."""

    NDJSON = "ndjson.gz"
    PARQUET = "parquet"


class DatedFile(NamedTuple):
    """A file of a local day."""

    day: str
    what: FileContent
    form: FileForm
    size_bytes: int = 0

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.what}-{self.day}.{self.form}"


def dated(name: str) -> DatedFile | None:
    """The file that is called so; None for what is no such name."""
    found = _NAME.match(name)
    if found is None:
        return None
    return DatedFile(found["day"], FileContent(found["what"]), FileForm(found["form"]))


def files_in(data: Path) -> list[DatedFile]:
    """The files that are there, the newest day first."""
    return sorted(_files(data / FOLDER), key=lambda file: (file.day, file.name), reverse=True)


def _files(folder: Path) -> Iterator[DatedFile]:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if file := dated(path.name):
            with suppress(FileNotFoundError):  # let go meanwhile
                yield file._replace(size_bytes=path.stat().st_size)


def lacking(data: Path, day: str, *, has_parquet: bool) -> list[DatedFile]:
    """What of a day is not there yet. has_parquet: whether it can be written here."""
    forms = [form for form in FileForm if has_parquet or form is not FileForm.PARQUET]
    wanted = [DatedFile(day, what, form) for what in FileContent for form in forms]
    there = {file.name for file in files_in(data)}
    return [file for file in wanted if file.name not in there]


def has_room(data: Path) -> bool:
    """Whether the disk takes another day. Raises OSError."""
    files = files_in(data)
    newest = sum(file.size_bytes for file in files if file.day == files[0].day)
    return shutil.disk_usage(data).free >= _ROOM_BYTES + _GROWS * newest


def forget_old(data: Path) -> list[str]:
    """Remove the files of days that the rule does not keep; returns their names. Raises OSError."""
    files = files_in(data)
    kept = kept_days(file.day for file in files)
    gone = [file.name for file in files if file.day not in kept]
    for name in gone:
        (data / FOLDER / name).unlink(missing_ok=True)
    return gone
