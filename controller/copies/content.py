"""This file packs what a copy holds, a compressed tar: its manifest, files, settings, database."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, cast

from msgspec import structs

from controller.config import FOLDER, ControllerConfig
from controller.copies.manifest import FILES, SETTINGS
from controller.copies.pagewise import blocks_of
from controller.copies.sealed import BLOCK
from controller.copies.snapshot import is_sqlite, snapshot
from controller.database.place_note import SERVED
from protocol.folder import LOCK, LOCK_END, OWNER_ONLY
from protocol.settings import settings_of
from protocol.tree import paths_below

COPIES: Final = "copies"  # the folder of the key and of what is known about copies
LEVEL: Final = 6  # of gzip
SETTINGS_FILE: Final = "controller.toml"
# What a copy does not hold, each with its reason; whatever else stands in the folder it does.
_LEFT_OUT: Final = frozenset(
    {
        LOCK,  # of the program that runs
        "backups",  # of the same database, on the same disk
        "broker",  # made anew from settings and passwords; what was on its way is sent again
        COPIES,  # the key comes along in the copy's own head; the rest is about places
        "guests",  # other controllers' copies, each as large as ours
        "settings",  # of the copy that this folder came from
        "updates",  # packages of hundreds of MB, signed and given out by the project
        "room-codes.json",  # a sheet's codes would let rooms in long after
        SERVED,  # for whoever restores it names the database
        "setup-code",  # of a controller that is not set up
    }
)
# And of these what a person would have to fetch anew: who may leave copies here, and how other
# controllers know this one.
_TAKEN_ALONG: Final = ("guests/guests.json", f"{COPIES}/token-*")
_HOLD_TAKEN_ALONG: Final = frozenset(name.partition("/")[0] for name in _TAKEN_ALONG)
# Of files that are written once, a step holds only those that its full copy has not: a department's
# dated files of a year would fill any stick.
_WRITTEN_ONCE: Final = (f"{FILES}history/",)
_ENDINGS: Final = ("-wal", "-shm", "-journal", ".part", LOCK_END)
_PASSWORDS: Final = (
    "broker_password_file",
    "broker_ca_file",
    "upstream_password_file",
    "upstream_ca_file",
)


class Member(NamedTuple):
    """One file of a copy: its name there, its length in bytes, what it holds, and since when."""

    name: str
    size: int
    blocks: Callable[[], Iterable[bytes]]
    since_ns: int = 0

    @property
    def once(self) -> str:
        """What names its bytes for good, of a file that is written once; empty for any other."""
        return f"{self.name}:{self.size}:{self.since_ns}" if is_written_once(self.name) else ""


def is_written_once(name: str) -> bool:
    """Whether a member's bytes never change."""
    return name.startswith(_WRITTEN_ONCE)


def member_of(name: str, data: bytes) -> Member:
    """A small file."""
    return Member(name, len(data), lambda: [data])


def pack(sink: BinaryIO, members: Iterable[Member]) -> None:
    """Write the members, in their order. Raises OSError."""
    with (
        gzip.GzipFile("", "wb", LEVEL, sink, mtime=0) as packed,
        tarfile.open(fileobj=cast("BinaryIO", packed), mode="w|") as tar,
    ):
        for member in members:
            described = tarfile.TarInfo(member.name)
            described.size, described.mode = member.size, OWNER_ONLY
            tar.addfile(described, cast("BinaryIO", _Blocks(member.blocks())))


@contextmanager
def unpacked(source: BinaryIO) -> Iterator[Iterator[tuple[str, BinaryIO]]]:
    """The members in their order, each readable until the next one is asked for."""
    with (
        gzip.GzipFile("", "rb", fileobj=source) as packed,
        tarfile.open(fileobj=packed, mode="r|") as tar,
    ):
        yield ((each.name, cast("BinaryIO", tar.extractfile(each))) for each in tar if each.isreg())


@contextmanager
def members_of(config: ControllerConfig, database: Path | None) -> Iterator[list[Member]]:
    """All of the data folder that is not made anew by itself, and the settings.

    database: the SQLite file, which is packed apart. Raises OSError.
    """
    with ExitStack() as stack:
        files = []
        for path in _files(config.data, database):
            with suppress(FileNotFoundError):  # let go meanwhile
                files.append(_file(path, config.data, stack))
        yield [*_settings(config), *files]


def settings_text(config: ControllerConfig) -> str:
    """The settings that are other than usual, as a file of settings."""
    values = structs.asdict(config) | {"data": FOLDER}
    return "".join(
        f"{setting.name} = {_toml(values[setting.name])}\n"
        for setting in settings_of(ControllerConfig)
        if values[setting.name] != setting.default
    )


def _settings(config: ControllerConfig) -> Iterator[Member]:
    yield member_of(SETTINGS + SETTINGS_FILE, settings_text(config).encode())
    for name in _PASSWORDS:
        if file := getattr(config, name):
            yield member_of(SETTINGS + name, Path(file).read_bytes())


def _files(folder: Path, database: Path | None) -> Iterator[Path]:
    """What stands in the folder, left out what a start makes anew, copies, and damaged files."""

    def into(path: Path) -> bool:
        name = path.relative_to(folder)
        return name.parts[0] not in _LEFT_OUT or str(name) in _HOLD_TAKEN_ALONG

    for path in sorted(paths_below(folder, into=into)):
        name = path.relative_to(folder)
        is_left_out = name.parts[0] in _LEFT_OUT and not any(map(name.match, _TAKEN_ALONG))
        if is_left_out or path == database or path.is_symlink() or not path.is_file():
            continue
        if not path.name.endswith(_ENDINGS) and ".damaged-" not in path.name:
            yield path


def _file(path: Path, folder: Path, stack: ExitStack) -> Member:
    name = FILES + path.relative_to(folder).as_posix()
    if not is_sqlite(path):
        file = stack.enter_context(path.open("rb"))
        stat = os.fstat(file.fileno())
        return Member(name, stat.st_size, lambda: blocks_of(file, BLOCK), stat.st_mtime_ns)
    pages = stack.enter_context(snapshot(path))
    return Member(name, pages.size, pages.pages)


def _toml(value: object) -> str:
    """A value as TOML writes it, which writes these as JSON does."""
    return json.dumps(value, default=str, ensure_ascii=False)


class _Blocks(io.RawIOBase):
    """Blocks, read as a file."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = memoryview(b"")

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as many as were asked for while there are so many."""
        read: list[bytes | memoryview] = []
        while size > 0 and (self._rest or self._has_more()):
            read.append(self._rest[:size])
            size -= len(read[-1])
            self._rest = self._rest[len(read[-1]) :]
        return b"".join(read)

    def _has_more(self) -> bool:
        self._rest = memoryview(next(self._blocks, b""))
        return bool(self._rest)
