"""This file moves a server's whole data here from a copy: what lies about, how far it is."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from asyncio.subprocess import PIPE
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from controller.cli.restored import RESTORING
from controller.copies.names import names_in
from controller.setup.restore_worker import RestoreOrder, RestoreReport
from protocol.errors import ActionError, LopHocError
from protocol.process import running_module
from protocol.shapes import from_json
from protocol.tree import paths_below
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

WORKER: Final = "controller.setup.restore_worker"
# Where systems mount sticks and shares.
MOUNTS: Final = tuple(map(Path, ("/media", "/run/media", "/mnt", "/srv")))
_DEPTH: Final = 3
_MOST_LOOKED_AT: Final = 2_000
_STOP_PATIENCE_S: Final = 3.0
GIVEN: Final = "given.copy"  # in the controller's folder: what a browser sent
MAX_GIVEN: Final = 64 << 30
_SPARE_BYTES: Final = 1 << 30  # for what is made of it
_MODE: Final = 0o600
SHOWN_S: Final = 4.0  # so that a page which looks every two seconds tells of the end
_ENDED: Final = RestoreReport("restore_ended", N_("Bringing it back ended before it was done."))


class FoundCopies(NamedTuple):
    """A folder with copies. at_ms: when the newest was written, by the clock of its time."""

    path: Path
    at_ms: int


class Moving:
    """One restore at a time. move_in: called once all is there. data: the controller's folder."""

    def __init__(self, data: Path, move_in: Callable[[], None]) -> None:
        self._data = data.absolute()
        self._move_in = move_in
        self._task: asyncio.Task[None] | None = None
        self.report: RestoreReport | None = None

    @property
    def is_running(self) -> bool:
        """Whether a restore goes on."""
        return self._task is not None and not self._task.done()

    @property
    def is_done(self) -> bool:
        """Whether all is there, and the server is about to begin anew with it."""
        return self.report is not None and not self.report.code

    @property
    def trouble(self) -> LopHocError | None:
        """Why the last one failed."""
        told = self.report
        if not told or not told.code:
            return None
        return ActionError(told.code, told.message, told.hint, **told.values)

    def given(self) -> list[FoundCopies]:
        """The copy that was sent here, if one was."""
        with suppress(OSError):
            at_ms = int((self._data / GIVEN).stat().st_mtime * 1000)
            return [FoundCopies(self._data / GIVEN, at_ms)]
        return []

    def taking(self) -> GivenCopy:
        """A copy that is about to come. Raises OSError."""
        return GivenCopy(self._data / GIVEN)

    def start(self, source: str, passphrase: str) -> None:
        """Begin; a second press disturbs nothing."""
        if self.is_running:
            return
        order = RestoreOrder(source.strip(), passphrase, str(self._data))
        self.report = None
        self._task = asyncio.create_task(self._follow(order), name="restore")

    def megabytes(self) -> int:
        """How much has been brought back so far."""
        return sum(_sizes(self._data / RESTORING)) // 1_000_000

    async def _follow(self, order: RestoreOrder) -> None:
        try:
            async with running_module(WORKER, _STOP_PATIENCE_S, stdout=PIPE) as worker:
                told, _ = await worker.communicate(msgspec.json.encode(order))
            self.report = from_json(told, RestoreReport)
        except (OSError, msgspec.DecodeError) as error:
            _LOGGER.warning("a restore ended: %s", type(error).__name__)
            self.report = _ENDED
        if self.report.code:
            _LOGGER.warning("nothing was restored code=%s", self.report.code)
            return
        await asyncio.sleep(SHOWN_S)
        self._move_in()


class GivenCopy:
    """A copy as it comes from a browser: the one before stands until this one is whole."""

    def __init__(self, path: Path) -> None:
        self._path, self._part = path, path.with_name(f"{path.name}.part")
        self._file = open(  # noqa: SIM115 - closed by `close`
            self._part, "wb", opener=lambda name, flags: os.open(name, flags, _MODE)
        )

    def write(self, piece: bytes) -> None:
        """Take a piece. Raises ActionError where the disk has too little room, OSError."""
        if shutil.disk_usage(self._part.parent).free < len(piece) + _SPARE_BYTES:
            raise ActionError(
                "copy_no_space",
                N_("The disk has too little room for this copy."),
                N_("Free some space on the server's disk, or plug in the stick itself."),
            )
        self._file.write(piece)

    def finish(self) -> None:
        """Have it stand there, whole. Raises OSError."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)

    def close(self) -> None:
        """Let go of what was not finished."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def copies_about(mounts: tuple[Path, ...] = MOUNTS) -> list[FoundCopies]:
    """The folders with copies on whatever is plugged in; may wait for disks."""
    left = [_MOST_LOOKED_AT]
    return sorted(found for mount in mounts for found in _copies_in(mount, _DEPTH, left))


def _copies_in(folder: Path, depth: int, left: list[int]) -> Iterator[FoundCopies]:
    with suppress(OSError), os.scandir(folder) as entries:
        inside = [entry for entry, _ in zip(entries, range(left[0]), strict=False)]
        left[0] -= len(inside)
        if names := names_in(entry.name for entry in inside):
            newest = folder / names[-1].file
            yield FoundCopies(folder, int(newest.stat().st_mtime * 1000))
        for entry in inside if depth else ():
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                yield from _copies_in(Path(entry.path), depth - 1, left)


def _sizes(folder: Path) -> Iterator[int]:
    for path in paths_below(folder):
        with suppress(OSError):
            yield path.stat().st_size
