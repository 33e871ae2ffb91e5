"""This file holds who teaches, by the school's own id, and what is kept of a PIN.

A room verifies a PIN without a line, so a slow digest of it lies in every room: whoever takes a
laptop may find a short PIN by trying. It opens nothing but the word on a roll in a room.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import msgspec

from protocol.errors import LopHocError
from protocol.guide import MAX_TEACHERS, TeacherKey, name_spelling, pin_digest
from protocol.model import MAX_TEXT
from protocol.plan import Booking
from protocol.words import N_

PIN_LENGTH: Final = 6  # of one that is made here; a person may choose a shorter one

_SIGNS: Final = "23456789abcdefghjkmnpqrstuvwxyz"
_ID_LENGTH: Final = 6
_SALT_BYTES: Final = 16
_SHORTEST, _LONGEST = 4, 6


class PinError(LopHocError):
    """The PIN cannot be taken."""


class Teacher(msgspec.Struct, frozen=True, kw_only=True):
    """A teacher. teacher: the school's own id, which names nobody. salt, digest: of the PIN."""

    teacher: str
    name: str
    salt: str = ""
    digest: str = ""

    @property
    def has_pin(self) -> bool:
        """Whether they were given one."""
        return bool(self.digest)

    @property
    def key(self) -> TeacherKey:
        """By what rooms know them."""
        return TeacherKey(teacher=self.teacher, name=self.name, salt=self.salt, digest=self.digest)

    def __repr__(self) -> str:
        """Nothing of a PIN stands in a log."""
        return f"Teacher({self.teacher})"


def new_teacher(name: str) -> Teacher:
    """A teacher with an id that nobody had."""
    code = "".join(secrets.choice(_SIGNS) for _ in range(_ID_LENGTH))
    return Teacher(teacher=f"gv-{code}", name=name[:MAX_TEXT])


def new_pin() -> str:
    """A PIN that is not tried first."""
    while True:
        pin = "".join(secrets.choice("0123456789") for _ in range(PIN_LENGTH))
        if not is_weak(pin):
            return pin


def with_pin(teacher: Teacher, pin: str) -> Teacher:
    """The teacher with this PIN; it takes some 50 ms. Raises PinError."""
    if not (pin.isascii() and pin.isdecimal() and _SHORTEST <= len(pin) <= _LONGEST):
        raise PinError("pin_length", N_("A PIN has four to six digits."))
    if is_weak(pin):
        raise PinError("pin_weak", N_("This PIN would be tried first: take another."))
    salt = secrets.token_hex(_SALT_BYTES)
    return msgspec.structs.replace(teacher, salt=salt, digest=pin_digest(pin, salt))


def is_weak(pin: str) -> bool:
    """Whether it is a run, up or down, of one digit, or of one pair."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    pairs = {pin[at : at + 2] for at in range(0, len(pin), 2)}
    return (len(steps) == 1 and steps <= {0, 1, 9}) or len(pairs) == 1


def names_in(timetable: Iterable[Booking]) -> list[str]:
    """The teachers that a timetable names, each once, in its writing."""
    names: dict[str, str] = {}
    for booking in timetable:
        names.setdefault(name_spelling(booking.teacher), booking.teacher)
    return [name for key, name in sorted(names.items()) if key]


def keys_of(teachers: Iterable[Teacher]) -> tuple[TeacherKey, ...]:
    """As many as a room's computer can be told of."""
    return tuple(teacher.key for teacher in teachers)[:MAX_TEACHERS]
