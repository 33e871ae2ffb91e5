"""This file gives a test a database of its own at the price of a copied file."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from controller.database.store import Store


@cache
def _empty() -> bytes:
    """A database with all its tables and no row."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.db"
        with Store(f"sqlite:///{path}"):
            pass
        return path.read_bytes()


def fresh_store(folder: str | Path) -> Store:
    """A store that is not open yet, on a database of today's schema."""
    path = Path(folder) / "a.db"
    path.write_bytes(_empty())
    return Store(f"sqlite:///{path}")


def fresh_folder(folder: Path) -> Path:
    """A controller's folder as its first start leaves it."""
    folder.mkdir(exist_ok=True)
    (folder / "lophoc.db").write_bytes(_empty())
    return folder
