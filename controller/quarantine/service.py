"""This file lets a person look through the quarantine, try a message again, or let it go."""

from __future__ import annotations

from typing import Final

from controller.feature import Program
from controller.quarantine.store import QuarantinedLine, length_of, let_go, line_of, lines
from protocol.errors import ActionError
from protocol.words import N_

TROUBLES: Final = {
    "message_gone": N_("This message is not here any more."),
    "message_cut": N_("Only the beginning of this message was kept: it is too long."),
}


class Quarantine:
    """What could not be taken; length: of the list, as of the last look."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.length = 0

    def look(self) -> None:
        """Count anew."""
        self.length = self._program.store.read(length_of)

    def lines(self) -> list[QuarantinedLine]:
        """All of it, the newest first."""
        return self._program.store.read(lines)

    async def retry(self, no: int) -> None:
        """Take the message again. Raises ActionError, MessageError, ApplyError or StoreError."""
        line = self._program.store.read(line_of, no)
        if line is None:
            raise _refusal("message_gone")
        if not line.whole:
            raise _refusal("message_cut")
        await self._program.writing.take_again(no, line.topic, line.raw)

    async def let_go(self, no: int) -> None:
        """Forget the message, if it is still there. Raises StoreError."""
        await self._program.writing.write(let_go, no)


def _refusal(code: str) -> ActionError:
    return ActionError(code, TROUBLES[code])


def quarantine_of(program: Program) -> Quarantine:
    """The program's quarantine."""
    return Quarantine(program)
