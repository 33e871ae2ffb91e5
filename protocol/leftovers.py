"""This file looks whether a word, such as an erased pupil's id, stands in a folder's files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from protocol.tree import paths_below

_BLOCK: Final = 1 << 20
_LEAST: Final = 6  # characters; a shorter word stands by chance in any file
_QUOTED: Final = re.compile(rb'"([^"\\]{1,64})"')
DAMAGED: Final = ".damaged-"  # in the name of a file that a repair has put aside


def files_naming(folder: Path, words: Iterable[str]) -> list[Path]:
    """The files below the folder that hold one of the words, as text or as JSON text.

    A word of fewer than 6 characters is looked for between quotes alone. Files that go meanwhile
    hold nothing. Raises OSError where one cannot be read.
    """
    needles = [needle for word in words for needle in _needles(word)]
    if not needles:
        return []
    paths = sorted(paths_below(folder))
    files = (path for path in paths if path.is_file() and not path.is_symlink())
    return [path for path in files if _holds(path, needles)]


def let_go_aside(folder: Path, words: Iterable[str]) -> list[Path]:
    """Delete what repairs put aside and holds one of the words; returns the files that still do.

    Raises OSError.
    """
    naming = files_naming(folder, words)
    for path in naming:
        if DAMAGED in path.name:
            path.unlink(missing_ok=True)
    return [path for path in naming if DAMAGED not in path.name]


def words_aside(folder: Path) -> set[str]:
    """What stands between quotes in the files that repairs put aside. Raises OSError."""
    aside = (path for path in paths_below(folder) if DAMAGED in path.name and path.is_file())
    return {
        word.decode("utf-8", "replace")
        for path in aside
        for word in _QUOTED.findall(path.read_bytes())
    }


def _needles(word: str) -> Iterable[bytes]:
    forms = {word, json.dumps(word)[1:-1]}
    return [
        (form if len(word) >= _LEAST else f'"{form}"').encode() for form in sorted(forms) if word
    ]


def _holds(path: Path, needles: Iterable[bytes]) -> bool:
    overlap = max(map(len, needles)) - 1
    rest = b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                text = rest + block
                if any(needle in text for needle in needles):
                    return True
                rest = text[-overlap:] if overlap else b""
    except FileNotFoundError:
        pass
    return False
