"""This file keeps a line of each copy of another school that is taken, handed out or let go here.

Of full copies alone where they are taken and let go: steps come every quarter of an hour.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from controller.access.deeds import BY_SCHOOL, COPY_HANDED_OUT, COPY_LET_GO, COPY_TAKEN
from controller.access.store import note_access
from controller.copies.names import name_from
from controller.database.store import StoreError
from controller.feature import Program
from controller.guests.registry import Guest
from controller.guests.store import FinishedCopy, GuestShelf

_LOGGER = logging.getLogger(__name__)


class GuestLog:
    """The lines of one run of the controller. Call it off the event loop."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._handed_out: dict[tuple[str, str], str] = {}

    def note_taken(self, guest: Guest, file: str, let_go: Iterable[str]) -> None:
        """A copy stands whole, and these older ones have gone."""
        if _is_full(file):
            self._note(guest, COPY_TAKEN, file)
        for gone in filter(_is_full, let_go):
            self._note(guest, COPY_LET_GO, gone)

    def note_handed_out(self, guest: Guest, file: str) -> None:
        """A copy is read from its beginning: once a day, however often it is begun anew."""
        day, key = self._program.today().isoformat(), (guest.token, file)
        if self._handed_out.get(key) != day:
            self._handed_out[key] = day
            self._note(guest, COPY_HANDED_OUT, file)

    def _note(self, guest: Guest, what: str, file: str) -> None:
        """A line that the disk does not take stops no copy: a school may need it to come back."""
        program, who = self._program, (f"{BY_SCHOOL}{guest.school}", 0)
        subject = f"province={guest.province} file={file}"
        try:
            program.store.write(
                note_access, program.school, who, what, subject, now_ms=program.now_ms()
            )
        except StoreError as error:
            _LOGGER.warning("a copy's line is not kept: what=%s: %s", what, error)


class NotedShelf(GuestShelf):
    """A guest's copies, of which each deed is noted. fulls: how many full ones stay."""

    def __init__(self, data: Path, guest: Guest, fulls: int, log: GuestLog) -> None:
        super().__init__(data, guest, fulls)
        self._guest = guest
        self._log = log

    def finish(self, file: str, digest: str) -> FinishedCopy:
        """The same, and its line."""
        copy = super().finish(file, digest)
        self._log.note_taken(self._guest, file, copy.let_go)
        return copy

    def piece(self, file: str, at: int) -> bytes:
        """The same, and its line where it is the first one."""
        piece = super().piece(file, at)
        if at == 0:
            self._log.note_handed_out(self._guest, file)
        return piece


def _is_full(file: str) -> bool:
    name = name_from(file)
    return name is not None and not name.step
