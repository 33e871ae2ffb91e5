"""This file brings a data folder back from copies: a full one, and the newest whole step on it.

Everything is put together beside the folder and checked; only what is right takes its place.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final, NamedTuple

import msgspec

from controller.copies.content import COPIES, SETTINGS_FILE, is_written_once, unpacked
from controller.copies.copying import key_digest
from controller.copies.errors import CopyError
from controller.copies.keys import Key, keep_key
from controller.copies.manifest import CHANGED, DATABASE, DUMP, FILES, MEMBER, SETTINGS, Manifest
from controller.copies.names import name_from, names_in
from controller.copies.pagewise import (
    NUMBER_BYTES,
    blocks_of,
    digest_of,
    hashes_of,
    put_in_place,
)
from controller.copies.sealed import BLOCK, damaged, unsealed, wrapped_in
from controller.copies.snapshot import rows_of
from protocol.folder import OWNER_ONLY, give_to_owner, lock_folder
from protocol.shapes import from_json
from protocol.words import N_

MANIFEST_BYTES: Final = 1 << 20
BROKEN: Final = (tarfile.TarError, zlib.error, EOFError, msgspec.DecodeError, OSError)
_OF_THIS_COPY: Final = frozenset({"copy_damaged", "passphrase_wrong"})
Opener = Callable[[bytes], Key]


class Candidate(NamedTuple):
    """A full copy, and a step on it that may be put in place."""

    full: Path
    step: Path | None

    @property
    def newest(self) -> Path:
        """The file whose moment it is."""
        return self.step or self.full


class Restored(NamedTuple):
    """What was brought back. passed_over: copies that were newer, and not whole."""

    candidate: Candidate
    manifest: Manifest
    passed_over: tuple[str, ...]
    settings: tuple[str, ...]


def candidates_at(source: Path) -> list[Candidate]:
    """What a restore may take, the best first. source: a copy, or a folder with copies.

    Raises CopyError where there is none.
    """
    if not source.is_dir():
        name = name_from(source.name)
        if name is None or not name.step:
            return [Candidate(source, None)]
        return [Candidate(source.with_name(name.full.file), source)]
    shelf = shelf_in(source)
    names = names_in(path.name for path in shelf.iterdir())
    return [
        Candidate(shelf / name.full.file, shelf / name.file if name.step else None)
        for name in reversed(names)
        if name.full in names
    ]


def restore(source: Path, data: Path, opener: Opener, *, force: bool = False) -> Restored:
    """Bring the folder back from a copy, or from the best in a folder of copies.

    opener: makes the key of a wrapped one. force: a folder that is not empty is put aside. Raises
    CopyError, SettingsError, OSError; the folder is then as it was.
    """
    _refuse_used(data, force=force)
    part = data.with_name(f"{data.name}.restoring")
    shutil.rmtree(part, ignore_errors=True)
    try:
        restored = restore_into(part, candidates_at(source), opener)
        _take_place(part, data)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return restored


def restore_into(part: Path, candidates: Sequence[Candidate], opener: Opener) -> Restored:
    """Make a data folder of the first candidate that is whole. Raises CopyError, OSError."""
    passed_over: list[str] = []
    refusal = damaged("")
    for candidate in candidates:
        try:
            manifest = _assemble(part, candidate, opener)
        except CopyError as error:
            if error.code not in _OF_THIS_COPY:
                raise
            shutil.rmtree(part, ignore_errors=True)
            passed_over.append(candidate.newest.name)
            refusal = error
        else:
            settings = sorted(path.name for path in (part / "settings").iterdir())
            return Restored(candidate, manifest, tuple(passed_over), tuple(settings))
    raise refusal


def _assemble(part: Path, candidate: Candidate, opener: Opener) -> Manifest:
    with _guarded(candidate):
        part.mkdir(mode=0o700, parents=True)
        manifest, key = _unpack(candidate.full, part, opener)
        if candidate.step:
            full, name = manifest, manifest.name
            _let_go_of_stale(part)
            manifest, key = _unpack(candidate.step, part, opener)
            if manifest.name.full != name or manifest.page_bytes != full.page_bytes:
                raise damaged(candidate.step.name)
            _apply(part, manifest)
        if manifest.pages:
            _check_database(part / DATABASE, manifest)
        _settle(part, key)
        return manifest


def _let_go_of_stale(part: Path) -> None:
    """Keep of a full copy's files only those that are written once: a step may not have them."""
    shutil.rmtree(part / "settings", ignore_errors=True)
    for path in part.glob(f"{FILES}**/*"):
        if path.is_file() and not is_written_once(path.relative_to(part).as_posix()):
            path.unlink()


