"""This file is the agent's folder on the disk: one agent at a time, and what it is called."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from protocol.settings import SettingsError
from protocol.topics import CONTROLLER, MAX_CODE
from protocol.words import N_

if sys.platform != "win32":  # there the service manager starts one agent only
    import fcntl

OUTBOX: Final = "outbox.sqlite"
_LOCK: Final = "agent.lock"
_NAME_LIMIT: Final = 40
_HASH_DIGITS: Final = 8


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make the folder, and hold it for this process alone. Raises SettingsError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / _LOCK).open("w")
    except OSError as error:
        raise SettingsError(
            "data_unusable",
            N_("The folder {folder} cannot be used: {cause}."),
            N_("Choose another with --data, or change its owner."),
            folder=folder,
            cause=error.strerror,
        ) from error
    with lock:
        _hold(lock, folder)
        yield


def _hold(lock: IO[str], folder: Path) -> None:
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise SettingsError(
            "data_in_use",
            N_("Another agent is using the folder {folder}."),
            N_("Stop it first, or give this one its own folder with --data."),
            folder=folder,
        ) from error


def agent_id_from(hostname: str, machine: str) -> str:
    """A name for this computer's agent: of a-z, 0-9 and -, the same at every start."""
    slug = re.sub(r"[^a-z0-9]+", "-", hostname.lower())[:_NAME_LIMIT].strip("-")
    name = f"{slug or 'agent'}-{machine[:_HASH_DIGITS]}"[:MAX_CODE]
    return f"agent-{name}" if name == CONTROLLER else name
