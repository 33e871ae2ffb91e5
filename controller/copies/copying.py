"""This file makes one copy: a full one, or a step, which holds the pages changed since a full one.

A step is packed against the last full copy of its place, so a restore needs two files at the most.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import structs

from controller.config import ControllerConfig
from controller.copies.content import COPIES, Member, member_of, members_of, pack
from controller.copies.dumping import corrections_at, dumped, heads_at
from controller.copies.errors import CopyError
from controller.copies.keys import Key, key_in
from controller.copies.manifest import CHANGED, DATABASE, MEMBER, Manifest
from controller.copies.names import CopyName, next_full, next_step
from controller.copies.pagewise import (
    NUMBER_BYTES,
    changed_pages,
    digest_of,
    hashes_of,
    records_of,
)
from controller.copies.place import absent
from controller.copies.sealed import sealed
from controller.copies.shelf import Shelf, shelf_at
from controller.copies.snapshot import Snapshot, snapshot
from controller.copies.standing import PlaceStanding, keep_place, standing_in
from controller.database.engine import url_from
from protocol import __version__
from protocol.folder import OWNER_ONLY, lock_folder, write_whole
from protocol.words import N_


class Base(NamedTuple):
    """The full copy that steps of a place stand on, and the hashes of its pages.

    once: what it holds of files that are written once, as Member.once names it.
    """

    name: CopyName
    hashes: bytes
    once: frozenset[str] = frozenset()


class Copying(NamedTuple):
    """What a copy is made of: whose, with which key, into which place.

    before: what was known of the place; names: what is there. members: all but the database.
    """

    config: ControllerConfig
    key: Key
    shelf: Shelf
    before: PlaceStanding
    names: Sequence[CopyName]
    members: Sequence[Member]
    now_ms: int

    def fresh_full(self) -> CopyName:
        """The name of a new full copy."""
        return next_full(self.names, secrets.token_hex(3), self.before.number)


def make_copy(
    config: ControllerConfig, place: str, now_ms: int, *, full: bool, prepare: bool = False
) -> PlaceStanding:
    """Make a copy in the place, and remember it. prepare: make the school's folder there.

    full: whether the whole database; else a step is made where that can be, and nothing where the
    newest copy holds the same. Raises CopyError, StoreError, OSError, sqlite3.Error.
    """
    folder = config.data / COPIES
    with lock_folder(folder):
        shelf = shelf_at(config, place)
        before = standing_in(folder).places.get(place, PlaceStanding())
        is_apart = shelf.is_apart(config.data)
        if before.is_apart and not is_apart:  # a stick's mount point, without the stick
            raise absent(place)
        if prepare:
            shelf.prepare(config.data)
        with members_of(config, sqlite_of(config)) as members:
            copying = Copying(config, _key(folder), shelf, before, shelf.names(), members, now_ms)
            standing = structs.replace(_copy(copying, full=full), is_apart=is_apart)
        shelf.rotate(config.keep_copies)
        keep_place(folder, place, lambda _: standing)
        return standing


def _key(folder: Path) -> Key:
    if key := key_in(folder):
        return key
    raise CopyError(
        "passphrase_missing",
        N_("No passphrase for copies is set."),
        N_("Set one and make the first copy: lophoc-controller backup --to FOLDER"),
    )


def _copy(copying: Copying, *, full: bool) -> PlaceStanding:
    database = sqlite_of(copying.config)
    if database is None:
        return _server_copy(copying)
    with snapshot(database) as now:
        base = None if full else _base(copying)
        hashes = hashes_of(now.pages())
        if base is None:
            return _full(copying, now, hashes)
        return _step(copying, now, hashes, base)


def sqlite_of(config: ControllerConfig) -> Path | None:
    """The SQLite file; None where a server holds the database. Raises StoreError."""
    if not config.database:
        return config.data / DATABASE
    url = url_from(config.database)
    return Path(url.database or "") if url.get_backend_name() == "sqlite" else None


def _full(copying: Copying, now: Snapshot, hashes: bytes) -> PlaceStanding:
    name = copying.fresh_full()
    database = Member(DATABASE, now.size, now.pages)
    standing = _write(copying, _promise(copying, name, now, hashes), database)
    once = frozenset(member.once for member in copying.members if member.once)
    _keep_base(copying, Base(name, hashes, once))
    return standing


def _step(copying: Copying, now: Snapshot, hashes: bytes, base: Base) -> PlaceStanding:
    before = copying.before
    if digest_of(hashes) == before.digest and before.name in copying.names:
        return structs.replace(before, made_ms=copying.now_ms, trouble=None)
    after = before.step if before.name.full == base.name else 0
    name = next_step(copying.names, base.name, after)
    numbers = changed_pages(hashes, base.hashes)
    size = len(numbers) * (NUMBER_BYTES + now.page_bytes)
    changed = Member(CHANGED, size, lambda: records_of(numbers, now.pages(numbers)))
    fresh = [member for member in copying.members if member.once not in base.once]
    return _write(copying._replace(members=fresh), _promise(copying, name, now, hashes), changed)


def _server_copy(copying: Copying) -> PlaceStanding:
    """A full copy of what a PostgreSQL server holds: its own program writes it."""
    url = copying.config.database
    heads, ends = heads_at(url), corrections_at(url)  # first: what they promise is in the dump
    promise = _promise(copying, copying.fresh_full())
    promise = structs.replace(promise, heads=heads, corrections=ends)
    with dumped(copying.config) as dump:
        return _write(copying, promise, dump)


def _promise(
    copying: Copying, name: CopyName, now: Snapshot | None = None, hashes: bytes = b""
) -> Manifest:
    manifest = Manifest(
        version=__version__,
        province=copying.config.province,
        school=copying.config.school,
        **name._asdict(),
        made_ms=copying.now_ms,
        key=key_digest(copying.key.wrapped),
    )
    if now is None:
        return manifest
    return structs.replace(
        manifest,
        page_bytes=now.page_bytes,
        pages=now.count,
        digest=digest_of(hashes),
        rows=now.rows(),
        heads=now.heads(),
        corrections=now.corrections(),
    )


def key_digest(wrapped: bytes) -> str:
    """What ties a copy to the wrapped key that stands before it."""
    return blake2b(wrapped, digest_size=32).hexdigest()


def _write(copying: Copying, manifest: Manifest, database: Member) -> PlaceStanding:
    name, first = manifest.name, member_of(MEMBER, msgspec.json.encode(manifest))
    with copying.shelf.fresh(name) as file, sealed(file, copying.key) as sink:
        pack(sink, [first, *copying.members, database])
    size = copying.shelf.size_of(name)
    full_ms = copying.before.full_ms if name.step else manifest.made_ms
    return PlaceStanding(
        **name._asdict(),
        full_ms=full_ms,
        made_ms=manifest.made_ms,
        size=copying.before.size if name.step else size,
        digest=manifest.digest,
    )


def _base(copying: Copying) -> Base | None:
    """What a step may stand on; None where the place has another full copy, or none."""
    with suppress(OSError):
        head, _, hashes = _base_file(copying).read_bytes().partition(b"\n")
        file, *once = head.decode("utf-8", "replace").split("\t")
        base = next((name for name in copying.names if name.file == file), None)
        if base is not None and hashes:
            return Base(base, hashes, frozenset(once))
    return None


def _keep_base(copying: Copying, base: Base) -> None:
    data = "\t".join([base.name.file, *sorted(base.once)]).encode() + b"\n" + base.hashes
    write_whole(_base_file(copying), data, OWNER_ONLY)


def _base_file(copying: Copying) -> Path:
    return base_file(copying.config, copying.shelf.place)


def base_file(config: ControllerConfig, place: str) -> Path:
    """Where the hashes of the last full copy in a place are kept; without it the next is full."""
    return config.data / COPIES / f"base-{blake2b(place.encode(), digest_size=6).hexdigest()}"
