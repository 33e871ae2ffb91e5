"""This file reads the office's password where it is kept as older versions did: in a file.

It is also where a password waits that is set before the controller has ever run.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from typing import Final

import msgspec

from controller.access.account import OFFICE, Account
from controller.access.passwords import SCRYPT, check_password, kept_scrypt
from controller.people.person import Role
from protocol.errors import LopHocError
from protocol.folder import OWNER_ONLY, write_whole
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE
from protocol.words import N_

OFFICE_FILE: Final = "office.json"


class OfficeError(LopHocError):
    """The password's file cannot be read; `code` says why, `hint` what to do."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The password's hash (scrypt, RFC 7914) with its salt; key: what signed sessions once."""

    salt: bytes
    hash: bytes
    key: bytes = b""


def keep_office(folder: Path, password: str) -> None:
    """Let a password wait for the first start. Raises PasswordError, OSError."""
    check_password(password, OFFICE)
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, **SCRYPT)
    record = _Kept(salt=salt, hash=digest, key=secrets.token_bytes(32))
    write_whole(folder / OFFICE_FILE, msgspec.json.encode(record), OWNER_ONLY)


def office_in(folder: Path, now_ms: int) -> Account | None:
    """The account that the office's password becomes; None without one. Raises OfficeError."""
    try:
        kept = from_json((folder / OFFICE_FILE).read_bytes(), _Kept)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OfficeError(
            "office_unreadable",
            N_("The office's password is set, but its file cannot be read."),
            N_("Give it to the folder's owner, or set it anew on the server."),
        ) from error
    except UNREADABLE as error:
        raise OfficeError(
            "office_damaged",
            N_("The office's password cannot be read: its file is damaged."),
            N_("Set it anew on the server."),
        ) from error
    password = kept_scrypt(kept.salt, kept.hash)
    return Account(account=OFFICE, role=Role.ADMIN, password=password, made_ms=now_ms)


def drop_office(folder: Path) -> None:
    """The password is kept elsewhere now. Raises OSError."""
    (folder / OFFICE_FILE).unlink(missing_ok=True)
