"""This file sets up a program's log: an entry is one line, whatever strangers call themselves.

A name with an end of line in it would write lines of its own (CWE-117).
"""

from __future__ import annotations

import logging
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Final

from protocol.repeats import limit_repeats

LINE_CHARS: Final = 2000
FILE_BYTES: Final = 1_000_000
OLDER_FILES: Final = 3
_MORE: Final = "..."
# Each form of a stranger that is no form is a warning there.
_CHATTY: Final = {"python_multipart": logging.ERROR}
_Caught = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LineFormatter(logging.Formatter):
    """Writes what cannot be shown as escapes; what follows an entry's first line is set in."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's
        """The entry, on one line."""
        return plain(super().formatMessage(record))

    def formatException(self, ei: _Caught) -> str:  # noqa: N802 - logging's
        """A traceback, whose error may hold anything."""
        lines = super().formatException(ei).split("\n")
        return "\n".join("  " + plain(line) for line in lines)


def plain(text: str) -> str:
    """The text on one line, of bounded length, with nothing in it that a terminal would obey."""
    if len(text) > LINE_CHARS:
        text = text[: LINE_CHARS - len(_MORE)] + _MORE
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else _escaped(sign) for sign in text)


def set_up_log(level: int | str, template: str, file: Path | None = None) -> None:
    """Let the program's log go to standard error. template: of an entry, as logging has it.

    file: where it goes if there is none, as where Windows starts a program without a console.
    Raises OSError.
    """
    if file is not None and sys.stderr is None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            file, maxBytes=FILE_BYTES, backupCount=OLDER_FILES, encoding="utf-8"
        )
        template = f"%(asctime)s {template}"
    else:
        handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(template))
    logging.basicConfig(level=level, handlers=[handler])
    limit_repeats()
    for name, least in _CHATTY.items():
        logging.getLogger(name).setLevel(least)


def _escaped(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
