"""Reads the text of `udevadm info --export-db` into property mappings."""

from __future__ import annotations

import gzip
from pathlib import Path

HERE = Path(__file__).parent
# Dumps of real machines, kept beside the repository where they are at hand.
DUMPS = HERE.parents[1].parent / "shared/data/udev"


def nodes_of(text: str) -> list[dict[str, str]]:
    """Give the properties of each node of an export; the last of two of one name counts."""
    blocks = (block.splitlines() for block in text.split("\n\n"))
    return [node for lines in blocks if (node := _node(lines))]


def classroom() -> list[dict[str, str]]:
    """Give our own small export: camera, hub, twins, keyboard, board, touchscreens."""
    return nodes_of((HERE / "udev/classroom.txt").read_text("utf-8"))


def dump(path: Path) -> list[dict[str, str]]:
    """Give the nodes of a real machine's dump."""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
        return nodes_of(file.read())


def _node(lines: list[str]) -> dict[str, str]:
    pairs = (line[3:].partition("=") for line in lines if line.startswith("E: "))
    return {name: value for name, _, value in pairs}
