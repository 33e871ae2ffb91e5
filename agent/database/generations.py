"""This file writes a JSON document so that a power cut leaves the old one or the new one, whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tinydb import Storage

from protocol.errors import LopHocError
from protocol.folder import OWNER_ONLY, write_whole
from protocol.words import N_

Tree = dict[str, dict[str, Any]]

_LOOK_AT_DISK: Final = N_("Check the folder's owner and the free space on the disk.")


class DocumentError(LopHocError):
    """The documents could not be read or written; `code` says why, `hint` what to do."""


def backup_of(path: Path) -> Path:
    """Where the generation before is kept."""
    return path.with_name(path.name + ".bak")


class GenerationStorage(Storage):
    """TinyDB's storage: all tables in one write, whole; the generation before is the backup."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tree: Tree | None = None

    def read(self) -> Tree | None:
        """The document; None if there has never been one. Raises DocumentError."""
        if self._tree is None:
            self._tree = self._read()
        return self._tree

    def write(self, data: Tree) -> None:
        """Change the document in memory; `keep` takes it to the disk."""
        self._tree = data

    def save(self) -> None:
        """Put the document in the old one's place, which becomes the backup. Raises DocumentError.

        A write that fails leaves the old document where it was.
        """
        text = json.dumps(self._tree, indent=2, ensure_ascii=False) + "\n"
        try:  # for this user only: it names pupils
            write_whole(self._path, text.encode(), OWNER_ONLY, backup=backup_of(self._path))
        except OSError as error:
            message = N_("The documents {path} cannot be written: {cause}.")
            raise _disk_error("documents_refused", message, self._path, error) from error

    def _read(self) -> Tree | None:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            if backup_of(self._path).exists():
                raise damaged_error(self._path, "it is gone, its backup is not") from None
            return None
        except OSError as error:
            message = N_("The documents {path} cannot be read: {cause}.")
            raise _disk_error("documents_unreadable", message, self._path, error) from error
        return _tree_of(self._path, content)


def damaged_error(path: Path, why: str) -> DocumentError:
    """The error of a document that is there but is no document."""
    return DocumentError(
        "documents_damaged",
        N_("The documents {path} are damaged: {cause}."),
        N_("Run: lophoc-agent repair --data {folder}"),
        path=path,
        cause=why,
        folder=path.parent,
    )


def _tree_of(path: Path, content: bytes) -> Tree:
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise damaged_error(path, "not whole") from error
    if not isinstance(tree, dict) or not all(isinstance(table, dict) for table in tree.values()):
        raise damaged_error(path, "not a table of tables")
    return tree


def _disk_error(code: str, message: str, path: Path, error: OSError) -> DocumentError:
    cause = error.strerror or error
    return DocumentError(code, message, _LOOK_AT_DISK, path=path, cause=cause)
