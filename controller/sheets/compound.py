"""This file takes one stream out of a compound file, the container of .xls; pure.

Source: Microsoft, [MS-CFB], Compound File Binary File Format.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

_END: Final = 0xFFFFFFFA  # sectors from here on are none
_ENTRY: Final = 128  # bytes of the directory
_ROOT: Final = 5
_IN_HEADER: Final = 109  # sectors of the table of sectors that the header names
_SMALL: Final = 6  # a small sector has 2^6 bytes


class CompoundError(ValueError):
    """The container is damaged."""


def stream_of(raw: bytes, *names: str) -> bytes:
    """The first stream by one of these names; empty where there is none. Raises CompoundError."""
    try:
        return _File(raw).stream(names)
    except (struct.error, IndexError) as error:
        raise CompoundError from error


class _File:
    """A container: its sectors, the table that chains them, its directory."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._size = 1 << min(struct.unpack_from("<H", raw, 30)[0], 12)
        directory, _, self._small_below, small, _, more = struct.unpack_from("<6I", raw, 48)
        tables = [*struct.unpack_from(f"<{_IN_HEADER}I", raw, 76)]
        per_sector = self._size // 4
        for _ in range(len(raw) // self._size):
            if more >= _END:
                break
            *listed, more = struct.unpack(f"<{per_sector}I", self._sector(more))
            tables += listed
        self._next: list[int] = []
        for table in tables:
            if table < _END:
                self._next += struct.unpack(f"<{per_sector}I", self._sector(table))
        self._entries = self._chain(directory)
        self._small_start = small

    def stream(self, names: Sequence[str]) -> bytes:
        found: dict[str, tuple[int, int]] = {}
        root = _END
        for at in range(0, len(self._entries), _ENTRY):
            length, kind = struct.unpack_from("<HB", self._entries, at + 64)
            start, size = struct.unpack_from("<2I", self._entries, at + 116)
            name = self._entries[at : at + max(0, min(length, 64) - 2)].decode(
                "utf-16-le", "ignore"
            )
            if kind == _ROOT:
                root = start
            elif kind:
                found.setdefault(name.casefold(), (start, size))
        for name in names:
            if name.casefold() in found:
                start, size = found[name.casefold()]
                is_small = size < self._small_below
                return (self._small(start, root) if is_small else self._chain(start))[:size]
        return b""

    def _sector(self, number: int) -> bytes:
        start = (number + 1) * self._size
        data = self._raw[start : start + self._size]
        return data + bytes(self._size - len(data))  # the last one may be cut

    def _chain(self, start: int) -> bytes:
        return b"".join(map(self._sector, _chained(start, self._next)))

    def _small(self, start: int, root: int) -> bytes:
        """A stream of small sectors, which all stand in the root's stream."""
        whole, table = self._chain(root), self._chain(self._small_start)
        chain = _chained(start, struct.unpack(f"<{len(table) // 4}I", table))
        return b"".join(whole[at << _SMALL : (at + 1) << _SMALL] for at in chain)


def _chained(start: int, following: Sequence[int]) -> list[int]:
    """The sectors of a stream in their order. Raises CompoundError for one without an end."""
    chain: list[int] = []
    while start < _END:
        if len(chain) > len(following):
            raise CompoundError
        chain.append(start)
        start = following[start]
    return chain
