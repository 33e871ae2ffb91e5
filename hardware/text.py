"""This file reads the small text files by which the kernel and the firmware speak."""

from __future__ import annotations

from pathlib import Path

from hardware.readings import TEXT_LIMIT, clean


def read_text(path: Path, limit: int = TEXT_LIMIT, *, lines: bool = False) -> str:
    """Read a small file, cleaned and bounded by limit characters; "" if it cannot be read.

    lines: keep the ends of lines.
    """
    text = read_raw(path, 4 * limit).decode("utf-8", "replace").rstrip("\0")
    if lines:
        return "\n".join(clean(line, limit) for line in text.splitlines())
    return clean(text, limit)


def read_raw(path: Path, limit: int) -> bytes:
    """Read at most limit bytes of a file as they are; none if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError:
        return b""


def entries(folder: Path) -> list[Path]:
    """Give what is in a folder, in order; nothing if it cannot be read."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def read_number(path: Path) -> float | None:
    """Read a file that holds one whole number, or None if it does not."""
    text = read_text(path)
    try:
        return float(int(text))
    except ValueError:
        return None
