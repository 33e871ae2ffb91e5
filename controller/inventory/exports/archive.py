"""This file packs files into a ZIP that flows: what is packed leaves before the next is made."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_PART_BYTES: Final = 32_768  # a part goes through a thread of its own: small ones cost more
_FIRST_YEAR: Final = 1980  # of which a ZIP can tell


def zipped(files: Iterable[tuple[str, bytes]], at: datetime) -> Iterator[bytes]:
    """The files, by name, as a ZIP in parts. at: the local time that they bear."""
    pipe = _Pipe()
    stamp = (max(at.year, _FIRST_YEAR), at.month, at.day, at.hour, at.minute, at.second)
    with zipfile.ZipFile(pipe, "w") as archive:
        for name, raw in files:
            info = zipfile.ZipInfo(name, stamp)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, raw)
            if len(pipe.waiting) >= _PART_BYTES:
                yield pipe.flushed()
    yield pipe.flushed()


class _Pipe(io.RawIOBase):
    """What is written waits until it is taken out; it cannot be sought in."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = bytearray()

    def write(self, part: ReadableBuffer, /) -> int:
        """Let it wait."""
        raw = bytes(part)
        self.waiting += raw
        return len(raw)

    def flushed(self) -> bytes:
        """Take out what waits."""
        raw = bytes(self.waiting)
        self.waiting.clear()
        return raw
