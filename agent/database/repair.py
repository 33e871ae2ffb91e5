"""This file mends an agent's damaged files: aside with what is broken, back with what is sound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from msgspec.structs import replace

from agent.database import DOCUMENTS, OUTBOX
from agent.database.documents import Documents
from agent.database.generations import DocumentError, backup_of
from agent.database.salvage import salvage
from agent.equipment.switch import CameraSwitch
from protocol.clock import wall_ms
from protocol.folder import OWNER_ONLY, lock_folder, replace_file, write_whole
from protocol.formats import phrase
from protocol.model import instant
from protocol.outbox import mend
from protocol.settings import SettingsError
from protocol.words import N_, Translate

_PUT_ASIDE: Final = N_("The damaged {file} is kept as {aside}.")


class RepairNote(NamedTuple):
    """Something that was done: a sentence with {names}, and the values for them."""

    message: str
    values: Mapping[str, object]

    def text(self, translate: Translate) -> str:
        """The sentence in the translator's language."""
        return phrase(self.message, translate, **self.values)


def repair(folder: Path) -> list[RepairNote]:
    """Mend what is damaged, and tell what was done.

    Nothing is deleted: what is damaged is kept beside under another name.
    Raises SettingsError if an agent is running on the folder, OutboxError, DocumentError.
    """
    if not folder.is_dir():
        raise SettingsError(
            "data_missing",
            N_("There is no folder {folder}."),
            N_("Give the agent's own with --data."),
            folder=folder,
        )
    stamp = f"{instant(wall_ms()):%Y%m%dT%H%M%SZ}"
    with lock_folder(folder):
        done = [*_mend_documents(folder / DOCUMENTS, stamp), *_mend_outbox(folder / OUTBOX, stamp)]
    return done or [_note(N_("Nothing in {folder} is damaged."), folder=folder)]


def _mend_documents(path: Path, stamp: str) -> Iterator[RepairNote]:
    if _documents_sound(path):
        return
    backup = backup_of(path)
    restored = backup.exists() and _documents_sound(backup)
    rest = salvage(path.read_bytes() if path.exists() else b"")
    if not rest.rows and backup.exists():
        rest = salvage(backup.read_bytes())
    for broken in (path,) if restored else (path, backup):
        if broken.exists():
            aside = _aside(broken, stamp)
            replace_file(broken, aside)
            yield _note(_PUT_ASIDE, file=broken.name, aside=aside.name)
    if restored:
        write_whole(path, backup.read_bytes(), OWNER_ONLY)
        yield _note(
            N_("{file} is restored from {backup}: the state one change before."),
            file=path.name,
            backup=backup.name,
        )
    elif rest.rows:
        documents = Documents(path)
        documents.load()
        documents.save(rest.saved)
        yield _note(
            N_(
                "{file}: {rows} {rows:entry was|entries were} saved, {refused} {refused:makes no"
                " sense and was|make no sense and were} left out."
            ),
            file=path.name,
            rows=rest.rows,
            refused=rest.refused,
        )
    else:
        yield _note(
            N_("There is no sound backup: devices are found again, today's roll begins anew here.")
        )
    if _close_cameras(path):
        yield _note(
            N_("The cameras are off, for nobody knows how they were: switch them on in the room.")
        )


def _close_cameras(path: Path) -> bool:
    """Off rather than on, where the newest word is lost; whether they were not off already."""
    documents = Documents(path)
    saved = documents.load()
    if saved.camera.off:
        return False
    return documents.save(
        replace(saved, camera=CameraSwitch(off=True, command=saved.camera.command))
    )


def _documents_sound(path: Path) -> bool:
    """Whether the documents can be loaded. Raises DocumentError if that cannot be said."""
    try:
        Documents(path).load()
    except DocumentError as error:
        if error.code != "documents_damaged":
            raise
        return False
    return True


def _mend_outbox(path: Path, stamp: str) -> Iterator[RepairNote]:
    aside = _aside(path, stamp)
    saved = mend(path, aside)
    if saved is None:
        return
    yield _note(_PUT_ASIDE, file=path.name, aside=aside.name)
    yield _note(N_("{count} waiting {count:message was|messages were} saved."), count=saved)


def _note(message: str, **values: object) -> RepairNote:
    return RepairNote(message, values)


def _aside(path: Path, stamp: str) -> Path:
    return path.with_name(f"{path.name}.damaged-{stamp}")
