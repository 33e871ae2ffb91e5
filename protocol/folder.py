"""This file makes a program's own folder, holds it or a file in it, and writes files whole."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from filelock import FileLock, Timeout

from protocol.clock import wall_ms
from protocol.settings import SettingsError
from protocol.tree import paths_below
from protocol.words import N_

LOCK: Final = "lock"
LOCK_END: Final = ".lock"  # after a file's own name: who changes it holds this one
CHANGE_PATIENCE_S: Final = 30.0  # a change is a matter of milliseconds
LEAST_BYTES: Final = 8 << 20  # with less a database or a broker may stop at any write
OWNER_ONLY: Final = 0o600
EVERYBODY: Final = 0o666  # less what the umask takes away, as for any file a person writes

# How long is waited before each further try.
_WHILE_READ_S: Final = (0.02, 0.05, 0.1, 0.2, 0.2, 0.2, 0.5, 0.5) if sys.platform == "win32" else ()
_PART: Final = ".lophoc-{}.part"
_ABANDONED_AFTER_S: Final = 3600.0  # a write that takes longer fails; it spoils nothing


def takes_writes(folder: Path, least_bytes: int = LEAST_BYTES) -> bool:
    """Whether the folder's disk has room and is not read-only; True where that cannot be told.

    A folder that is not made yet is on the disk where it would be.
    """
    folder = _standing(folder)
    try:
        usage = shutil.disk_usage(folder)
        probe = _part_beside(folder / LOCK)
        probe.touch()
        probe.unlink()
    except OSError as error:
        return not is_disk_trouble(error)
    return usage.free >= least_bytes


def _standing(folder: Path) -> Path:
    """The folder, or the nearest around it that there is."""
    return next((path for path in (folder, *folder.absolute().parents) if path.exists()), folder)


def is_disk_trouble(error: OSError) -> bool:
    """Whether the disk is full, read-only or failing: a person must mend it."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO}


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Make the folder, for its owner only, and hold it: two programs in one would lose both.

    One that somebody made is closed to others too, and so is all that is written meanwhile, by what
    is started from here as well. Raises SettingsError.
    """
    lock = FileLock(folder / LOCK, timeout=0, mode=OWNER_ONLY)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _close_to_others(folder)
        lock.acquire()
    except Timeout as error:
        raise SettingsError(
            "data_in_use",
            N_("Another program is using the folder {folder}."),
            N_("Stop it first, or give this one its own folder with --data."),
            folder=folder,
        ) from error
    except OSError as error:
        raise SettingsError(
            "data_unusable",
            N_("The folder {folder} cannot be used: {cause}."),
            N_("Choose another with --data, or change its owner."),
            folder=folder,
            cause=error.strerror,
        ) from error
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
        give_to_owner(folder)
        lock.release()


@contextmanager
def changing(path: Path) -> Iterator[None]:
    """Hold a file while it is read, changed and written: whoever else would change it waits.

    Its folder is made, for its owner only. Raises OSError; TimeoutError where another one hangs.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = path.with_name(path.name + LOCK_END)
    with suppress(FileExistsError), _sync_file(lock, OWNER_ONLY):  # the folder's owner's at once
        pass
    with FileLock(lock, timeout=CHANGE_PATIENCE_S):
        yield


def _close_to_others(folder: Path) -> None:
    """Let nobody else look in, where it is ours: new, or held by a program of ours before."""
    mode = folder.stat().st_mode & 0o777
    is_ours = (folder / LOCK).exists() or not any(folder.iterdir())
    if os.name == "posix" and mode & 0o077 and is_ours:
        with suppress(PermissionError):  # a group's, by whoever set it up so
            folder.chmod(mode & 0o700)


def give_to_owner(folder: Path) -> None:
    """What root left in a folder of a service becomes the service's: else it could not read it."""
    if sys.platform == "win32" or not is_root():
        return
    owner = folder.stat()
    if owner.st_uid == 0:
        return
    for path in (folder, *paths_below(folder)):
        with suppress(FileNotFoundError, PermissionError):  # a journal whose work is done
            if path.lstat().st_uid == 0 != owner.st_uid:
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


