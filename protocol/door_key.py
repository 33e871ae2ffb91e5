"""This file says where a program leaves the key of its door on this machine, and reads it.

So does an agent of its local door, and a controller for its own person and of its broker. Only the
account that it runs under may read that file, or a group that a person named: so another user of
the machine has no key. It loads little, for the teacher's window is small.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from protocol.this_machine import is_this_machine

LOCAL_USER: Final = " local"  # at a broker: no agent may be called so, for the blank in front
SERVICE_FOLDER: Final = (
    Path(os.environ.get("PROGRAMDATA", "C:\\ProgramData"), "LopHoc", "door")
    if sys.platform == "win32"  # agent/windows/setup.py
    else Path("/run/lophoc-agent")  # systemd/lophoc-agent.service
)

_MAX_BYTES: Final = 256
_FOLDER: Final = "lophoc"


def own_folder(environ: Mapping[str, str]) -> Path:
    """Where this person's programs leave what the next start makes anew.

    Source: XDG Base Directory Specification 0.8; on Windows the profile, which its ACL guards.
    """
    return next(own_folders(environ))


def key_file(folder: Path, port: int) -> Path:
    """The file with the key of the door on a port."""
    return folder / f"door-{port}"


def door_key(port: int, environ: Mapping[str, str], folder: str = "") -> str:
    """The key of this computer's door on a port; "" where this account may read none.

    folder: the setting `door_folder`; without it every usual place is tried, the newest first.
    """
    folders = [Path(folder)] if folder else [*own_folders(environ), SERVICE_FOLDER]
    files = [key_file(place, port) for place in folders]
    return next(filter(None, map(_read, sorted(files, key=_age))), "")


def own_login(host: str, port: int, environ: Mapping[str, str]) -> tuple[str, str]:
    """By which name and key this account's programs log in at a broker; "", "" where it has none.

    A broker on another computer is shown no key.
    """
    key = door_key(port, environ) if is_this_machine(host) else ""
    return (LOCAL_USER, key) if key else ("", "")


def bearer(key: str) -> dict[str, str]:
    """The header by which a program shows its key (RFC 6750, 2.1)."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def own_folders(environ: Mapping[str, str]) -> Iterator[Path]:
    """A session's folder first; a program that was started without a session has only the other."""
    if sys.platform == "win32":
        yield Path(environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / _FOLDER
        return
    if runtime := environ.get("XDG_RUNTIME_DIR"):
        yield Path(runtime) / _FOLDER
    yield Path(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / _FOLDER


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0


def _read(path: Path) -> str:
    """The key in a file; "" where there is none, or it is none of ours to read."""
    try:
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES).decode("ascii", "replace").strip()
    except OSError:
        return ""
    return text if text.isascii() and text.isprintable() else ""
