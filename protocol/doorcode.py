"""This file signs the code on a door card, and tells a signed one from a forged one. Pure.

Fifteen bytes: the key's version, a random serial, and the first 64 bits of an HMAC-SHA256 (RFC
2104, section 5). As base32 (RFC 4648, section 6) they are 24 capitals and digits, which a QR
code of version 2 holds. Nothing of the child is in it.

Rooms know a card by its fingerprint, from which neither its text nor a key can be made.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

SERIAL_BYTES: Final = 6
TEXT_LENGTH: Final = 24

_TAG_BYTES: Final = 8
_VERSIONS: Final = 256
# What is signed with this key for another purpose is no door card.
_PURPOSE: Final = b"lophoc door card 1\0"
_FINGERPRINT: Final = b"lophoc door card fingerprint 1\0"
_FINGERPRINT_DIGITS: Final = 32  # 128 bits; of a text some 112 are random


def sign(key: bytes, version: int, serial: bytes) -> str:
    """The text of a door card. version: of the key, 0..255. serial: SERIAL_BYTES random bytes.

    Raises ValueError where one of them does not fit.
    """
    if not key or not 0 <= version < _VERSIONS or len(serial) != SERIAL_BYTES:
        raise ValueError("no such key, version or serial")
    signed = bytes((version,)) + serial
    return base64.b32encode(signed + _tag(key, signed)).decode("ascii")


def read(text: str, keys: Mapping[int, bytes]) -> bytes | None:
    """The serial of a door card that one of our keys signed; None for any other text.

    keys: by version. Compares in constant time.
    """
    if len(text) != TEXT_LENGTH:
        return None
    try:
        decoded = base64.b32decode(text)
    except (binascii.Error, ValueError):
        return None
    signed, tag = decoded[:-_TAG_BYTES], decoded[-_TAG_BYTES:]
    key = keys.get(signed[0], b"")
    right = hmac.compare_digest(_tag(key, signed), tag)
    return signed[1:] if key and right else None


def fingerprint(text: str) -> str:
    """By what a room without a key knows a card: 32 hex digits (SHA-256). Any text has one."""
    digest = hashlib.sha256(_FINGERPRINT + text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:_FINGERPRINT_DIGITS]


def _tag(key: bytes, signed: bytes) -> bytes:
    return hmac.digest(key, _PURPOSE + signed, "sha256")[:_TAG_BYTES]
