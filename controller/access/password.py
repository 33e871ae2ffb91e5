"""This file keeps the office's password, and the sessions of those who gave it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from protocol.clock import steady_s
from protocol.errors import LopHocError
from protocol.folder import OWNER_ONLY, write_whole
from protocol.unreadable import UNREADABLE
from protocol.words import N_

SESSION_S: Final = 12 * 3600
TRIES: Final = 5  # of one address, within TRIES_S
ALL_TRIES: Final = 40  # of all addresses together
TRIES_S: Final = 300.0
MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 256
_COST: Final = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20}  # 32 MB, some 100 ms


class OfficeError(LopHocError):
    """The password cannot be kept or read; `code` says why, `hint` what to do."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The password's hash (scrypt, RFC 7914) with its salt, and the key that signs sessions."""

    salt: bytes
    hash: bytes
    key: bytes


class Office:
    """The password in a file that only its owner may read; a new one ends every session."""

    def __init__(
        self,
        path: Path,
        now_s: Callable[[], float] = float,
        running_s: Callable[[], float] = steady_s,
    ) -> None:
        self._path = path
        self._now_s = now_s
        self._running_s = running_s  # no clock that is set can lock anybody out
        self._tries: dict[str, deque[float]] = {}
        self._ended: dict[str, float] = {}

    def set_password(self, password: str) -> None:
        """Keep a new password. Raises OfficeError."""
        if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
            raise OfficeError(
                "password_length",
                N_("The office's password has {least} to {most} characters."),
                least=MIN_LENGTH,
                most=MAX_LENGTH,
            )
        salt = secrets.token_bytes(16)
        record = _Kept(salt=salt, hash=_hash(password, salt), key=secrets.token_bytes(32))
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, msgspec.json.encode(record), OWNER_ONLY)

    @property
    def has_password(self) -> bool:
        """Whether one was ever set. Raises OfficeError if that cannot be read."""
        return self._read() is not None

    def may_try(self, address: str) -> bool:
        """Whether this address may try a password now; it counts as a try."""
        now = self._running_s()
        for source in ("", address):
            tries = self._tries.setdefault(source, deque())
            while tries and tries[0] <= now - TRIES_S:
                tries.popleft()
        self._tries = {
            source: tries
            for source, tries in self._tries.items()
            if tries or source in {"", address}
        }
        own, everyones = self._tries[address], self._tries[""]
        if len(own) >= TRIES or len(everyones) >= ALL_TRIES:
            return False
        own.append(now)
        everyones.append(now)
        return True

    def open_session(self, password: str) -> str | None:
        """A signed session, if the password is right; it takes some 100 ms."""
        record = self._sound()
        if record is None or len(password) > MAX_LENGTH:
            return None
        if not hmac.compare_digest(_hash(password, record.salt), record.hash):
            return None
        body = f"{secrets.token_hex(8)}.{int(self._now_s())}"
        return f"{body}.{_sign(record.key, body)}"

    def session(self, cookie: str) -> str | None:
        """The session's id, if the cookie is ours, not too old, and was not ended."""
        record = self._sound()
        body, _, signature = cookie.rpartition(".")
        if record is None or not hmac.compare_digest(
            signature.encode(), _sign(record.key, body).encode()
        ):
            return None
        name, _, begun = body.partition(".")
        if not 0 <= self._now_s() - int(begun) < SESSION_S or name in self._ended:
            return None
        return name

    def end_session(self, cookie: str) -> None:
        """The person leaves; the cookie is worth nothing from now on."""
        now = self._now_s()
        self._ended = {name: at for name, at in self._ended.items() if now - at < SESSION_S}
        if (name := self.session(cookie)) is not None:
            self._ended[name] = now

    def _sound(self) -> _Kept | None:
        """What is kept; None where nobody can enter, for there is nothing to compare with."""
        with suppress(OfficeError):
            return self._read()
        return None

    def _read(self) -> _Kept | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Kept)
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


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST)


def _sign(key: bytes, body: str) -> str:
    mac = hmac.digest(key, body.encode(), "sha256")
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")
