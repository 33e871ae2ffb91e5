"""This file gives a test a database of its own at the price of a copied file."""

from __future__ import annotations

from pathlib import Path

from controller.database.store import Store
from tests.databases import empty_sqlite, sqlite_in


def fresh_store(folder: str | Path) -> Store:
    """A store that is not open yet, on a database of today's schema."""
    path = Path(folder) / "a.db"
    path.write_bytes(empty_sqlite())
    return Store(f"sqlite:///{path}")


def fresh_folder(folder: Path) -> Path:
    """A controller's folder as its first start leaves it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    sqlite_in(folder)
    (folder / "lophoc.db").chmod(0o600)
    return folder
