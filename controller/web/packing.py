"""This file packs big answers where they are written, so that the event loop never does."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

LEVEL: Final = 6  # above it each byte that is saved costs several times as much
_GZIP: Final = 16 + zlib.MAX_WBITS  # zlib.h: with a head as of RFC 1952


def packed(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The parts as one gzip file."""
    press = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    for part in parts:
        if pressed := press.compress(part):
            yield pressed
    yield press.flush()
