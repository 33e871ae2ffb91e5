"""This file chooses, before anything else is loaded, which version of the agent is started.

The package's own start runs it; an update never replaces it. It stands alone on the standard
library, and whatever is wrong, the installed version starts. What is tried and hangs is ended here.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Final

from agent.updates.standing import INSTALLED, Standing, at_start, from_text, to_text
from protocol.version import BUILD

VERSIONS: Final = "versions"  # in the agent's folder
STANDING: Final = "current.json"
FILES: Final = "files.txt"  # of a version: a line for each file, its size, digest and name
MANIFEST: Final = "manifest.json"
# In the environment of what is started: the folder by which it was chosen, and what is installed.
LAUNCHED: Final = "LOPHOC_LAUNCHED"
INSTALLED_BUILD: Final = "LOPHOC_INSTALLED"
EXIT_SWAP: Final = 75  # start again: another version is to run
HANG_S: Final = 900.0  # a version that is tried ends itself long before
_DATA: Final = "LOPHOC_AGENT_DATA"
_USUAL_DATA: Final = "lophoc-agent-data"
_USUAL_ON_WINDOWS: Final = "LopHoc/agent"
_MODE: Final = 0o600
_OURS: Final = ("agent", "protocol")


def choose(
    arguments: Sequence[str],
    environ: MutableMapping[str, str],
    end_hung: Callable[[], None] | None = None,
) -> Path | None:
    """The folder of the version to start; None for the installed one. Counts a try.

    end_hung: ends what is tried and hangs; by itself this very process does.
    """
    versions = _data_of(arguments, environ) / VERSIONS
    try:
        if not is_run(arguments):
            return _folder(versions, _peek(versions))
        environ.update({LAUNCHED: str(versions.absolute()), INSTALLED_BUILD: BUILD})
        return _folder(versions, _begin(versions, end_hung or start_again))
    except (OSError, ValueError, RecursionError):
        return None


def forget_ours() -> None:
    """What was loaded to choose is not what is started."""
    for name in [*sys.modules]:
        if name.partition(".")[0] in _OURS:
            del sys.modules[name]


def start_again() -> None:
    """Become the launcher again, where the system knows such a thing; else end, to be started."""
    if sys.platform != "win32":
        os.execv(sys.executable, sys.orig_argv)  # noqa: S606 - the same program, as it was
    os._exit(EXIT_SWAP)


def end(code: int) -> int:
    """What the program ends by; another version is started at once."""
    if code == EXIT_SWAP:
        start_again()
    return code


def read_standing(versions: Path) -> Standing:
    """What the file says; nothing of one that is not there. Raises OSError, ValueError."""
    try:
        return from_text((versions / STANDING).read_text("utf-8"))
    except FileNotFoundError:
        return Standing()


def write_standing(versions: Path, standing: Standing) -> None:
    """Replace the file whole, and have it on the disk. Raises OSError."""
    versions.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = versions / f".{STANDING}.part"
    with open(part, "w", encoding="utf-8", opener=_owner_only) as file:
        file.write(to_text(standing))
        file.flush()
        os.fsync(file.fileno())
    part.replace(versions / STANDING)
    sync_folder(versions)


def sync_folder(folder: Path) -> None:
    """Have its names on the disk, where a system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_whole(versions: Path, build: str, *, by_sums: bool) -> bool:
    """Whether all of a version is there, for this Python; by_sums: and nothing in it changed."""
    folder = versions / build
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if sys.version_info[1] not in manifest["minors"] or manifest["version"] != build:
            return False
        lines = (folder / FILES).read_text("utf-8").splitlines()
        return bool(lines) and all(_is_same(folder, line, by_sums=by_sums) for line in lines)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _is_same(folder: Path, line: str, *, by_sums: bool) -> bool:
    size, digest, name = line.split(" ", 2)
    path = folder / name
    if path.stat().st_size != int(size):
        return False
    if not by_sums:
        return True
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest


def _begin(versions: Path, end_hung: Callable[[], None]) -> str:
    """Which one is started, once that is kept."""
    before = read_standing(versions)

    def whole(build: str, by_sums: bool) -> bool:  # noqa: FBT001 - as at_start asks
        return is_whole(versions, build, by_sums=by_sums)

    standing, build = at_start(before, BUILD, whole)
    if standing != before:
        try:
            write_standing(versions, standing)
        except OSError:  # a try that cannot be counted is none
            return _peek(versions)
    if standing.trial:
        _watch(versions, standing.trial.build, end_hung)
    return build


def _peek(versions: Path) -> str:
    """Which one has proved itself, if its folder is whole."""
    build = read_standing(versions).current
    return build if build and is_whole(versions, build, by_sums=False) else INSTALLED


def _folder(versions: Path, build: str) -> Path | None:
    return None if build == INSTALLED else versions / build


def _watch(versions: Path, build: str, end_hung: Callable[[], None]) -> None:
    """End a version that is tried and does not even give itself up."""

    def look() -> None:
        try:
            trial = read_standing(versions).trial
        except (OSError, ValueError):
            return
        if trial and trial.build == build:
            end_hung()

    watch = threading.Timer(HANG_S, look)
    watch.daemon = True
    watch.start()


def is_run(arguments: Sequence[str]) -> bool:
    """Whether the command is the agent itself, and none that looks at it."""
    return next((word for word in arguments if not word.startswith("-")), "") == "run"


def _data_of(arguments: Sequence[str], environ: Mapping[str, str]) -> Path:
    """The agent's folder, as it will read it: options before the environment."""
    words = iter(arguments)
    chosen = ""
    for word in words:
        if word == "--data":
            chosen = next(words, "")
        elif word.startswith("--data="):
            chosen = word.removeprefix("--data=")
    if named := chosen or environ.get(_DATA):
        return Path(named)
    if sys.platform == "win32":
        return Path(environ.get("PROGRAMDATA", "C:/ProgramData"), _USUAL_ON_WINDOWS)
    return Path(_USUAL_DATA)


def _owner_only(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_TRUNC, _MODE)
