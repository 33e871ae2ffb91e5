"""This file names the pupil whom agents erase: by a salted digest, so that no message says who.

Whoever has both can still find the pupil by trying every id: it is a pseudonym, and goes from the
school's database as soon as every agent has answered.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final, NamedTuple

_SALT_BYTES: Final = 16


class PupilDigest(NamedTuple):
    """A pupil by HMAC-SHA256 of the id under a salt of this one erasure; both in hex."""

    salt: str
    digest: str

    def is_of(self, student: str) -> bool:
        """Whether it is this pupil's."""
        return hmac.compare_digest(_digest(self.salt, student), self.digest)


class PupilSearch:
    """Finds the pupil of a digest among ids. ids: those that it found."""

    def __init__(self, salt: str, digest: str) -> None:
        self._pupil = PupilDigest(salt, digest)
        self._others: set[str] = set()
        self.ids: set[str] = set()

    def is_pupil(self, student: str) -> bool:
        """Whether this is the pupil's id."""
        if student in self.ids:
            return True
        if student in self._others:
            return False
        found = self._pupil.is_of(student)
        (self.ids if found else self._others).add(student)
        return found


def digest_of_pupil(student: str) -> PupilDigest:
    """The pupil under a fresh salt."""
    salt = secrets.token_hex(_SALT_BYTES)
    return PupilDigest(salt, _digest(salt, student))


def _digest(salt: str, student: str) -> str:
    return hmac.digest(bytes.fromhex(salt), student.encode(), "sha256").hex()
