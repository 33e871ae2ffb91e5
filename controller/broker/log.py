"""This file writes the broker's log: in files of bounded size, and like lines only now and then.

Anybody who reaches its port makes it write: wrong passwords alone made 4.5 GB an hour.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Final

from protocol.repeats import RepeatLimiter, with_count

FILE_BYTES: Final = 10_000_000
OLDER_FILES: Final = 2
LINE_BYTES: Final = 2000
LINES: Final = 20  # of a kind, from one address, a minute

_HEAD: Final = re.compile(r"^\[\d+\] \S+ \S+ ")  # process and time
# Names, ports, lines of the broker's own, and what was subscribed to.
_DETAIL: Final = re.compile(r'"(?:[^"\\]|\\.)*"|(?<=[\d\]]):\d+|mid:\d+|SID \S+')


class _Files(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's
        """On a full disk the lines are lost: nobody may wait for the log."""


def open_log(path: Path) -> IO[bytes]:
    """Where a broker may write its lines until it ends: a thread keeps those worth it.

    The broker never waits for the disk, nor for the loop.
    """
    reading, writing = os.pipe()
    thread = threading.Thread(
        target=_keep, args=(os.fdopen(reading, "rb"), path), name="broker-log", daemon=True
    )
    thread.start()
    return os.fdopen(writing, "wb")


def kind_of(line: str) -> str:
    """What a line says of whom by address, without its time, names and ports."""
    return _DETAIL.sub("#", _HEAD.sub("", line))


def _keep(lines: IO[bytes], path: Path) -> None:
    for name in [path, *(Path(f"{path}.{age}") for age in range(1, OLDER_FILES + 1))]:
        with contextlib.suppress(OSError):
            if name.stat().st_size > 2 * FILE_BYTES:  # of a version that set no bounds
                name.unlink()
    limiter = RepeatLimiter(LINES)
    files = _Files(path, maxBytes=FILE_BYTES, backupCount=OLDER_FILES, delay=True)
    with lines:
        while raw := lines.readline(LINE_BYTES):
            line = raw.decode("utf-8", "replace").rstrip("\n")
            held = limiter.held_back(kind_of(line))
            if held is not None:
                files.handle(logging.makeLogRecord({"msg": with_count(line, held)}))
    with contextlib.suppress(OSError):  # what a full disk has not taken is lost, likewise
        files.close()
