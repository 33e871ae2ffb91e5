"""This file says in words what has become of a code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.enrolment.invitations import InvitationState
from protocol.words import N_

STATES: Final[Mapping[InvitationState, str]] = {
    InvitationState.OPEN: N_("Waiting for the computer."),
    InvitationState.USED: N_("The computer has joined."),
    InvitationState.GUESSED_AT: N_("Three wrong tries: this code is dead. Make another one."),
    InvitationState.ENDED: N_("The time of this code is over. Make another one."),
}