@contextmanager
def left_to_owner(folder: Callable[[], Path | None]) -> Iterator[None]:
    """What root leaves in a service's folder is the service's, however its command ends.

    folder: which one it is, where it is about one; asked when the command has ended.
    """
    try:
        yield
    finally:
        if is_root():
            with suppress(SettingsError, OSError):
                if found := folder():
                    give_to_owner(found)


def is_root() -> bool:
    """Whether this is the account that may give files away."""
    return sys.platform != "win32" and os.geteuid() == 0


def write_whole(path: Path, data: bytes, mode: int, *, backup: Path | None = None) -> None:
    """Write a file as `whole_file` does. Raises OSError; the old file then stays."""
    with whole_file(path, mode, backup=backup) as file:
        file.write(data)


def keep_undoable(path: Path, content: bytes, before: Path) -> None:
    """Write a file of the owner's, with what it was beside; the same again changes neither.

    Else a second press would put the change itself in the place of what was. Raises OSError.
    """
    there = path.read_bytes() if path.exists() else None
    if there != content:
        write_whole(path, content, OWNER_ONLY, backup=None if there is None else before)


@contextmanager
def whole_file(path: Path, mode: int, *, backup: Path | None = None) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` when the block ends, and is on the disk then.

    Whatever stops it, a power cut included, `path` is the old file or the new one, whole.
    mode: its permissions from the start. backup: where the old file is kept, whole as well.
    Raises OSError; the old file then stays, and nothing is left beside it.
    """
    sweep(path.parent, _PART.format("*"))
    fresh = _part_beside(path)
    try:
        with _sync_file(fresh, mode) as file:
            yield file
        if backup is not None and path.exists():
            _keep_old(path, backup)
        replace_file(fresh, path)
    finally:
        with suppress(OSError):  # what stopped it is the one to be told
            fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def replace_file(fresh: Path, path: Path) -> None:
    """Put a file in another one's place. Raises OSError.

    Windows refuses that while somebody reads the other one, as virus scanners and backups do for
    a moment after each change: there it is tried for some seconds.
    """
    for pause_s in _WHILE_READ_S:
        try:
            fresh.replace(path)
        except PermissionError:
            time.sleep(pause_s)
        else:
            return
    fresh.replace(path)


@contextmanager
def _sync_file(path: Path, mode: int) -> Iterator[BinaryIO]:
    """A new file that is on the disk when the block ends."""
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        if sys.platform != "win32" and is_root():  # it belongs to whom the folder belongs
            owner = path.parent.stat()
            with suppress(PermissionError):  # a USB stick's files are whose the stick is
                os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
        yield file
        file.flush()
        os.fsync(file.fileno())


def _part_beside(path: Path) -> Path:
    """A name that nobody has: two who write one file do not write into each other's."""
    return path.with_name(_PART.format(secrets.token_hex(8)))


def sweep(folder: Path, parts: str) -> None:
    """Remove what writers left that were killed; a part that still grows is somebody's.

    parts: how their files are called, with a * in it.
    """
    for part in folder.glob(parts):
        with suppress(OSError):
            if wall_ms() / 1000 - part.stat().st_mtime > _ABANDONED_AFTER_S:
                part.unlink()


def _keep_old(path: Path, backup: Path) -> None:
    """The backup is whole at every moment: it changes by rename too."""
    old = _part_beside(path)
    try:
        try:
            old.hardlink_to(path)
        except (OSError, NotImplementedError):  # FAT on a USB stick has no links
            with _sync_file(old, path.stat().st_mode & EVERYBODY) as file:
                file.write(path.read_bytes())
        replace_file(old, backup)
    finally:
        old.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Wait until the rename is on the disk.

    Where folders cannot be opened (Windows) or synced (some network file systems), it is as safe
    as it gets: PostgreSQL's fsync_fname_ext passes over the same errors.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EBADF, errno.EINVAL}:
            raise
    finally:
        os.close(descriptor)
