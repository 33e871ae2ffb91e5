"""This file looks for words that must not be told, however they are written, where all may look."""

from __future__ import annotations

import base64
import json
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote, quote_plus

_LOOK_EVERY_S = 0.05  # a program that does anything lives longer


def spellings(word: str) -> set[bytes]:
    """How a word may stand in a line, an address, a JSON, a header."""
    forms = {unicodedata.normalize(form, word) for form in ("NFC", "NFD")}
    said = {text for form in forms for text in (form, json.dumps(form)[1:-1], repr(form)[1:-1])}
    said |= {text for form in forms for text in (quote(form, safe=""), quote_plus(form))}
    said |= {"".join(map(_in_topic, form)) for form in forms}
    raw = {text.encode() for text in said}
    whole = {base64.b64encode(form.encode()).rstrip(b"=") for form in forms}
    return raw | {repr(text)[2:-1].encode() for text in raw} | whole


def _in_topic(sign: str) -> str:
    """As a level of a topic writes it."""
    is_plain = sign.isascii() and (sign.islower() or sign.isdigit())
    return sign if is_plain else f"-x{ord(sign):x}-"


def leaks(secrets: Mapping[str, str], told: Mapping[str, Iterable[bytes]]) -> list[tuple[str, str]]:
    """Which secret, by its name, stands where. told: what was told, by where it was."""
    wanted = {name: spellings(word) for name, word in secrets.items() if word}
    return sorted(
        {
            (name, where)
            for where, texts in told.items()
            for text in texts
            for name, words in wanted.items()
            if any(word in text for word in words)
        }
    )


class Processes:
    """Keeps what each process that is begun meanwhile shows to all: its words and surroundings."""

    def __init__(self) -> None:
        self._before = {*_running()}
        self._seen: dict[tuple[Path, bytes], bytes] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def command_lines(self) -> list[bytes]:
        """Every one that was seen."""
        return [line for _, line in self._seen]

    @property
    def surroundings(self) -> list[bytes]:
        """The environment of each of them."""
        return [*self._seen.values()]

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_EVERY_S):
            for folder in {*_running()} - self._before:
                line, around = (_shown(folder / name) for name in ("cmdline", "environ"))
                if line:
                    self._seen[folder, line] = around


def _running() -> Iterator[Path]:
    return (folder for folder in Path("/proc").iterdir() if folder.name.isdecimal())


def _shown(path: Path) -> bytes:
    """What stands there; nothing where the process has gone."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
