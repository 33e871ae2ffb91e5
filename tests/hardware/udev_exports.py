"""Reads the text of `udevadm info --export-db` into property mappings."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware.usb import export

HERE = Path(__file__).parent
# Dumps of real machines, kept beside the repository where they are at hand.
DUMPS = HERE.parents[1].parent / "shared/data/udev"


def nodes_of(text: str) -> list[dict[str, str]]:
    """Give the properties of each node of an export."""
    return list(export.nodes_of(text.split("\n")))


def classroom() -> list[dict[str, str]]:
    """Give our own small export: camera, hub, twins, keyboard, board, touchscreens."""
    return nodes_of((HERE / "udev/classroom.txt").read_text("utf-8"))


def real(name: str) -> Path:
    """Give the path of a file of a real machine, or skip."""
    path = DUMPS / name
    return path if path.exists() else pytest.skip(f"a real machine's data is not at hand: {name}")
