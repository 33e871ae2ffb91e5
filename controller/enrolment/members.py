"""This file is who goes by which credential, read anew only once the password file is another.

Commands write that file, too: what they change is seen here within seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from controller.broker.credentials import Credentials, Enrolled
from controller.broker.embedded import CONTROLLER_USER
from protocol.errors import LopHocError


class Members:
    """The password file as it was read last."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._changed_at = -1
        self._entries: Mapping[str, str | Enrolled] | None = None
        self._renewed: set[str] = set()

    def typed(self) -> frozenset[str]:
        """Those who go by a typed password."""
        entries = self._now().items()
        return frozenset(name for name, one in entries if isinstance(one, str)) - {CONTROLLER_USER}

    def names(self) -> frozenset[str]:
        """Everybody who goes by a credential of the controller's."""
        return frozenset(self._now()) - {CONTROLLER_USER}

    def unkept(self) -> Mapping[str, int]:
        """Who was given a credential and has not said that it is written; and when, in ms."""
        entries = self._now().items()
        given = {name: one for name, one in entries if isinstance(one, Enrolled)}
        return {name: one.at_ms for name, one in given.items() if not one.is_kept}

    def take_renewed(self) -> frozenset[str]:
        """Whose password is another one, or none any more, since the last call."""
        self._now()
        renewed, self._renewed = frozenset(self._renewed), set()
        return renewed

    def _now(self) -> Mapping[str, str | Enrolled]:
        """What holds; of a file that cannot be read its own page says what is wrong."""
        if (changed_at := self._credentials.changed_at()) != self._changed_at:
            with suppress(LopHocError):
                entries, before = self._credentials.entries(), self._entries
                self._renewed |= set() if before is None else _changed(before, entries)
                self._changed_at, self._entries = changed_at, entries
        return self._entries or {}


def _changed(
    before: Mapping[str, str | Enrolled], now: Mapping[str, str | Enrolled]
) -> frozenset[str]:
    return frozenset(name for name, one in before.items() if _word(now.get(name)) != _word(one))


def _word(entry: str | Enrolled | None) -> str | None:
    return entry.hash if isinstance(entry, Enrolled) else entry
