"""This file remembers what the room knows over a restart: TinyDB tables in one JSON file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from tinydb import TinyDB

from agent.attendance import Mark
from agent.errors import DocumentError
from agent.lesson import Running
from agent.memory.storage import GenerationStorage, damaged
from protocol.model import Device
from protocol.words import N_

FILE: Final = "documents.json"
FORMAT: Final = 1

_TABLES: Final = ("identity", "devices", "roll", "lesson")


class Remembered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an agent remembers: its own id, the devices, today's marks, the running lesson."""

    agent_id: str = ""
    devices: tuple[Device, ...] = ()
    marks: tuple[Mark, ...] = ()
    running: Running | None = None


class Documents:
    """The document file; `load` opens it, then `save` keeps it up to date."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._storage = GenerationStorage(path)
        self._kept: Remembered | None = None

    def load(self) -> Remembered:
        """What was remembered; nothing if there has never been a file.

        Raises DocumentError if the file is damaged, unreadable or from a newer LopHoc.
        """
        self._kept = _remembered(self._path, self._db())
        return self._kept

    def save(self, remembered: Remembered) -> bool:
        """Write if anything but the last sight of a device is new; says whether it wrote.

        Few writes: an SD card lives from them. Raises DocumentError; the old file then stays.
        """
        if self._kept is not None and _gist(remembered) == _gist(self._kept):
            return False
        db = self._db()
        for name, rows in _rows(remembered).items():
            table = db.table(name)
            table.truncate()
            table.insert_multiple(rows)
        self._storage.keep()
        self._kept = remembered
        return True

    def _db(self) -> TinyDB:
        return TinyDB(storage=lambda: self._storage)


def _remembered(path: Path, db: TinyDB) -> Remembered:
    if unknown := db.tables() - {*_TABLES, "_default"}:
        raise damaged(path, f"it has an unknown table {min(unknown)[:40]!r}")
    identity = dict((_all(db, "identity") or [{}])[0])
    if identity.pop("format", FORMAT) != FORMAT:
        raise DocumentError(
            "documents_newer",
            N_("The documents {path} were written by a newer LopHoc."),
            N_("Install that version again."),
            path=path,
        )
    tree = {
        **identity,
        "devices": _all(db, "devices"),
        "marks": _all(db, "roll"),
        "running": next(iter(_all(db, "lesson")), None),
    }
    try:
        return msgspec.convert(tree, Remembered)
    except msgspec.ValidationError as error:
        raise damaged(path, str(error)) from error


def _all(db: TinyDB, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in db.table(table).all()]


def _rows(remembered: Remembered) -> dict[str, list[dict[str, Any]]]:
    tree = msgspec.to_builtins(remembered)
    return {
        "identity": [{"format": FORMAT, "agent_id": remembered.agent_id}],
        "devices": tree["devices"],
        "roll": tree["marks"],
        "lesson": [tree["running"]] if remembered.running else [],
    }


def _gist(remembered: Remembered) -> Remembered:
    return replace(
        remembered, devices=tuple(replace(each, last_seen_ms=0) for each in remembered.devices)
    )
