"""This file says what becomes of a message that cannot be taken: set aside, taken after all."""

from __future__ import annotations

from typing import NamedTuple

from protocol.errors import LopHocError
from protocol.words import N_


class ApplyError(LopHocError):
    """A message that is well said, and yet fails whenever it is applied; cause: what went wrong."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            "message_not_applied",
            N_("This message cannot be used ({cause})."),
            N_("Nothing of it is lost. Update LopHoc, then try again."),
            cause=cause,
        )
        self.cause = cause


class Quarantined(NamedTuple):
    """A message that could not be taken: where, who sent it, why, and what it held.

    flaw: a code of protocol.messages.MessageFlaw. detail: what was wrong, without what the message
    held.
    """

    topic: str
    sender: str
    flaw: str
    detail: str
    payload: bytes


class Released(NamedTuple):
    """The message of this number was taken after all, or let go by a person."""

    no: int
