"""This file knows who vouches for a roll, and holds wrong PINs back: each further one waits longer.

Nobody is locked out of a lesson: without a PIN the roll is confirmed or corrected all the same, and
says so. Pure.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from protocol.guide import TeacherKey, pin_digest
from protocol.messages import Proof
from protocol.model import Code, Text

FREE_TRIES: Final = 3
FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 300.0

Signature = tuple[Text, Proof]  # the name of who vouched, and by what it was shown


class Confirmer(NamedTuple):
    """Who confirms a roll, or changes a confirmed one, where the school asks.

    proof: unset where it does not. teacher: the school's own id; unset: not said.
    """

    proof: Proof | msgspec.UnsetType = msgspec.UNSET
    teacher: Code | msgspec.UnsetType = msgspec.UNSET
    name: str = ""

    @property
    def signature(self) -> Signature | msgspec.UnsetType:
        """What the room's own sheet keeps of it."""
        return (self.name, self.proof) if self.proof else msgspec.UNSET


UNASKED: Final = Confirmer()


@dataclass(slots=True)
class WrongPins:
    """How often a wrong PIN was typed here since the last right one, whoever's it was.

    Of the room and not of each teacher: else a pupil had as many tries as there are teachers.
    """

    _count: int = 0
    _until_s: float = field(default=0.0)

    def wait_s(self, now_s: float) -> float:
        """How long nobody may try yet, on the steady clock; 0 where one may."""
        return max(0.0, self._until_s - now_s)

    def fail(self, now_s: float) -> None:
        """One more was wrong."""
        self._count += 1
        if self._count >= FREE_TRIES:
            wait_s = FIRST_WAIT_S * 2 ** min(self._count - FREE_TRIES, 10)
            self._until_s = now_s + min(wait_s, LONGEST_WAIT_S)

    def clear(self) -> None:
        """One was right."""
        self._count, self._until_s = 0, 0.0


def is_pin_of(key: TeacherKey, pin: str) -> bool:
    """Whether it is the teacher's PIN; some 50 ms, so in a thread."""
    return bool(key.digest) and hmac.compare_digest(pin_digest(pin, key.salt), key.digest)
