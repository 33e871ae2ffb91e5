"""This file makes the code on the board, which changes every 15 s, and judges what is sent back.

Source: HOTP (RFC 4226) with a counter of steps since the lesson began, by the steady clock alone:
a clock that is set anew changes nothing, and no tablet has to know the time.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

STEP_S: Final = 15.0
SECRET_BYTES: Final = 20
DIGITS: Final = 4
TOKEN_DIGITS: Final = 20  # hex: 80 bits

# So many steps back a code is called old rather than wrong.
_REMEMBERED: Final = 8


class CodeVerdict(StrEnum):
    """What a code is worth: right now, right some time ago, or never."""

    RIGHT = "right"
    OLD = "old"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingCode:
    """One lesson's codes. secret: random bytes that never leave the memory; begun_s: steady."""

    secret: bytes = field(repr=False)
    begun_s: float

    def step(self, now_s: float) -> int:
        """How many times the code has changed."""
        return max(0, int((now_s - self.begun_s) // STEP_S))

    def left_s(self, now_s: float) -> float:
        """How long until it changes."""
        return STEP_S - max(0.0, now_s - self.begun_s) % STEP_S

    def digits(self, now_s: float) -> str:
        """The code to type."""
        return self._digits(self.step(now_s))

    def token(self, now_s: float) -> str:
        """The code in the QR code; it cannot be had from the digits."""
        return self._token(self.step(now_s))

    def judge_digits(self, digits: str, now_s: float) -> CodeVerdict:
        """Judge a typed code."""
        return _verdict(digits, [self._digits(step) for step in self._steps(now_s)])

    def judge_token(self, token: str, now_s: float) -> CodeVerdict:
        """Judge a code that came by the QR code."""
        return _verdict(token.lower(), [self._token(step) for step in self._steps(now_s)])

    def _steps(self, now_s: float) -> range:
        """The current step and those before, the latest first; never one that is to come."""
        now = self.step(now_s)
        return range(now, max(-1, now - _REMEMBERED), -1)

    def _digits(self, step: int) -> str:
        # 64 bits make all codes as likely as each other to one part in 10^15.
        return f"{int.from_bytes(self._mac(b'digits', step)[:8], 'big') % 10**DIGITS:0{DIGITS}}"

    def _token(self, step: int) -> str:
        return self._mac(b"token", step).hex()[:TOKEN_DIGITS]

    def _mac(self, label: bytes, step: int) -> bytes:
        return hmac.digest(self.secret, label + step.to_bytes(8, "big"), "sha256")


def _verdict(attempt: str, codes: list[str]) -> CodeVerdict:
    """Compare with each in constant time; the first two, 15 s each, are accepted."""
    same = [
        hmac.compare_digest(attempt.encode("utf-8", "replace"), code.encode()) for code in codes
    ]
    if any(same[:2]):
        return CodeVerdict.RIGHT
    return CodeVerdict.OLD if any(same) else CodeVerdict.WRONG
