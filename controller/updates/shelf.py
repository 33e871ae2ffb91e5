"""This file keeps the packages that were given to this server: as bytes, whose head alone is read.

A package comes in pieces and is refused at its head, before the rest has come: by its form, its
signature, its size, its version. What lies here is bounded; old versions are let go.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from controller.updates.store import HeldPackage
from protocol.errors import ActionError
from protocol.folder import changing, sweep
from protocol.package import (
    Head,
    Manifest,
    PackageError,
    PackageFlaw,
    check_signature,
    head_in,
)
from protocol.version import is_reachable, version_from
from protocol.words import N_

FOLDER: Final = "updates"
MAX_BYTES: Final = 4 << 30
MAX_VERSIONS: Final = 3
_SPARE_BYTES: Final = 1 << 30  # for the school's own data
_MODE: Final = 0o600
_WORDS: Final = {
    PackageFlaw.MALFORMED: N_("This is no update of LopHoc."),
    PackageFlaw.NOT_SIGNED: N_("Nobody whom this server believes has signed this update."),
    PackageFlaw.WRONG_SIZE: N_("The file is not whole: its size is not what its head says."),
    PackageFlaw.WRONG_SUM: N_("The file is not what was signed: its digest is another."),
}
_ASK: Final = N_("Fetch it again from where LopHoc is given out; a stick may have spoilt it.")

NO_KEY: Final = N_(
    "This server believes nobody's updates, and takes none: it came from a package without a key."
)
NO_KEY_HINT: Final = N_(
    "Install a package that its makers signed, or write their public key into update_keys."
)


class Shelf:
    """The folder of packages. keys: whose packages are taken; running: this server's version."""

    def __init__(self, data: Path, keys: Sequence[str], running: str) -> None:
        self.folder = data / FOLDER
        self._keys = keys
        self._running = running

    @property
    def is_trusting(self) -> bool:
        """Whether anybody's updates are believed."""
        return bool(self._keys)

    def taking(self) -> Taking:
        """A package that is about to come. Raises OSError."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sweep(self.folder, "*.part")
        return Taking(self.folder / f"{os.urandom(8).hex()}.part", self)

    def file_of(self, sha256: str) -> Path:
        """Where a package lies: what follows its head."""
        return self.folder / sha256

    def has(self, package: HeldPackage) -> bool:
        """Whether its file lies here: no copy holds it, so after a restore it does not."""
        with suppress(OSError):
            return self.file_of(package.sha256).stat().st_size == package.size
        return False

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the shelf while a file comes and others go. Raises OSError."""
        with changing(self.folder):
            yield

    def check(self, head: Head) -> Manifest:
        """Refuse a package by its head. Raises ActionError."""
        if not self.is_trusting:
            raise ActionError("update_no_key", NO_KEY, NO_KEY_HINT)
        try:
            check_signature(head.text, head.signature, self._keys)
            manifest = head.manifest
        except PackageError as error:
            raise refusal(error.flaw) from error
        if manifest.version != self._running and not is_reachable(self._running, manifest.version):
            raise ActionError(
                "update_too_old",
                N_("This update is {version}, and this server is {running}: it is too old."),
                N_("One goes to a later version, or one minor version back."),
                version=manifest.version, running=self._running,
            )  # fmt: skip
        if shutil.disk_usage(self.folder).free < manifest.size + _SPARE_BYTES:
            raise ActionError(
                "update_no_space",
                N_("The disk has too little room for this update."),
                N_("Free some space on the server's disk, then try again."),
            )
        return manifest

    def surplus(self, held: Iterable[HeldPackage], used: Iterable[str]) -> list[str]:
        """What is to be let go: of the oldest versions, and what is too much. used: stays."""
        newest = sorted(held, key=lambda one: version_from(one.version), reverse=True)
        kept = {*used}
        size, gone = 0, []
        for one in newest:
            size += one.size
            is_fit = size <= MAX_BYTES and (len(kept) < MAX_VERSIONS or one.version in kept)
            if one.version in kept or is_fit:
                kept.add(one.version)
            else:
                gone.append(one.sha256)
        return gone

    def sweep(self, held: Iterable[str]) -> None:
        """Let go of files that nobody knows."""
        known = {*held}
        with suppress(OSError):
            for path in self.folder.iterdir():
                if path.name not in known and path.suffix != ".part":
                    path.unlink()


class Taking:
    """A package as it comes. After an error it takes nothing more."""

    def __init__(self, part: Path, shelf: Shelf) -> None:
        self._part, self._shelf = part, shelf
        self._start = b""
        self._head: Head | None = None
        self._manifest: Manifest | None = None
        self._size, self._digest = 0, hashlib.sha256()
        self._file = open(  # noqa: SIM115 - closed by `close`
            part, "xb", opener=lambda path, flags: os.open(path, flags, _MODE)
        )

    def write(self, piece: bytes) -> None:
        """Take a piece. Raises ActionError as soon as it is not to be taken, OSError."""
        if self._manifest is None:
            self._start += piece
            try:
                self._head = head_in(self._start)
            except PackageError as error:
                raise refusal(error.flaw) from error
            if self._head is None:
                return
            self._manifest = self._shelf.check(self._head)
            piece, self._start = self._start[self._head.size :], b""
        self._size += len(piece)
        if self._size > self._manifest.size:
            raise refusal(PackageFlaw.WRONG_SIZE)
        self._digest.update(piece)
        self._file.write(piece)

    def finish(self) -> tuple[Head, Manifest]:
        """Put it on the shelf, whole and on the disk. Raises ActionError, OSError."""
        if self._head is None or self._manifest is None:
            raise refusal(PackageFlaw.MALFORMED)
        if self._size != self._manifest.size:
            raise refusal(PackageFlaw.WRONG_SIZE)
        if self._digest.hexdigest() != self._manifest.sha256:
            raise refusal(PackageFlaw.WRONG_SUM)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._shelf.file_of(self._manifest.sha256))
        return self._head, self._manifest

    def close(self) -> None:
        """Let go of what was not finished."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def refusal(flaw: PackageFlaw) -> ActionError:
    """Why a package is not taken, in words."""
    return ActionError(f"update_{flaw}", _WORDS.get(flaw, _WORDS[PackageFlaw.MALFORMED]), _ASK)
