"""This file makes text of a file's bytes, in whatever encoding people have saved them; pure."""

from __future__ import annotations

import contextlib
from typing import Final

from controller.sheets.bounds import DAMAGED
from controller.sheets.errors import Notice
from controller.sheets.letters import legacy_of
from protocol.words import N_

_ENCODINGS: Final = ("utf-8-sig", "cp1258")
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")


def text_in(raw: bytes) -> tuple[str, str]:
    """The text of a file that people wrote, be it in an old font, and its encoding.

    Raises SheetError.
    """
    return _in_old_letters(raw) or decoded(raw)


def decoded(raw: bytes) -> tuple[str, str]:
    """The text and the encoding it was found to be in. Raises SheetError."""
    encodings = ("utf-16",) if raw.startswith(_UTF16) else _ENCODINGS
    for encoding in encodings:
        with contextlib.suppress(UnicodeDecodeError):
            text = raw.decode(encoding)
            if "\0" in text:
                break
            return text, encoding
    raise DAMAGED


def notices_of_encoding(file: str, encoding: str) -> list[Notice]:
    """A notice where the file was read as what it may not be; none where it is UTF-8."""
    message = N_("The file is not in UTF-8; it was read as Windows-1258: check the letters.")
    notice = Notice(file=file, code="encoding_1258", message=message)
    return [notice] if encoding == "cp1258" else []


def _in_old_letters(raw: bytes) -> tuple[str, str] | None:
    """The text of a file whose bytes are those of an old font, as its letters in Windows-1252."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        with contextlib.suppress(UnicodeDecodeError):
            text = raw.decode("cp1252")
            if "\0" not in text and legacy_of(text.splitlines()):
                return text, "cp1252"
    return None
