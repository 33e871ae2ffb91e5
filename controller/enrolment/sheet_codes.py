"""This file keeps the codes of a printed sheet: one a room, for days, over restarts.

In a file that only its owner may read, and that no copy holds: what is printed must still work
after a power cut. A code that is used up leaves nothing but its slot.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from controller.enrolment.invitations import Invitation, InvitationState
from controller.enrolment.rooms import MAX_ROOMS
from controller.sheets.names import room_code
from protocol.enrolment import new_sheet_code
from protocol.errors import ActionError
from protocol.folder import OWNER_ONLY, write_whole
from protocol.shapes import json_decoder
from protocol.unreadable import UNREADABLE
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

FILE: Final = "room-codes.json"
LIFE_S: Final = 7 * 86_400.0
_SHOWN_S: Final = 86_400.0  # what became of a code is still told
_decode: Final = json_decoder(list[Invitation]).decode


class SheetCodes:
    """The codes of the rooms' sheet. now_s: the guarded clock, for they outlive the program."""

    def __init__(self, folder: Path, now_s: Callable[[], float]) -> None:
        self._path = folder / FILE
        self._now_s = now_s
        self._changing = threading.Lock()
        self._all: list[Invitation] = self._read()

    def invite(self, rooms: Sequence[str]) -> None:
        """Give each of these rooms a code; one that has an open one keeps it.

        Raises ActionError, OSError.
        """
        with self._changing:
            has_one = {room_code(one.room) for one in self.open()}
            wanted = [room for room in rooms if room_code(room) not in has_one]
            if len(has_one) + len(wanted) > MAX_ROOMS:
                raise ActionError(
                    "sheet_full",
                    N_("{n} {n:code is|codes are} open already."),
                    N_("Use some of them, or take them back."),
                    n=len(has_one),
                )
            slots = {one.slot for one in self.recent()}
            for room in wanted:
                code = new_sheet_code(slots)
                invitation = Invitation(code, room, "", self._now_s() + LIFE_S)
                slots.add(invitation.slot)
                self._all.append(invitation)
            self._save()

    def recent(self) -> list[Invitation]:
        """All that are worth telling, in their order."""
        now_s = self._now_s()
        self._all = [one for one in self._all if now_s < one.until_s + _SHOWN_S]
        for one in self._all:
            if one.state is InvitationState.OPEN and now_s >= one.until_s:
                one.end(InvitationState.ENDED)
        return list(self._all)

    def open(self) -> list[Invitation]:
        """Those that may be used now."""
        return [one for one in self.recent() if one.state is InvitationState.OPEN]

    def named(self, slot: str) -> Invitation | None:
        """The one of this slot, whatever has become of it."""
        return next((one for one in self.recent() if one.slot == slot), None)

    def use(self, agent: str) -> None:
        """The computer of this name has what it came for. Raises OSError."""
        self._end([one for one in self.open() if one.agent == agent], InvitationState.USED)

    def end(self, slot: str = "") -> None:
        """Take a code back, or all of them. Raises OSError."""
        given_back = [one for one in self.open() if slot in {"", one.slot}]
        self._end(given_back, InvitationState.ENDED)

    def note_wrong(self) -> None:
        """Keep that somebody tried one with a wrong code: a restart gives no tries. OSError."""
        with self._changing:
            self._save()

    def _end(self, ended: Sequence[Invitation], state: InvitationState) -> None:
        with self._changing:
            for one in ended:
                one.end(state)
            if ended:
                self._save()

    def _read(self) -> list[Invitation]:
        try:
            return _decode(self._path.read_bytes())
        except FileNotFoundError:
            return []
        except (OSError, *UNREADABLE) as error:
            _LOGGER.warning("the sheet of rooms' codes is lost: %s", type(error).__name__)
            return []

    def _save(self) -> None:
        write_whole(self._path, msgspec.json.encode(self.recent()), OWNER_ONLY)
