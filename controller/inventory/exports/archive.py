"""This file packs files into a ZIP that flows: what is packed leaves before the next is made."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

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
            if pipe.held >= _PART_BYTES:
                yield pipe.taken()
    yield pipe.taken()


class _Pipe:
    """What is written is held until it is taken; it cannot be sought in."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.held = 0

    def write(self, part: bytes, /) -> int:
        """Hold it."""
        self._parts.append(bytes(part))
        self.held += len(part)
        return len(part)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """Nothing is open."""

    def taken(self) -> bytes:
        """What was written since it was taken last."""
        parts, self._parts, self.held = self._parts, [], 0
        return b"".join(parts)
