"""This file reads from the broker's log who was refused: rooms that knock with a wrong password."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from protocol.settings import SettingsError
from protocol.words import N_

BROKER_LOG: Final = Path("broker", "nats.log")
MAX_READ: Final = 1 << 20  # bytes of the log's end: some thousand refusals
MAX_NAMES: Final = 200  # who makes names up does not fill the screen
MAX_NAME: Final = 64

# The name is quoted as Go does it: what could not be shown is escaped already.
_REFUSED: Final = re.compile(
    r"^\[\d+\] (\S+ [\d:]{8})\S* \[ERR\] (\S+):\d+ - mid:\d+ - .*"
    r'authentication error - User "((?:[^"\\]|\\.)*)"(?: \(and ([\d,]+) like it\))?$'
)


class Knock(NamedTuple):
    """Who was refused: the name that was given, from where and when last, how often."""

    name: str
    address: str
    last: str
    tries: int


def knocks_in(log: Path) -> list[Knock]:
    """Who was refused lately, the latest first; nobody without a log. Raises SettingsError."""
    try:
        text = "".join(_end_of(path) for path in (log.with_name(f"{log.name}.1"), log))
    except OSError as error:
        raise SettingsError(
            "data_unreadable",
            N_("{path} cannot be read: {cause}."),
            N_("Run the command as root, or as the user to whom it belongs."),
            path=log,
            cause=error.strerror,
        ) from error
    return knocks_of(text.splitlines())


def _end_of(log: Path) -> str:
    """The last lines of a log; none of one that is not there. Raises OSError."""
    with contextlib.suppress(FileNotFoundError), log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - MAX_READ))
        return file.read(MAX_READ).decode("utf-8", "replace")
    return ""


def knocks_of(lines: Iterable[str]) -> list[Knock]:
    """Who was refused in these lines of nats-server's log, each name once, the latest first."""
    knocks: dict[str, Knock] = {}
    for line in lines:
        if match := _REFUSED.match(line):
            last, address, name = match[1], match[2], match[3][:MAX_NAME]
            before = knocks.pop(name, None)  # so that the latest stands last
            tries = 1 + int((match[4] or "0").replace(",", ""))
            knocks[name] = Knock(name, address, last, before.tries + tries if before else tries)
            if len(knocks) > MAX_NAMES:
                del knocks[next(iter(knocks))]
    return [*reversed(knocks.values())]
