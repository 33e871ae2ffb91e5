"""This file holds the codes that are open now: each for one room, for a while, for few tries.

In memory only: a restart ends them. Times by the running clock, which no one can set.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from controller.enrolment.rate import Rate
from protocol.enrolment import new_code, slot_of
from protocol.errors import ActionError
from protocol.words import N_

LIFE_S: Final = 15 * 60.0
SHOWN_S: Final = 60 * 60.0  # what became of a code is still told
MAX_OPEN: Final = 5
TRIES: Final = 3
TRIES_A_MINUTE: Final = 10  # at all codes together
MAX_TOLD: Final = 16  # fewer than there are letters to name them
LINK_BYTES: Final = 16


class InvitationState(StrEnum):
    """What has become of a code."""

    OPEN = "open"
    USED = "used"
    GUESSED_AT = "guessed_at"  # too many wrong tries: it is dead
    ENDED = "ended"  # its time is over, or it was taken back


@dataclass(slots=True)
class Invitation:
    """A code for one room, or for a school below.

    replaces: the agent whose computer is another one now; "" for none. A school keeps its own code.

    secret: proves a link, which nobody types. agent, label, words: the computer that came.
    """

    code: str
    room: str
    replaces: str
    until_s: float
    tries: int = TRIES
    agent: str = ""
    label: str = ""
    words: str = ""
    is_school: bool = False
    state: InvitationState = InvitationState.OPEN
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(LINK_BYTES))

    @property
    def slot(self) -> str:
        """By which it is named, which is no secret."""
        return slot_of(self.code)

    @property
    def in_groups(self) -> str:
        """The code as it is read out."""
        half = len(self.code) // 2
        return f"{self.code[:half]} {self.code[half:]}"

    def end(self, state: InvitationState) -> None:
        """It opens nothing any more, and nothing of it is left but its slot."""
        self.state, self.code, self.secret = state, self.slot, b""


class Invitations:
    """The codes of now. now_s: the running clock."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._all: list[Invitation] = []
        self._rate = Rate(now_s, TRIES_A_MINUTE)

    def invite(self, room: str, replaces: str, *, is_school: bool = False) -> Invitation:
        """A new code. Raises ActionError while too many are open."""
        if len(self.open()) >= MAX_OPEN:
            raise ActionError(
                "codes_open",
                N_("Five codes are open already."),
                N_("Use one of them, or take one back."),
            )
        code = new_code([one.slot for one in self.recent()])
        invitation = Invitation(code, room, replaces, self._now_s() + LIFE_S, is_school=is_school)
        self._all.append(invitation)
        return invitation

    def recent(self) -> list[Invitation]:
        """All that are worth telling, the newest last."""
        now_s = self._now_s()
        self._all = [one for one in self._all if now_s < one.until_s + SHOWN_S][-MAX_TOLD:]
        for one in self._all:
            if one.state is InvitationState.OPEN and now_s >= one.until_s:
                one.state = InvitationState.ENDED
        return list(self._all)

    def open(self) -> list[Invitation]:
        """Those that may be used now."""
        return [one for one in self.recent() if one.state is InvitationState.OPEN]

    def named(self, slot: str) -> Invitation | None:
        """The one of this slot, whatever has become of it."""
        return next((one for one in reversed(self.recent()) if one.slot == slot), None)

    def use(self, agent: str) -> None:
        """The computer of this name has what it came for."""
        for one in self.open():
            if one.agent == agent:
                one.state = InvitationState.USED

    def end(self, slot: str) -> None:
        """Take a code back."""
        for one in self.open():
            if one.slot == slot:
                one.state = InvitationState.ENDED

    def left_s(self, invitation: Invitation) -> float:
        """How long it may still be used, in seconds."""
        return max(0.0, invitation.until_s - self._now_s())

    def may_try(self) -> bool:
        """Whether another try of a code is taken now; it then counts."""
        return self._rate.may_try()

    @staticmethod
    def note_wrong(invitation: Invitation) -> None:
        """Somebody tried it with a wrong code."""
        invitation.tries -= 1
        if invitation.tries <= 0 and invitation.state is InvitationState.OPEN:
            invitation.state = InvitationState.GUESSED_AT
