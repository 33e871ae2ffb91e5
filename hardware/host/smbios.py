"""This file finds the machine's own serial in its firmware's tables; pure.

Source: DMTF DSP0134, System Management BIOS, 6.1 and 7.2; Microsoft, RawSMBIOSData.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

_HEAD_BYTES: Final = 8  # of what Windows puts in front
_LEAST_BYTES: Final = 4  # of a structure
_SYSTEM, _SERIAL_AT, _END = 1, 7, 127


class _Structure(NamedTuple):
    kind: int
    body: bytes
    texts: list[bytes]


def serial_in(raw: bytes) -> str:
    """Give the serial, "" where the tables tell none, or are none."""
    for one in _structures(raw[_HEAD_BYTES:]):
        if one.kind == _SYSTEM and len(one.body) > _SERIAL_AT:
            number = one.body[_SERIAL_AT]
            if 0 < number <= len(one.texts):
                return one.texts[number - 1].decode("ascii", "replace").strip()
    return ""


def _structures(table: bytes) -> Iterator[_Structure]:
    at = 0
    while at + _LEAST_BYTES <= len(table):
        kind, length = table[at], table[at + 1]
        texts_end = table.find(b"\0\0", at + length)
        if length < _LEAST_BYTES or texts_end < 0 or kind == _END:
            return
        yield _Structure(kind, table[at : at + length], table[at + length : texts_end].split(b"\0"))
        at = texts_end + 2
