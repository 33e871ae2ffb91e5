"""This file numbers the room's tablets by the cookie each was given, in the order first seen. Pure.

A number is a slot in the cart, never a child. The cookie itself is not kept, only its hash.
Browsers throw cookies away: a slot that stays unused is given back, unless a person said that its
tablet is the room's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Annotated, Final

import msgspec

MAX_SLOTS: Final = 99
COOKIE_BYTES: Final = 16
FORGOTTEN_LESSONS: Final = 30  # with check-ins in the room: about a week of them, holidays apart

_COOKIE: Final = re.compile(r"[0-9a-f]{32}")
_KEY_DIGITS: Final = 16


class Slot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One tablet's place in the cart. used: which of all uses was its latest, 1 the first.

    lesson: the same of lessons in which anybody checked in; 0 where an older agent kept it.
    """

    number: Annotated[int, msgspec.Meta(ge=1, le=MAX_SLOTS)]
    key: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$")]
    used: Annotated[int, msgspec.Meta(ge=0)] = 0
    lesson: Annotated[int, msgspec.Meta(ge=0)] = 0


class Cart:
    """The slots. A tablet gets one with its first right code, so that strangers get none.

    is_confirmed: whether a person said of a tablet's key that it is the room's.
    """

    def __init__(
        self, slots: Iterable[Slot] = (), is_confirmed: Callable[[str], bool] = lambda _key: False
    ) -> None:
        self._slots = {slot.key: slot for slot in slots}
        self._is_confirmed = is_confirmed
        self._uses = max((slot.used for slot in self._slots.values()), default=0)
        self._lesson = max((slot.lesson for slot in self._slots.values()), default=0)
        self._is_new_lesson = True

    def slots(self) -> tuple[Slot, ...]:
        """Every slot, in the cart's order."""
        return tuple(sorted(self._slots.values(), key=lambda slot: slot.number))

    def find(self, key: str) -> Slot | None:
        """The slot of a tablet that has one."""
        return self._slots.get(key)

    def begin_lesson(self, *, resumed: bool = False) -> None:
        """Another lesson runs, or after a restart the same: who is forgotten gives a slot back."""
        self._is_new_lesson = not resumed
        slots = self._slots.items()
        self._slots = {key: slot for key, slot in slots if not self._is_forgotten(slot)}

    def _is_forgotten(self, slot: Slot) -> bool:
        unused = self._lesson - slot.lesson
        return unused >= FORGOTTEN_LESSONS and not self._is_confirmed(slot.key)

    def seat(self, key: str, reserved: Iterable[int] = ()) -> Slot | None:
        """The slot of a tablet; a new one for a new tablet.

        Where all are taken, the one unused the longest is given anew, but for the numbers kept and
        those of tablets that a person confirmed; None if there is none.
        """
        slot = self._slots.get(key)
        number = slot.number if slot else self._free(frozenset(reserved))
        if number is None:
            return None
        self._uses += 1
        self._lesson += self._is_new_lesson
        self._is_new_lesson = False
        self._slots[key] = Slot(number=number, key=key, used=self._uses, lesson=self._lesson)
        return self._slots[key]

    def _free(self, reserved: frozenset[int]) -> int | None:
        numbers = {slot.number for slot in self._slots.values()}
        free = next((number for number in range(1, MAX_SLOTS + 1) if number not in numbers), None)
        if free is not None:
            return free
        idle = [
            slot
            for slot in self._slots.values()
            if slot.number not in reserved and not self._is_confirmed(slot.key)
        ]
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


def token_of(key: str) -> str:
    """The key under which the room's equipment knows a tablet."""
    return f"token:{key}"


def name_of(number: int) -> str:
    """What is written on the tablet's slot, such as "Máy 07"."""
    return f"Máy {number:02}"
