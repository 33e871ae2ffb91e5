"""This file keeps copies at another controller, over HTTP: in pieces, so that a weak line will do.

The other one takes what is encrypted and can open none of it; it lets old copies go by itself.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from http.client import HTTPException
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Meta, Struct

from controller.copies.errors import CopyError
from controller.copies.names import CopyName, name_from, names_in
from controller.copies.remote_line import RemoteLine
from controller.copies.sealed import BLOCK, HashedFile, damaged
from protocol.folder import OWNER_ONLY, write_whole
from protocol.settings import password_in
from protocol.shapes import from_json
from protocol.words import N_

PATH: Final = "/api/v1/guest-copies"
PIECE: Final = BLOCK
TRIES: Final = 5
_REACH: Final = 2  # full copies that are fetched for a restore, each with its newest step
_REFUSED: Final = frozenset({401, 403, 404})
_FULL: Final = frozenset({413, 507})
_CONFLICT: Final = 409


class GuestFile(Struct, frozen=True):
    """A copy as the other controller lists it."""

    file: Annotated[str, Meta(max_length=64)]
    size: Annotated[int, Meta(ge=0)]


class GuestFiles(Struct, frozen=True):
    """All of a school's copies there."""

    files: tuple[GuestFile, ...] = ()


class Progress(Struct, frozen=True):
    """How many bytes of an unfinished copy are there."""

    size: Annotated[int, Meta(ge=0)]


def is_address(place: str) -> bool:
    """Whether a place is another controller, and no folder."""
    return place.startswith(("http://", "https://"))


def token_in(folder: Path, place: str) -> str:
    """What the place knows this school by. Raises SettingsError where it was never given."""
    return password_in(str(_token_file(folder, place)))


def keep_token(folder: Path, place: str, token: str) -> None:
    """Keep it for its owner alone. Raises OSError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    write_whole(_token_file(folder, place), token.strip().encode(), OWNER_ONLY)


def has_token(folder: Path, place: str) -> bool:
    """Whether it was ever given."""
    return _token_file(folder, place).exists()


def _token_file(folder: Path, place: str) -> Path:
    return folder / f"token-{blake2b(place.encode(), digest_size=6).hexdigest()}"


class RemoteShelf:
    """One school's copies at another controller. temporary: where a copy stands until it is sent.

    learned: told the token by which it is to be known from now on.

    Every method raises CopyError where the other one does not answer, or refuses.
    """

    def __init__(
        self,
        place: str,
        token: str,
        temporary: Path,
        learned: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.place = place
        self._temporary = temporary
        self._token, self._learned = token, learned
        self._line: RemoteLine | None = None

    def is_apart(self, data: Path) -> bool:  # noqa: ARG002 - as of a folder
        """Another controller's disk is."""
        return True

    def prepare(self, data: Path) -> None:
        """The other one has made it when it gave the token."""

    def names(self) -> list[CopyName]:
        """The copies that are there, the oldest first."""
        return names_in(self._sizes())

    def size_of(self, name: CopyName) -> int:
        """How many bytes a copy has."""
        return self._sizes()[name.file]

    def beginning(self, name: CopyName) -> bytes:
        """A copy's first bytes."""
        return self._ask("GET", name.file, at=0)

    def rotate(self, fulls: int) -> None:
        """The other one does so by itself: nobody can have copies deleted from afar."""

    @contextmanager
    def fresh(self, name: CopyName) -> Iterator[HashedFile]:
        """A new copy, written here, then sent, and read back there."""
        with tempfile.TemporaryFile(dir=self._temporary) as file:
            hashed = HashedFile(file)
            yield hashed
            self._send(name, file)
            answer = self._ask("POST", name.file, digest=hashed.digest.hex())
            if from_json(answer, Progress).size != file.seek(0, os.SEEK_END):
                raise damaged(name.file)

    @contextmanager
    def within_reach(self) -> Iterator[Path]:
        """A folder of the newest copies, fetched, and gone when the block ends."""
        names = self.names()
        fulls = [name for name in names if not name.step][-_REACH:]
        with tempfile.TemporaryDirectory(dir=self._temporary, prefix="fetched-") as fetched:
            for full in fulls:
                steps = [name for name in names if name.step and name.full == full]
                for name in (full, *steps[-1:]):
                    self._fetch(name, Path(fetched) / name.file)
            yield Path(fetched)

    def _sizes(self) -> dict[str, int]:
        try:
            listed = from_json(self._ask("GET"), GuestFiles)
        except msgspec.DecodeError as error:
            raise self._unreached("JSON") from error
        return {each.file: each.size for each in listed.files if name_from(each.file)}

    def _send(self, name: CopyName, file: BinaryIO) -> None:
        """Send it piece by piece; after a cut, from where the other one has it."""
        size, at, failures = file.seek(0, os.SEEK_END), 0, 0
        while at < size:
            file.seek(at)
            piece = file.read(PIECE)
            try:
                self._ask("PUT", name.file, piece, at=at)
                at, failures = at + len(piece), 0
            except CopyError as error:
                failures += 1
                if error.code != "place_unreached" or failures >= TRIES:
                    raise
                at = min(from_json(self._ask("GET", name.file, part=1), Progress).size, at)

    def _fetch(self, name: CopyName, path: Path) -> None:
        with path.open("wb") as file:
            while piece := self._ask("GET", name.file, at=file.tell()):
                file.write(piece)

    def _ask(self, method: str, file: str = "", body: bytes | None = None, **query: Any) -> bytes:
        """One request; its answer's body. Raises CopyError."""
        try:
            status, answer = self._answer(method, file, body, query)
        except (OSError, HTTPException, ValueError) as error:
            raise self._unreached(type(error).__name__) from error
        if status in _REFUSED:
            raise CopyError(
                "place_refused",
                N_("{place} does not take this school's copies."),
                N_("Ask there for a new token, then run: lophoc-controller backup --to {place}"),
                place=self.place,
            )
        if status in _FULL:
            raise CopyError(
                "place_full",
                N_("{place} has no room for more copies of this school."),
                N_("Ask there for more room: lophoc-controller guests add"),
                place=self.place,
            )
        if status >= 300:  # noqa: PLR2004 - redirections too: a token goes where it was given for
            raise self._unreached(f"HTTP {status}")
        return answer

    def _answer(
        self, method: str, file: str, body: bytes | None, query: Mapping[str, Any]
    ) -> tuple[int, bytes]:
        if self._line is None:  # an address that is none has a sentence, too
            self._line = RemoteLine(self.place, self._token, self._learned)
        path = f"{PATH}{'/' if file else ''}{file}?{urlencode(query)}"
        return self._line.ask(method, path, body, PIECE + 1)

    def _unreached(self, cause: str) -> CopyError:
        return CopyError(
            "place_unreached",
            N_("The other controller, {place}, cannot be reached ({cause})."),
            N_("It is tried again by itself; see that it runs and the line is there."),
            place=self.place,
            cause=cause,
        )
