"""This file is a school with a key and a place for its copies, and what became of them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from functools import cache
from pathlib import Path

from controller.config import ControllerConfig
from controller.copies.content import COPIES
from controller.copies.copying import make_copy
from controller.copies.keys import Key, age, keep_key
from controller.copies.restore import Restored, restore
from controller.copies.standing import PlaceStanding
from tests.controller.fresh import fresh_folder

NAME = "Nguyễn Thị Bí Mật"
WRAPPED = b"-----BEGIN AGE ENCRYPTED FILE-----\nAA==\n-----END AGE ENCRYPTED FILE-----\n"


@cache
def quick_key() -> Key:
    """A key whose wrapping is a stand-in, for the real one costs seconds."""
    return Key(age().x25519.Identity.generate(), WRAPPED)


def opener(wrapped: bytes) -> Key:
    """Opens what the quick key closed."""
    return Key(quick_key().identity, wrapped)


class CopiedSchool:
    """A data folder and a place beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = fresh_folder(folder / "data")
        self.place = folder / "stick"
        self.place.mkdir()
        self.config = ControllerConfig(
            school="00140708", province="14", data=self.data, keep_copies=2
        )
        self.now_ms = 1_800_000_000_000
        keep_key(self.data / COPIES, quick_key())

    @property
    def shelf(self) -> Path:
        """Where the copies stand."""
        return self.place / "lophoc-14-00140708"

    def files(self) -> list[Path]:
        """The copies, the oldest first."""
        return sorted(
            self.shelf.glob("*.copy"), key=lambda path: (path.name[:13], path.stat().st_mtime_ns)
        )

    def say(self, *statements: str) -> None:
        """Change the database, as the controller does."""
        with closing(sqlite3.connect(self.data / "lophoc.db")) as db:
            db.execute("PRAGMA journal_mode = WAL")
            for statement in statements:
                db.execute(statement)
            db.commit()

    def copy(self, *, full: bool = False) -> PlaceStanding:
        """Make a copy; a step where that can be."""
        self.now_ms += 900_000
        return make_copy(self.config, str(self.place), self.now_ms, full=full, prepare=True)

    def restore(self, source: Path | None = None, name: str = "new") -> tuple[Path, Restored]:
        """Bring it back into another folder."""
        data = self.folder / name
        return data, restore(source or self.place, data, opener)


def dump(database: Path) -> list[str]:
    """All that a database holds, as statements."""
    with closing(sqlite3.connect(database)) as db:
        return list(db.iterdump())


def in_another_process(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a few lines as a program."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
