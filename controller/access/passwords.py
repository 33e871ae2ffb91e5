"""This file turns passwords into hashes, compares them, and refuses those that would be guessed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import unicodedata
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Final

from protocol.errors import LopHocError
from protocol.words import N_

MIN_LENGTH: Final = 8
MAX_LENGTH: Final = 256
_FEW_SIGNS: Final = 5  # different ones that a password needs at least
_LONGEST_NUMBER: Final = 12  # as an identity card's
# Argon2id of RFC 9106 with OWASP's parameters: 19 MiB, twice, one lane: some 25 ms.
_MEMORY_KIB, _PASSES, _LANES = 19 * 1024, 2, 1
SCRYPT: Final = {"n": 1 << 15, "r": 8, "p": 1, "maxmem": 64 << 20}  # RFC 7914; what was kept once
_SCRYPT_MARK: Final = "$scrypt$"
_LIST: Final = Path(__file__).with_name("common_passwords.txt")
_TAIL: Final = re.compile(r"[\W\d_]+$")
_LETTERS: Final = str.maketrans("@430157$!", "aaeoistsi")


class PasswordError(LopHocError):
    """The password cannot be taken; `code` says why, `hint` what to do."""


def check_password(password: str, account: str = "") -> None:
    """Refuse what would be guessed. Raises PasswordError."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise PasswordError(
            "password_length",
            N_("A password has {least} to {most} characters."),
            least=MIN_LENGTH,
            most=MAX_LENGTH,
        )
    if is_common(password, account):
        raise PasswordError(
            "password_common",
            N_("Many people use this password, so it is tried first."),
            N_("Take three or four words that do not belong together."),
        )


def is_common(password: str, account: str = "") -> bool:
    """Whether it is one of those that are tried first, however it is dressed up."""
    plain = _plain(password)
    bare = _TAIL.sub("", plain)
    if len(set(plain)) < _FEW_SIGNS or _is_run(plain) or _is_short_number(plain):
        return True
    dressed = {plain, bare, plain.translate(_LETTERS), bare.translate(_LETTERS)}
    return not dressed.isdisjoint(_common() | {_plain(account)} - {""})


def hashed(password: str) -> str:
    """What is kept of a password (PHC string); it takes some 25 ms and 19 MiB."""
    if not has_argon2():
        salt = secrets.token_bytes(16)
        return kept_scrypt(salt, hashlib.scrypt(password.encode(), salt=salt, **SCRYPT))
    from argon2 import PasswordHasher, Type  # noqa: PLC0415 - most commands need none

    hasher = PasswordHasher(_PASSES, _MEMORY_KIB, _LANES, type=Type.ID)
    return str(hasher.hash(password))


def is_right(password: str, kept: str) -> bool:
    """Whether it is the password of which this was kept."""
    if len(password) > MAX_LENGTH or not kept:
        return False
    if kept.startswith(_SCRYPT_MARK):
        salt, digest = (base64.b64decode(part) for part in kept.split("$")[2:])
        return hmac.compare_digest(hashlib.scrypt(password.encode(), salt=salt, **SCRYPT), digest)
    from argon2 import PasswordHasher  # noqa: PLC0415 - most commands need none
    from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

    try:
        return bool(PasswordHasher().verify(kept, password))
    except (VerificationError, InvalidHashError):
        return False


def is_old(kept: str) -> bool:
    """Whether the password is kept as it was once, and is to be hashed anew when it is known."""
    return kept.startswith(_SCRYPT_MARK) and has_argon2()


@cache
def has_argon2() -> bool:
    """Whether the library is here; there are machines for which nobody has built it."""
    return find_spec("argon2") is not None


def kept_scrypt(salt: bytes, digest: bytes) -> str:
    """How an older LopHoc's hash is kept beside the others."""
    return _SCRYPT_MARK + "$".join(base64.b64encode(part).decode() for part in (salt, digest))


@cache
def nobodys() -> str:
    """The hash of a password that nobody has: a name without an account takes as long."""
    return hashed(secrets.token_hex(16))


@cache
def _common() -> frozenset[str]:
    lines = _LIST.read_text("utf-8").splitlines()
    return frozenset(_plain(line) for line in lines if line and not line.startswith("#"))


def _plain(text: str) -> str:
    """Small letters without marks and blanks, as they are typed on any keyboard."""
    parts = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(sign for sign in parts if not unicodedata.combining(sign) and sign != " ")


def _is_short_number(text: str) -> bool:
    """Whether it is a day, a telephone, an identity number: there are few of them."""
    return text.isdecimal() and len(text) <= _LONGEST_NUMBER


def _is_run(text: str) -> bool:
    """Whether each sign is the next one of its alphabet, up or down, or the same."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return len(steps) == 1 and steps <= {-1, 0, 1}
