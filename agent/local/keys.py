"""This file holds who may come in at the local door: the file's key, one-time codes, pages. Pure.

Everything here lives as long as one opening of the door: the next one has another key.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from typing import Final, TypeVar

from protocol.clock import steady_s

CODE_S: Final = 30.0  # a link stands for a moment in the list of processes

_BYTES: Final = 32
_CODES_LIMIT: Final = 8
_PAGES_LIMIT: Final = 32

_Value = TypeVar("_Value")


class DoorKeys:
    """The key of one opening of the door, and what was given out against it.

    key: 256 bits, for programs that may read the agent's file. clock: seconds of running time.
    """

    def __init__(self, clock: Callable[[], float] = steady_s) -> None:
        self.key: Final = secrets.token_urlsafe(_BYTES)
        self._clock = clock
        self._codes: OrderedDict[bytes, float] = OrderedDict()
        self._pages: OrderedDict[bytes, None] = OrderedDict()

    def is_key(self, text: str) -> bool:
        """Whether this is the file's key."""
        return secrets.compare_digest(_digest(text), _digest(self.key))

    def is_page(self, text: str) -> bool:
        """Whether a page that came in by a code shows this."""
        return _digest(text) in self._pages

    def issue_code(self) -> str:
        """A code that lets one page in, once, within CODE_S."""
        code = secrets.token_urlsafe(_BYTES)
        _keep(self._codes, _digest(code), self._clock() + CODE_S, _CODES_LIMIT)
        return code

    def let_in(self, code: str) -> str | None:
        """What the page shows from now on; None where the code is none, used, or too old."""
        until_s = self._codes.pop(_digest(code), None)
        if until_s is None or self._clock() >= until_s:
            return None
        page = secrets.token_urlsafe(_BYTES)
        _keep(self._pages, _digest(page), None, _PAGES_LIMIT)
        return page


def _keep(kept: OrderedDict[bytes, _Value], key: bytes, value: _Value, limit: int) -> None:
    kept[key] = value
    if len(kept) > limit:
        kept.popitem(last=False)


def _digest(text: str) -> bytes:
    """Compared in place of the secret: how long that takes tells nothing of it."""
    return sha256(text.encode("utf-8", "replace")).digest()
