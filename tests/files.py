"""What stands in folders whose programs work on while a test looks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from protocol.tree import paths_below


def files_below(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below the folder and what it holds, but for those that go meanwhile."""
    for path in paths_below(folder):
        with suppress(FileNotFoundError):
            if path.is_file():
                yield path, path.read_bytes()
