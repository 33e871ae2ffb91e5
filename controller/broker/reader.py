"""This file keeps the one password by which another program reads what is told, and says nothing.

The file is there while that is wanted; only the password's hash stands in it.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Final

import bcrypt
import msgspec

from controller.broker.credentials import BCRYPT_COST, CredentialError
from controller.broker.embedded import READER_USER
from protocol.folder import OWNER_ONLY, changing, write_whole
from protocol.shapes import json_decoder
from protocol.unreadable import UNREADABLE
from protocol.words import N_

READER_FILE: Final = "home_assistant.json"


class _Kept(msgspec.Struct, frozen=True):
    hash: str


_decode: Final = json_decoder(_Kept).decode


class ReaderKey:
    """The password of the reader, in a file of the data folder that only its owner may read."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / READER_FILE

    def is_given(self) -> bool:
        """Whether anybody may read."""
        return self._path.exists()

    def renew(self) -> str:
        """Give a new password, in place of the one before, and return it. Raises OSError.

        It has 256 bits: a slow hash would protect it no better.
        """
        password = secrets.token_urlsafe(32)
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(BCRYPT_COST)).decode()
        with changing(self._path):
            write_whole(self._path, msgspec.json.encode(_Kept(hashed)), OWNER_ONLY)
        return password

    def take_away(self) -> None:
        """Nobody may read any more. Raises OSError."""
        with changing(self._path):
            self._path.unlink(missing_ok=True)

    def users(self) -> dict[str, str]:
        """The reader with the password's hash; empty where nobody may. Raises CredentialError."""
        try:
            return {READER_USER: _decode(self._path.read_bytes()).hash}
        except FileNotFoundError:
            return {}
        except (OSError, *UNREADABLE) as error:
            raise CredentialError(
                "reader_unreadable",
                N_("The file {path} cannot be read ({cause}): Home Assistant is not let in."),
                N_("Give Home Assistant a new password on its page."),
                path=self._path,
                cause=error,
            ) from error

    def changed_at(self) -> int:
        """When the file was last written, in nanoseconds; 0 if there is none."""
        try:
            return self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return 0
