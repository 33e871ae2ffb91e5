"""This file is the program that fetches a package: checks, fetches, checks again, and unpacks.

It runs beside the agent and ends: what it loads, the agent need not. What was fetched stays when it
is killed, and goes on from there; a version's folder appears whole or not at all.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final

import msgspec

from agent.updates.launcher import FILES, MANIFEST, VERSIONS, is_whole, sync_folder
from agent.updates.order import Fetched, Order, Trouble
from protocol.package import (
    DOOR_PATH,
    Manifest,
    PackageError,
    PackageFlaw,
    check_signature,
    manifest_in,
)
from protocol.pin import pinned
from protocol.settings import SettingsError
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE

PATIENCE_S: Final = 30.0
MAX_FILES: Final = 40_000
MAX_NAME: Final = 240
_CHUNK: Final = 1 << 18
_SPARE_BYTES: Final = 200 << 20  # what the room writes meanwhile
_FILE, _PROGRAM, _FOLDER = 0o600, 0o700, 0o700
_PARTIAL: Final = 206
_WHOLE: Final = 200
_NOT_SATISFIABLE: Final = 416


def carry_out(order: Order) -> Fetched:
    """Have the version's folder there, whole."""
    versions = Path(order.data) / VERSIONS
    text = order.manifest.encode()
    try:
        check_signature(text, order.signature, order.keys)
        manifest = manifest_in(text)
        if is_whole(versions, manifest.version, by_sums=True):
            return Fetched()
        versions.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
        part = versions / f"{manifest.sha256}.part"
        _sweep(versions, part)
        _need_space(versions, manifest, part)
        fetch(order, manifest, part)
        unpack(part, manifest, text, versions)
        part.unlink(missing_ok=True)
    except PackageError as error:
        return Fetched(flaw=error.flaw)
    except NoSpaceError:
        return Fetched(trouble=Trouble.NO_SPACE)
    except (OSError, http.client.HTTPException, SettingsError):
        return Fetched(trouble=Trouble.UNREACHABLE)
    return Fetched()


class NoSpaceError(Exception):
    """The disk is too full."""


def fetch(order: Order, manifest: Manifest, part: Path) -> None:
    """Have the rest of the package in the file, and its sum right.

    Raises PackageError, OSError, HTTPException.
    """
    if (part.stat().st_size if part.exists() else 0) < manifest.size:
        _fetch_rest(order, manifest, part)
    if part.stat().st_size != manifest.size:
        raise http.client.IncompleteRead(b"")
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != manifest.sha256:
        part.unlink()
        raise PackageError(PackageFlaw.WRONG_SUM)


def _fetch_rest(order: Order, manifest: Manifest, part: Path) -> None:
    authority = Path(order.authority) if order.is_file else order.authority
    line = http.client.HTTPSConnection(
        order.host, order.port, timeout=PATIENCE_S, context=pinned(authority)
    )
    try:
        with part.open("ab") as file:
            held = file.tell()
            headers = {"Range": f"bytes={held}-"} if held else {}
            line.request("GET", f"{DOOR_PATH}{manifest.sha256}", headers=headers)
            answer = line.getresponse()
            if answer.status == _WHOLE and held:
                file.truncate(0)
            elif answer.status not in {_WHOLE, _PARTIAL}:
                raise http.client.HTTPException(f"status {answer.status}")
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                if file.tell() > manifest.size:
                    file.truncate(0)
                    raise PackageError(PackageFlaw.WRONG_SIZE)
            file.flush()
            os.fsync(file.fileno())
    finally:
        line.close()


def unpack(packed: Path, manifest: Manifest, text: bytes, versions: Path) -> None:
    """Have the version's folder appear, whole and on the disk. Raises PackageError, OSError."""
    fresh = versions / f".{manifest.version}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=_FOLDER)
    try:
        with tarfile.open(packed, "r|xz") as tar:
            lines = [_put(entry, tar, fresh) for entry in _files(tar, manifest)]
    except (tarfile.TarError, EOFError, ValueError) as error:
        raise PackageError(PackageFlaw.BAD_CONTENT, type(error).__name__) from error
    except OSError as error:
        if error.errno is None:  # xz's own
            raise PackageError(PackageFlaw.BAD_CONTENT) from error
        raise
    (fresh / FILES).write_text("".join(lines), "utf-8")
    (fresh / MANIFEST).write_bytes(text)
    _sync()
    target = versions / manifest.version
    shutil.rmtree(target, ignore_errors=True)  # one that was not whole
    fresh.rename(target)
    sync_folder(versions)


def _files(tar: tarfile.TarFile, manifest: Manifest) -> Iterator[tarfile.TarInfo]:
    """The files of a package, no more than it said: no links, no places outside."""
    total = 0
    for number, entry in enumerate(tar):
        total += entry.size
        if number >= MAX_FILES or total > manifest.unpacked:
            raise PackageError(PackageFlaw.BAD_CONTENT, "more than it said")
        place = PurePosixPath(entry.name)
        is_inside = not place.is_absolute() and ".." not in place.parts and len(place.parts) > 1
        is_plain = entry.name.isprintable() and not {*entry.name} & {"\\", ":"}
        if not (entry.isreg() and is_inside and is_plain and len(entry.name) <= MAX_NAME):
            raise PackageError(PackageFlaw.BAD_CONTENT, "a place outside")
        yield entry


def _put(entry: tarfile.TarInfo, tar: tarfile.TarFile, folder: Path) -> str:
    """Write one file; the line that tells of it."""
    path = folder / entry.name
    path.parent.mkdir(mode=_FOLDER, parents=True, exist_ok=True)
    content = tar.extractfile(entry)
    assert content is not None  # noqa: S101 - it is a file
    mode = _PROGRAM if entry.mode & 0o100 else _FILE
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
        digest = _copy(content, file)
    return f"{entry.size} {digest} {entry.name}\n"


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _sync() -> None:
    """Have all of it on the disk; its first start looks at every sum all the same."""
    if sys.platform != "win32":
        os.sync()


def _need_space(versions: Path, manifest: Manifest, part: Path) -> None:
    held = part.stat().st_size if part.exists() else 0
    if shutil.disk_usage(versions).free < manifest.size - held + manifest.unpacked + _SPARE_BYTES:
        raise NoSpaceError


def _sweep(versions: Path, part: Path) -> None:
    """Let go of what other tries left."""
    for other in versions.glob("*.part"):
        if other != part:
            other.unlink(missing_ok=True)
    for other in versions.glob(".*.new"):
        shutil.rmtree(other, ignore_errors=True)


def main() -> None:
    """Do what standard input asks for, and say how it went."""
    try:
        order = from_json(sys.stdin.buffer.readline(), Order)
    except UNREADABLE:
        return
    sys.stdout.buffer.write(msgspec.json.encode(carry_out(order)) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
