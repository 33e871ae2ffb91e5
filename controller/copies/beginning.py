"""This file reads a copy's manifest out of the copy's first bytes: none is fetched whole for it.

The manifest stands first, and age encrypts in pieces of 64 KiB, each of which proves itself
(https://age-encryption.org/v1): what is read of a part is as sure as of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from controller.config import ControllerConfig
from controller.copies.content import unpacked
from controller.copies.copying import key_digest
from controller.copies.errors import CopyError
from controller.copies.keys import Key, age
from controller.copies.manifest import MEMBER, Manifest
from controller.copies.names import name_from
from controller.copies.restore import BROKEN, MANIFEST_BYTES, shelf_in
from controller.copies.sealed import BLOCK, damaged, wrapped_in
from controller.copies.shelf import shelf_at
from protocol.settings import SettingsError
from protocol.shapes import from_json

_UNREACHED: Final = (CopyError, SettingsError, OSError)


class Beginning(NamedTuple):
    """A copy's name, and what reads its first bytes: all of them, or a mebibyte."""

    file: str
    read: Callable[[], bytes]


class Manifests(NamedTuple):
    """What could be read of some copies. unread: the names of the others."""

    read: list[Manifest]
    unread: list[str]


def beginnings_at(config: ControllerConfig, place: str) -> list[Beginning]:
    """The school's copies in a place; none where it is away."""
    try:
        shelf = shelf_at(config, place)
        return [Beginning(name.file, partial(shelf.beginning, name)) for name in shelf.names()]
    except _UNREACHED:
        return []


def beginnings_in(path: Path) -> list[Beginning]:
    """A copy, or those in a folder; none where the path is neither."""
    if name_from(path.name):
        return [Beginning(path.name, partial(first_bytes, path))]
    try:
        files = sorted(shelf_in(path).iterdir()) if path.is_dir() else []
    except CopyError:
        return []
    copies = (file for file in files if name_from(file.name))
    return [Beginning(file.name, partial(first_bytes, file)) for file in copies]


def first_bytes(path: Path) -> bytes:
    """What a copy begins with. Raises OSError."""
    with path.open("rb") as file:
        return file.read(BLOCK)


def manifests_of(beginnings: Iterable[Beginning], key: Key) -> Manifests:
    """The manifests of the copies that the key opens."""
    manifests = Manifests([], [])
    for beginning in beginnings:
        try:
            manifests.read.append(manifest_in(beginning.read(), key))
        except _UNREACHED:
            manifests.unread.append(beginning.file)
    return manifests


def manifest_in(beginning: bytes, key: Key) -> Manifest:
    """The manifest at the beginning of a copy. Raises CopyError if it cannot be opened there."""
    sealed, content = BytesIO(beginning), BytesIO()
    wrapped = wrapped_in(sealed)
    try:
        age().decrypt_io(sealed, content, [key.identity])
    except (age().DecryptError, OSError) as error:  # it was cut off: its whole pieces are there
        if not content.tell():
            raise damaged(error) from error
    content.seek(0)
    try:
        with unpacked(content) as members:
            name, first = next(members)
            manifest = from_json(first.read(MANIFEST_BYTES), Manifest)
    except (*BROKEN, StopIteration) as error:
        raise damaged(error) from error
    if name != MEMBER or manifest.key != key_digest(wrapped):
        raise damaged(name)
    return manifest
