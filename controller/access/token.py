"""This file is a token, by which a program asks: its signs, what it may, until when; pure.

lophoc_ + 8 signs that name it + 256 random bits in base 62 + 6 signs of CRC-32: typing errors are
found without the database, and a search for leaks knows it at sight. Only its SHA-256 is kept.
"""

from __future__ import annotations

import secrets
import string
import zlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct

from controller.access.codes import digest_of
from controller.people.person import Permission, Person
from protocol.errors import LopHocError
from protocol.model import Place
from protocol.words import N_

PREFIX: Final = "lophoc_"
MAX_DAYS: Final = 400
MAX_PURPOSE: Final = 120
DAY_MS: Final = 86_400_000
_LATE: Final = 3  # times its rhythm
_NEWS_MS: Final = 30 * DAY_MS
# What an old program needs that only reads; no pupil's marks among it.
READING: Final = frozenset({Permission.ROOMS, Permission.SCHOOL, Permission.FIGURES})
_SIGNS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_NAME, _SECRET, _CHECK = 8, 43, 6  # 62 ** 43 > 2 ** 256


class TokenError(LopHocError):
    """A token cannot be made so; `code` says why, `hint` what to do."""


class NewToken(NamedTuple):
    """A token as it is shown, once. token: its name, which may be told."""

    token: str
    text: str


class Token(Struct, frozen=True, kw_only=True):
    """What is kept of a token. place, area: what may be asked about; empty codes mean all.

    rhythm_ms: how far apart its uses lie at most, as a rule; None until there were two.
    """

    token: str
    digest: str
    purpose: str
    made_by: str
    place: Place
    permissions: frozenset[Permission]
    area: str = ""
    made_ms: int
    expires_ms: int
    used_ms: int | None = None
    ended_ms: int | None = None
    rhythm_ms: int | None = None

    def is_good(self, now_ms: int) -> bool:
        """Whether it opens anything still."""
        return self.ended_ms is None and now_ms < self.expires_ms

    def is_late(self, now_ms: int) -> bool:
        """Whether a program that asked for a day and more has stopped, and nobody ended its token.

        After a month it is no news any more.
        """
        if self.used_ms is None or self.rhythm_ms is None or self.ended_ms is not None:
            return False
        was_in_use = self.used_ms - self.made_ms >= DAY_MS
        return was_in_use and _halt_ms(self.rhythm_ms) < now_ms - self.used_ms < _NEWS_MS

    def person(self) -> Person:
        """Who asks, when it is this program."""
        return Person(
            account=f"token:{self.token}",
            permissions=self.permissions,
            name=self.purpose,
            school=self.place.school,
            areas=frozenset({self.area}) if self.area else None,
        )


def rhythm_after(rhythm_ms: int | None, gap_ms: int) -> int:
    """How far apart uses lie at most, as a rule, after two that lay so far apart.

    It halves in each week; a halt does not become the rule at once.
    """
    if rhythm_ms is None:
        return gap_ms
    faded_ms = int(rhythm_ms * 0.5 ** (gap_ms / (7 * DAY_MS)))
    return max(min(gap_ms, _halt_ms(rhythm_ms)), faded_ms)


def _halt_ms(rhythm_ms: int) -> int:
    """After so long without a use the program has stopped."""
    return max(_LATE * rhythm_ms, DAY_MS)


def new_token() -> NewToken:
    """A token that nobody has yet."""
    name = "".join(secrets.choice(_SIGNS) for _ in range(_NAME))
    secret = _base62(int.from_bytes(secrets.token_bytes(32), "big"), _SECRET)
    text = f"{PREFIX}{name}{secret}"
    return NewToken(name, text + _check_of(text))


def token_name(text: str) -> str:
    """The name in a token; empty where it is none, or was mistyped."""
    body, check = text[:-_CHECK], text[-_CHECK:]
    is_long = len(text) == len(PREFIX) + _NAME + _SECRET + _CHECK
    is_ours = is_long and text.isascii() and text.startswith(PREFIX) and check == _check_of(body)
    return text[len(PREFIX) :][:_NAME] if is_ours else ""


def token_of(
    text: NewToken,
    *,
    purpose: str,
    made_by: str,
    place: Place,
    area: str = "",
    permissions: frozenset[Permission],
    days: int,
    now_ms: int,
) -> Token:
    """What is kept of a new token. Raises TokenError."""
    if not 1 <= days <= MAX_DAYS:
        raise TokenError(
            "token_days",
            N_("A token is good for 1 to {most} days."),
            N_("Make a new one when it runs out."),
            most=MAX_DAYS,
        )
    if not permissions:
        raise TokenError("token_empty", N_("A token must be allowed something."))
    return Token(
        token=text.token,
        digest=digest_of(text.text),
        purpose=purpose[:MAX_PURPOSE],
        made_by=made_by,
        place=place,
        area=area,
        permissions=permissions,
        made_ms=now_ms,
        expires_ms=now_ms + days * DAY_MS,
    )


def token_in(row: Mapping[str, Any]) -> Token:
    """The token that a row holds; a permission of a newer version is none."""
    known = {*Permission}
    told = {name: row[name] for name in row if name not in {"province", "school", "agent"}}
    granted = frozenset(Permission(name) for name in row["permissions"].split() if name in known)
    place = Place(row["province"], row["school"], row["agent"])
    return Token(**{**told, "permissions": granted, "place": place})


def _check_of(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), _CHECK)


def _base62(number: int, length: int) -> str:
    signs = ""
    while len(signs) < length:
        number, rest = divmod(number, len(_SIGNS))
        signs = _SIGNS[rest] + signs
    return signs
