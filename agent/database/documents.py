"""This file keeps what the room knows over a restart: TinyDB tables in one JSON file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace
from tinydb import TinyDB

from agent.database.generations import DocumentError, GenerationStorage, damaged_error
from agent.equipment.addresses import TypedAddress
from agent.equipment.merge import Decision
from agent.equipment.ownership import Mark
from agent.equipment.switch import CameraSwitch
from agent.equipment.traces import Trace
from agent.lessons.lesson import RunningLesson
from agent.lessons.marks import PupilMark
from agent.placement import SavedPlacement
from hardware.readings import Kind
from protocol.erasure import PupilSearch
from protocol.handle import Handle
from protocol.leftovers import let_go_aside, words_aside
from protocol.model import Device
from protocol.plan import Plan
from protocol.shapes import from_plain
from protocol.words import N_

FORMAT: Final = 5

# Of format 1 there are the devices alone; what sources said of them is heard anew. Up to format
# 2 marks and the lesson stood here; they are kept with the outbox's records now.
_READ: Final = frozenset({1, 2, 3, 4, FORMAT})
_PLACE: Final = ("stay", "answers", "camera", "ours", "strangers")


class RowKind(NamedTuple):
    """What each row of a table is, and the field of the state that has it."""

    field: str
    kind: Any


# Every table of every format, for whoever reads a document, sound or damaged.
LISTS: Final = {
    "devices": RowKind("devices", Device),
    "traces": RowKind("traces", Trace),
    "decisions": RowKind("decisions", Decision),
    "typed": RowKind("typed", TypedAddress),
    "roll": RowKind("marks", PupilMark),
}
SINGLES: Final = {"plan": RowKind("plan", Plan), "lesson": RowKind("running", RunningLesson)}
OWN_FIELDS: Final = {"identity": ("agent_id",), "place": (*_PLACE, "camera_off")}
TABLES: Final = frozenset({*LISTS, *SINGLES, *OWN_FIELDS})
_OLD_TABLES: Final = ("roll", "lesson")


class SavedState(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an agent remembers: its own id and room, the devices, the school's plan.

    traces: what sources said of devices. decisions, answers: what people said of them.
    ours, strangers: the devices that people called this room's, and not this room's.
    typed: the addresses that people added. camera: how people switched the room's cameras.
    camera_off: the same in formats up to 4, not written. marks, running: what formats 1 and 2 had;
    a room at work has none.
    """

    agent_id: str = ""
    devices: tuple[Device, ...] = ()
    traces: tuple[Trace, ...] = ()
    decisions: tuple[Decision, ...] = ()
    answers: dict[str, Kind] = {}
    ours: tuple[Mark, ...] = ()
    strangers: tuple[Mark, ...] = ()
    stay: SavedPlacement = SavedPlacement()
    typed: tuple[TypedAddress, ...] = ()
    camera: CameraSwitch = CameraSwitch()
    camera_off: bool = False
    plan: Plan = Plan()
    marks: tuple[PupilMark, ...] = ()
    running: RunningLesson | None = None


class Documents:
    """The document file; `load` reads it, then `save` keeps it up to date."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._saved: SavedState | None = None
        self._handle: Handle[GenerationStorage] = Handle(GenerationStorage.close, _closed_error)
        self._handle.open(GenerationStorage(path))

    def load(self) -> SavedState:
        """What was saved; nothing if there has never been a file.

        Raises DocumentError if the file is damaged, unreadable or from a newer LopHoc.
        """
        with self._handle.use() as storage:
            self._saved = _state_in(self._path, _tables_in(storage))
            return self._saved

    def save(self, saved: SavedState) -> bool:
        """Write if anything but the last sight of a device is new; says whether it wrote.

        Few writes: an SD card lives from them. Raises DocumentError; the old file then stays.
        """
        with self._handle.use() as storage:
            if self._saved is not None and _gist(saved) == _gist(self._saved):
                return False
            _write(storage, saved)
            self._saved = saved
            return True

    def scrub(self) -> None:
        """Leave nothing in the backup that is not in the document. Raises DocumentError."""
        with self._handle.use() as storage:
            storage.save()
            storage.save()

    def let_go_aside(self, search: PupilSearch) -> list[Path]:
        """Delete damaged files with the pupil; returns which of the folder's still hold one.

        Raises OSError.
        """
        for word in words_aside(self._path.parent):
            search.is_pupil(word)
        return let_go_aside(self._path.parent, search.ids)

    def close(self) -> None:
        """Wait for whoever saves; then nothing more is saved."""
        self._handle.close()


def _write(storage: GenerationStorage, saved: SavedState) -> None:
    db = _tables_in(storage)
    for name, rows in _rows(saved).items():
        table = db.table(name)
        table.truncate()
        table.insert_multiple(rows)
    for name in _OLD_TABLES:
        if not len(db.table(name)):
            db.drop_table(name)
    storage.save()


def _tables_in(storage: GenerationStorage) -> TinyDB:
    return TinyDB(storage=lambda: storage)


def _closed_error() -> DocumentError:
    return DocumentError("documents_closed", N_("The documents are not open."))


def _state_in(path: Path, db: TinyDB) -> SavedState:
    if unknown := db.tables() - {*TABLES, "_default"}:
        raise damaged_error(path, f"it has an unknown table {min(unknown)[:40]!r}")
    identity = dict((_all(db, "identity") or [{}])[0])
    if identity.pop("format", FORMAT) not in _READ:
        raise DocumentError(
            "documents_newer",
            N_("The documents {path} were written by a newer LopHoc."),
            N_("Install that version again."),
            path=path,
        )
    tree = identity | next(iter(_all(db, "place")), {})
    tree |= {each.field: _all(db, name) for name, each in LISTS.items()}
    tree |= {each.field: row for name, each in SINGLES.items() for row in _all(db, name)[:1]}
    try:
        return from_plain(tree, SavedState)
    except msgspec.ValidationError as error:
        raise damaged_error(path, str(error)) from error


def _all(db: TinyDB, table: str) -> list[dict[str, Any]]:
    return [dict(row) for row in db.table(table).all()]


def _rows(saved: SavedState) -> dict[str, list[dict[str, Any]]]:
    tree = msgspec.to_builtins(saved)
    return {
        "identity": [{"format": FORMAT, "agent_id": saved.agent_id}],
        **{name: tree[each.field] for name, each in LISTS.items()},
        "place": [{name: tree[name] for name in _PLACE}],
        "plan": [tree["plan"]] if saved.plan != Plan() else [],
        "lesson": [tree["running"]] if saved.running else [],
    }


def _gist(saved: SavedState) -> SavedState:
    return replace(
        saved,
        devices=tuple(replace(device, last_seen_ms=0) for device in saved.devices),
        traces=tuple(replace(trace, at_ms=0) for trace in saved.traces),
    )
