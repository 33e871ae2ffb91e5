"""This file keeps the logins that people gave to single devices, in a file of their own.

No other document holds one; what is written here is the owner's alone to read.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import msgspec

from agent.equipment.ownership import Mark, is_same
from protocol.folder import replace_file, write_whole

_LOGGER = logging.getLogger(__name__)

LOGIN_FILE: Final = "device-logins.json"
MAX_LOGINS: Final = 200
_MODE: Final = 0o600
_ASIDE: Final = ".damaged"

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
        self._logins = self._read()

    def of(self, keys: frozenset[str]) -> DeviceLogin | None:
        """The login of the device that tells these keys, if it has one of its own."""
        return next((login for login in self._logins if is_same(login.mark, keys)), None)

    def keep(self, login: DeviceLogin) -> None:
        """Keep a device's login in place of its last one; an empty password takes it away.

        Blocks. Raises OSError; the old file then stays.
        """
        others = [one for one in self._logins if not is_same(one.mark, frozenset(login.mark))]
        logins = (*others, login)[-MAX_LOGINS:] if login.password else tuple(others)
        write_whole(self._path, msgspec.json.format(msgspec.json.encode(logins)), _MODE)
        self._logins = tuple(logins)

    def _read(self) -> tuple[DeviceLogin, ...]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=tuple[DeviceLogin, ...])
        except FileNotFoundError:
            return ()
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            # What is wrong in it may be a password: its place alone is told.
            _LOGGER.warning("the devices' own logins cannot be read: %s", type(error).__name__)
            with suppress(OSError):
                replace_file(self._path, self._path.with_name(self._path.name + _ASIDE))
            return ()
