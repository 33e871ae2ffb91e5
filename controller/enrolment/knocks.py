"""This file holds the computers that knock now, each with six digits that two people compare. Pure.

In memory only, as codes are; times by the running clock. Who knocks waits on an open line.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from controller.enrolment.invitations import (
    LIFE_S,
    MAX_TOLD,
    SHOWN_S,
    TRIES_A_MINUTE,
    Invitation,
)
from controller.enrolment.rate import Rate
from protocol.enrolment import Refusal
from protocol.errors import ActionError
from protocol.words import N_

MAX_WAITING: Final = 8
MAX_SHOWN: Final = 64
_ID_BYTES: Final = 9


class KnockState(StrEnum):
    """What has become of a knock."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    JOINED = "joined"
    GONE = "gone"  # the line ended, or the time, or the office refused it


@dataclass(slots=True, kw_only=True)
class Knock:
    """A computer that waits. address: from which it came; agent, label, room: as it says of itself.

    is_compared: its person said that the digits are the same. invitation: what the office gave it.
    """

    digits: str
    address: str
    agent: str
    label: str
    room: str
    until_s: float
    is_compared: bool = False
    invitation: Invitation | None = None
    state: KnockState = KnockState.WAITING
    id: str = field(default_factory=lambda: secrets.token_urlsafe(_ID_BYTES))

    @property
    def is_open(self) -> bool:
        """Whether its line may still end well."""
        return self.state in {KnockState.WAITING, KnockState.ACCEPTED}


class Knocks:
    """The computers that knock while the office lets them. now_s: the running clock."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._rate = Rate(now_s, TRIES_A_MINUTE)
        self._until_s = float("-inf")
        self._all: list[Knock] = []

    def open(self) -> None:
        """Let rooms knock for a while."""
        self._until_s = self._now_s() + LIFE_S

    def close(self) -> None:
        """Let nobody knock any more, and let go of those who wait."""
        self._until_s = float("-inf")
        for one in self.told():
            if one.state is KnockState.WAITING:
                one.state = KnockState.GONE

    def left_s(self) -> float:
        """How long rooms may still knock, in seconds; 0 while they may not."""
        return max(0.0, self._until_s - self._now_s())

    @property
    def is_busy(self) -> bool:
        """Whether somebody may knock, or does."""
        return self.left_s() > 0 or any(one.is_open for one in self.told())

    def told(self) -> list[Knock]:
        """Those that wait, and what became of those that were accepted; the newest last."""
        now_s = self._now_s()
        for one in self._all:
            if one.is_open and now_s >= one.until_s:
                one.state = KnockState.GONE
        worth_s = now_s - SHOWN_S
        given = [one for one in self._all if one.invitation and one.until_s > worth_s]
        accepted = given[-MAX_TOLD:]
        self._all = [one for one in self._all if one.is_open or one in accepted]
        return list(self._all)

    def refusal(self, address: str) -> Refusal | None:
        """Why nobody may knock from there now; None where one may, and that counts."""
        if not self.left_s():
            return Refusal.NO_KNOCKS
        waiting = [one for one in self.told() if one.is_open and one.address != address]
        if len(waiting) >= MAX_WAITING or not self._rate.may_try():
            return Refusal.TOO_MANY
        return None

    def take(self, digits: str, address: str, agent: str, label: str, room: str) -> Knock:
        """A computer waits from now on; what waited from the same address does no more."""
        for one in self.told():
            if one.address == address and one.is_open:
                one.state = KnockState.GONE
        knock = Knock(
            digits=digits,
            address=address,
            agent=_shown(agent),
            label=_shown(label),
            room=_shown(room),
            until_s=self._now_s() + LIFE_S,
        )
        self._all.append(knock)
        return knock

    def accept(self, knock_id: str, room: str, replaces: str) -> None:
        """The office compared the digits; a second press changes nothing. Raises ActionError."""
        knock = next((one for one in self.told() if one.id == knock_id and one.is_open), None)
        if knock is None:
            raise ActionError(
                "knock_gone",
                N_("This computer does not wait any more."),
                N_("Let it knock again, and compare the new digits."),
            )
        if knock.state is KnockState.WAITING:
            knock.invitation = Invitation("", room, replaces, knock.until_s)
            knock.state = KnockState.ACCEPTED

    def refuse(self, knock_id: str) -> None:
        """The office does not want it; of one that has joined nothing changes."""
        for one in self.told():
            if one.id == knock_id and one.is_open:
                one.state = KnockState.GONE

    def use(self, agent: str) -> None:
        """The computer of this name has what it came for."""
        for one in self._all:
            if one.invitation and one.invitation.agent == agent:
                one.state = KnockState.JOINED

    @staticmethod
    def leave(knock: Knock) -> None:
        """Its line has ended."""
        if knock.is_open:
            knock.state = KnockState.GONE


def _shown(text: str) -> str:
    return "".join(filter(str.isprintable, text))[:MAX_SHOWN].strip()
