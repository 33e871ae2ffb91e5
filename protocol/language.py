"""This file finds a text's Vietnamese; it stands alone, so that a small program stays small."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("vi", "en")
Translate = Callable[[str], str]

_NAME: Final = re.compile(r"\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}")
_LOCALE: Final = Path(__file__).with_name("locale")


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
    return gettext.translation("lophoc", _LOCALE, [language], fallback=True).gettext


def requested_language(lang: str, accept_language: str, default: str) -> str:
    """Of a request: by its ?lang=, then by Accept-Language (RFC 9110, 12.5.4), else the default."""
    accepted = (part.partition(";")[0].strip()[:2] for part in accept_language[:200].split(","))
    wanted = (lang, *map(str.lower, accepted))
    return next((language for language in wanted if language in LANGUAGES), default)


def preferred_language(environ: Mapping[str, str]) -> str:
    """Vietnamese, unless the machine is set to English."""
    locale = environ.get("LC_ALL") or environ.get("LC_MESSAGES") or environ.get("LANG") or ""
    return "en" if locale.startswith("en") else "vi"