@contextmanager
def _guarded(candidate: Candidate) -> Iterator[None]:
    """Whatever is not right in a copy is told as its damage. Raises CopyError, OSError."""
    try:
        yield
    except BROKEN as error:
        if isinstance(error, OSError) and error.errno is not None:
            if isinstance(error, FileNotFoundError):
                raise damaged(candidate.full.name) from error
            raise
        raise damaged(candidate.newest.name) from error


def _unpack(path: Path, part: Path, opener: Opener) -> tuple[Manifest, Key]:
    with path.open("rb") as file:
        wrapped = wrapped_in(file)
        key = opener(wrapped)
        with unsealed(file, key) as source, unpacked(source) as members:
            _, first = next(members, ("", None))
            if first is None:
                raise damaged(path.name)
            manifest = from_json(first.read(MANIFEST_BYTES), Manifest)
            for name, content in members:
                _write(part, name, content)
    if manifest.key != key_digest(wrapped) or name_from(path.name) not in {None, manifest.name}:
        raise damaged(path.name)
    return manifest, key


def _target(part: Path, name: str) -> Path:
    """Where a member goes; a name that leads elsewhere is none of ours. Raises CopyError."""
    pure = PurePosixPath(name)
    is_ours = name in {DATABASE, CHANGED, DUMP} or name.startswith((FILES, SETTINGS))
    if not is_ours or pure.is_absolute() or ".." in pure.parts or name == MEMBER:
        raise damaged(name)
    return part / pure


def _write(part: Path, name: str, content: BinaryIO) -> None:
    path = _target(part, name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if is_written_once(path.relative_to(part).as_posix()):
        path.unlink(missing_ok=True)  # a step of before holds all of them
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, OWNER_ONLY)) as file:
        shutil.copyfileobj(content, file, BLOCK)
        file.flush()
        os.fsync(file.fileno())


def _apply(part: Path, step: Manifest) -> None:
    changed = part / CHANGED
    with changed.open("rb") as records, (part / DATABASE).open("r+b") as database:
        blocks = blocks_of(records, NUMBER_BYTES + step.page_bytes)
        put_in_place(database, blocks, step.pages, step.page_bytes)
        os.fsync(database.fileno())
    changed.unlink()


def _check_database(path: Path, manifest: Manifest) -> None:
    """Hold the database against all that the copy promises. Raises CopyError."""
    with path.open("rb") as file:
        hashes = hashes_of(blocks_of(file, manifest.page_bytes))
    if digest_of(hashes) != manifest.digest:
        raise damaged(path.name)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as db:
            verdict = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            rows = rows_of(db)
    except sqlite3.Error as error:
        raise damaged(error) from error
    if verdict != "ok" or rows != manifest.rows:
        raise damaged(verdict)


def _settle(part: Path, key: Key) -> None:
    """Put the files where the controller looks for them, and the key beside them."""
    files = part / "files"
    if files.exists():
        for path in files.iterdir():
            path.rename(part / path.name)
        files.rmdir()
    keep_key(part / COPIES, key)
    (part / "settings").mkdir(exist_ok=True)
    source = part / "settings" / SETTINGS_FILE
    if source.exists():
        shutil.copy(source, part / COPIES / SETTINGS_FILE)


def _take_place(part: Path, data: Path) -> None:
    """Let the assembled folder take the place of an empty one, or of none, or put one aside."""
    owner = (data if data.exists() else data.absolute().parent).stat()
    if data.exists() and any(data.iterdir()):
        data.rename(_free_name(data))
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.chown(part, owner.st_uid, owner.st_gid)
    give_to_owner(part)
    part.replace(data)


def _free_name(data: Path) -> Path:
    number = 1
    while (aside := data.with_name(f"{data.name}.before-{number}")).exists():
        number += 1
    return aside


def _refuse_used(data: Path, *, force: bool) -> None:
    """Refuse a folder in which a program works, or something stands. Raises CopyError."""
    if not data.exists() or not any(data.iterdir()):
        return
    if not force:
        raise CopyError(
            "data_not_empty",
            N_("The folder {folder} is not empty; a restore goes into a new one."),
            N_("Name another with --data; --force puts this one aside."),
            folder=data,
        )
    with lock_folder(data):
        pass


def shelf_in(source: Path) -> Path:
    """The folder that holds the copies: this one, or the one school's below. Raises CopyError."""
    if any(name_from(path.name) for path in source.iterdir()):
        return source
    shelves = [path for path in source.glob("lophoc-*") if path.is_dir()]
    if len(shelves) == 1:
        return shelves[0]
    raise CopyError(
        "copies_none" if not shelves else "copies_of_several",
        N_("There are no copies in {folder}.")
        if not shelves
        else N_("There are copies of several schools in {folder}."),
        N_("Name the folder or the file of the copy itself."),
        folder=source,
    )
