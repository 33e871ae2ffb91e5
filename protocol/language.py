"""This file finds a text's Vietnamese; it needs little, so that a small program stays small."""

from __future__ import annotations

import gettext
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from mmap import ACCESS_READ, mmap
from pathlib import Path
from struct import unpack_from
from typing import Final

from protocol.wishes import wishes_in

LANGUAGES: Final = ("vi", "en")
Translate = Callable[[str], str]

_NAME: Final = re.compile(r"\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}")
_LOCALE: Final = Path(__file__).with_name("locale")
_LITTLE_ENDIAN: Final = b"\xde\x12\x04\x95"
_SENTENCES_KEPT: Final = 4096


def N_(text: str) -> str:  # noqa: N802 - gettext's customary mark for text translated later
    """Mark a text for the catalogue."""
    return text


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with its {names} filled in; one without a value stays as it is.

    {name:line|lines} becomes the first word where the value is 1, else the second; one sentence may
    count several things. Values come from devices and files: a {name} in one is not filled again.
    """
    return _NAME.sub(lambda found: _filled(found, values), text)


def _filled(found: re.Match[str], values: Mapping[str, object]) -> str:
    whole, (name, one, more) = found[0], found.groups()
    if name not in values or one is None:
        return str(values.get(name, whole))
    return one if str(values[name]) == "1" else more


@lru_cache
def translator(language: str) -> Translate:
    """The function that says a message id in `language`; English where nothing is known."""
    path = gettext.find("lophoc", _LOCALE, [language])
    return lru_cache(_SENTENCES_KEPT)(_Catalogue(Path(path)).text_of) if path else str


class _Catalogue:
    """A compiled catalogue, read where it lies: gettext makes a table of all there is, of 1 MiB.

    Its tables of lengths and places are in the order of the ids (GNU gettext, "The Format of MO
    Files"), so that a text is found by halves.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._bytes = mmap(file.fileno(), 0, access=ACCESS_READ)
        self._order = "<" if self._bytes[:4] == _LITTLE_ENDIAN else ">"
        self._count, self._ids, self._texts = unpack_from(f"{self._order}3I", self._bytes, 8)

    def text_of(self, text: str) -> str:
        """What the catalogue has for a message id; the id itself where it has nothing."""
        wanted = text.encode(errors="surrogatepass")
        place = bisect_left(range(self._count), wanted, key=partial(self._at, self._ids))
        if not text or place == self._count or self._at(self._ids, place) != wanted:
            return text
        return self._at(self._texts, place).decode()

    def _at(self, table: int, place: int) -> bytes:
        length, start = unpack_from(f"{self._order}2I", self._bytes, table + 8 * place)
        return self._bytes[start : start + length]


def requested_language(lang: str, accept_language: str, default: str) -> str:
    """Of a request: by its ?lang=, then by Accept-Language (RFC 9110, 12.5.4), else the default."""
    wishes = wishes_in(accept_language, most=200)
    accepted = sorted((name for name in wishes if wishes[name]), key=lambda name: -wishes[name])
    wanted = (lang, *(name[:2] for name in accepted))
    return next((language for language in wanted if language in LANGUAGES), default)


def preferred_language(environ: Mapping[str, str]) -> str:
    """Vietnamese, unless the machine is set to English."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "en" if locale.startswith("en") else "vi"
