"""This file packs files into a ZIP that flows: what is packed leaves before the next is made.

Its directory comes last and would grow with each file: it waits on the disk, so that half a
million files cost no memory. The form is PKWARE's APPNOTE 6.3, with its ZIP64 where it must be.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import IO, Final, NamedTuple

_PART_BYTES: Final = 32_768  # a part goes through a thread of its own: small ones cost more
_FIRST_YEAR: Final = 1980  # of which a ZIP can tell
_LOCAL: Final = struct.Struct("<4s5H3I2H")  # 4.3.7
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")  # 4.3.12
_END: Final = struct.Struct("<4s4H2IH")  # 4.3.16
_END_64: Final = struct.Struct("<4sQ2H2I4Q")  # 4.3.14
_LOCATOR_64: Final = struct.Struct("<4sIQI")  # 4.3.15
_UTF8, _DEFLATED, _VERSION, _VERSION_64 = 0x800, 8, 20, 45
_MANY, _LONG = 0xFFFF, 0xFFFFFFFF


class _Entry(NamedTuple):
    """A file as both of its headers tell it."""

    name: bytes
    time: int
    date: int
    crc: int
    packed: int
    size: int

    def local(self) -> bytes:
        """The header before what is packed."""
        told = (_DEFLATED, self.time, self.date, self.crc, self.packed, self.size)
        return _LOCAL.pack(b"PK\3\4", _VERSION, _UTF8, *told, len(self.name), 0) + self.name

    def central(self, offset: int) -> bytes:
        """Its line in the directory."""
        is_far = offset >= _LONG
        more = struct.pack("<2HQ", 1, 8, offset) if is_far else b""  # 4.5.3
        told = (_DEFLATED, self.time, self.date, self.crc, self.packed, self.size)
        version = _VERSION_64 if is_far else _VERSION
        rest = (len(self.name), len(more), 0, 0, 0, 0, min(offset, _LONG))
        head = _CENTRAL.pack(b"PK\1\2", version, version, _UTF8, *told, *rest)
        return head + self.name + more


def zipped(files: Iterable[tuple[str, bytes]], at: datetime) -> Iterator[bytes]:
    """The files, by name, as a ZIP in parts. at: the local time that they bear."""
    with tempfile.TemporaryFile() as directory:
        waiting, offset, count = bytearray(), 0, 0
        for name, raw in files:
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            packed = packer.compress(raw) + packer.flush()
            time, date = _stamp(at)
            entry = _Entry(name.encode(), time, date, zlib.crc32(raw), len(packed), len(raw))
            directory.write(entry.central(offset))
            local = entry.local()
            waiting += local
            waiting += packed
            offset, count = offset + len(local) + len(packed), count + 1
            if len(waiting) >= _PART_BYTES:
                yield bytes(waiting)
                waiting.clear()
        yield bytes(waiting)
        yield from _ending(directory, offset, count)


def _ending(directory: IO[bytes], offset: int, count: int) -> Iterator[bytes]:
    """The directory, and where it lies."""
    size = directory.tell()
    directory.seek(0)
    while part := directory.read(_PART_BYTES):
        yield part
    if count >= _MANY or max(offset, size) >= _LONG:
        sizes = (count, count, size, offset)
        yield _END_64.pack(b"PK\6\6", _END_64.size - 12, _VERSION_64, _VERSION_64, 0, 0, *sizes)
        yield _LOCATOR_64.pack(b"PK\6\7", 0, offset + size, 1)
    files = min(count, _MANY)
    yield _END.pack(b"PK\5\6", 0, 0, files, files, min(size, _LONG), min(offset, _LONG), 0)


def _stamp(at: datetime) -> tuple[int, int]:
    """The time and the day as MS-DOS wrote them."""
    year = max(at.year, _FIRST_YEAR) - _FIRST_YEAR
    return at.hour << 11 | at.minute << 5 | at.second // 2, year << 9 | at.month << 5 | at.day
