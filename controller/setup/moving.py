"""This file moves a server's whole data here from a copy: what lies about, how far it is."""

from __future__ import annotations

import asyncio
import logging
import os
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
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

WORKER: Final = "controller.setup.restore_worker"
# Where systems mount sticks and shares.
MOUNTS: Final = tuple(map(Path, ("/media", "/run/media", "/mnt", "/srv")))
_DEPTH: Final = 3
_MOST_LOOKED_AT: Final = 2_000
_STOP_PATIENCE_S: Final = 3.0
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
            self.report = msgspec.json.decode(told, type=RestoreReport)
        except (OSError, msgspec.DecodeError) as error:
            _LOGGER.warning("a restore ended: %s", type(error).__name__)
            self.report = _ENDED
        if self.report.code:
            _LOGGER.warning("nothing was restored code=%s", self.report.code)
            return
        await asyncio.sleep(SHOWN_S)
        self._move_in()


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
    for path in folder.rglob("*"):
        with suppress(OSError):
            yield path.stat().st_size
