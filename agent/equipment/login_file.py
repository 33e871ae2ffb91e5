"""This file keeps the logins that people gave to single devices, in a file of their own.

No other document holds one; what is written here is the owner's alone to read.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Final

import msgspec

from agent.equipment.ownership import Mark, is_same
from protocol.folder import replace_file, write_whole
from protocol.shapes import from_json
from protocol.unreadable import UNREADABLE

_LOGGER = logging.getLogger(__name__)

LOGIN_FILE: Final = "device-logins.json"
MAX_LOGINS: Final = 200
_MODE: Final = 0o600
_ASIDE: Final = ".damaged"
_BEFORE: Final = ".before"

LoginText = Annotated[str, msgspec.Meta(max_length=128)]


class DeviceLogin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One device's login. mark: what it is known by again; a projector has no user."""

    mark: Mark
    user: LoginText = ""
    password: LoginText = ""

    def __repr__(self) -> str:
        return f"DeviceLogin({self.mark})"


class LoginFile:
    """The logins as they are kept. path: the file; it is made with the first one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_closed = False
        self._logins = self._open()

    def of(self, keys: frozenset[str]) -> DeviceLogin | None:
        """The login of the device that tells these keys, if it has one of its own."""
        return next((login for login in self._logins if is_same(login.mark, keys)), None)

    def keep(self, login: DeviceLogin) -> None:
        """Keep a device's login in place of its last one; an empty password takes it away.

        Blocks. Raises OSError; the old file then stays.
        """
        if self._is_closed:
            self._logins = self._read()
        others = [one for one in self._logins if not is_same(one.mark, frozenset(login.mark))]
        logins = (*others, login)[-MAX_LOGINS:] if login.password else tuple(others)
        text = msgspec.json.format(msgspec.json.encode(logins))
        write_whole(self._path, text, _MODE, backup=self._before)
        if not login.password:  # what was taken away is nowhere
            for copy in (self._before, self._aside):
                copy.unlink(missing_ok=True)
        self._logins = tuple(logins)

    @property
    def _before(self) -> Path:
        return self._path.with_name(self._path.name + _BEFORE)

    @property
    def _aside(self) -> Path:
        return self._path.with_name(self._path.name + _ASIDE)

    def _open(self) -> tuple[DeviceLogin, ...]:
        """What is kept; where the file cannot be read, none is known and none is written over."""
        try:
            return self._read()
        except OSError as error:
            _LOGGER.warning("the devices' own logins cannot be read: %s", type(error).__name__)
            self._is_closed = True
            return ()

    def _read(self) -> tuple[DeviceLogin, ...]:
        """What the file holds; of a damaged one, what was kept before. Raises OSError."""
        self._is_closed = False
        if (logins := _logins_in(self._path)) is not None:
            return logins
        if not self._path.exists():
            return ()
        # What is wrong in it may be a password: its place alone is told.
        _LOGGER.warning("the devices' own logins are damaged; those before are taken")
        replace_file(self._path, self._aside)
        before = _logins_in(self._before) or ()
        if before:
            write_whole(self._path, self._before.read_bytes(), _MODE)
        return before


def _logins_in(path: Path) -> tuple[DeviceLogin, ...] | None:
    """The logins in a file; None where there is none, or no whole one. Raises OSError."""
    try:
        return from_json(path.read_bytes(), tuple[DeviceLogin, ...])
    except (FileNotFoundError, *UNREADABLE):
        return None
