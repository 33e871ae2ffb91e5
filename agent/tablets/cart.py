"""This file numbers the room's tablets by the cookie each was given, in the order first seen. Pure.

A number is a slot in the cart, never a child. The cookie itself is not kept, only its hash.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec

MAX_SLOTS: Final = 99
COOKIE_BYTES: Final = 16

_COOKIE: Final = re.compile(r"[0-9a-f]{32}")
_KEY_DIGITS: Final = 16


class Slot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tablet's place in the cart. used: which of all uses was its latest, 1 the first."""

    number: Annotated[int, msgspec.Meta(ge=1, le=MAX_SLOTS)]
    key: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]
    used: Annotated[int, msgspec.Meta(ge=0)] = 0


class Cart:
    """The slots. A tablet gets one with its first right code, so that strangers get none."""

    def __init__(self, slots: Iterable[Slot] = ()) -> None:
        self._slots = {slot.key: slot for slot in slots}
        self._uses = max((slot.used for slot in self._slots.values()), default=0)

    def slots(self) -> tuple[Slot, ...]:
        """Every slot, in the cart's order."""
        return tuple(sorted(self._slots.values(), key=lambda slot: slot.number))

    def find(self, key: str) -> Slot | None:
        """The slot of a tablet that has one."""
        return self._slots.get(key)

    def seat(self, key: str, reserved: Iterable[int] = ()) -> Slot | None:
        """The slot of a tablet; a new one for a new tablet.

        Where all are taken, the one unused the longest is given anew, but for the numbers kept;
        None if there is none.
        """
        slot = self._slots.get(key)
        number = slot.number if slot else self._free(frozenset(reserved))
        if number is None:
            return None
        self._uses += 1
        self._slots[key] = Slot(number=number, key=key, used=self._uses)
        return self._slots[key]

    def _free(self, reserved: frozenset[int]) -> int | None:
        numbers = {slot.number for slot in self._slots.values()}
        free = next((number for number in range(1, MAX_SLOTS + 1) if number not in numbers), None)
        if free is not None:
            return free
        idle = [slot for slot in self._slots.values() if slot.number not in reserved]
        if not idle:
            return None
        oldest = min(idle, key=lambda slot: slot.used)
        del self._slots[oldest.key]
        return oldest.number


def is_cookie(text: str) -> bool:
    """Whether this may be a cookie that we gave."""
    return _COOKIE.fullmatch(text) is not None


def key_of(cookie: str) -> str:
    """What a tablet is known by: 16 hex digits, from which the cookie cannot be had."""
    return hashlib.sha256(cookie.encode()).hexdigest()[:_KEY_DIGITS]


def name_of(number: int) -> str:
    """What is written on the tablet's slot, such as "Máy 07"."""
    return f"Máy {number:02}"
