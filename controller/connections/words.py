"""This file says of who speaks here what was wrong, and of who knocks what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.broker.knocks import KnockReason
from controller.connections.peers import Fault
from protocol.words import N_

FAULTS: Final[Mapping[Fault, str]] = {
    Fault.REFUSED: N_("Could not be read, put aside: {n} {n:message|messages}."),
    Fault.QUARANTINED: N_("Could not be stored, put aside: {n} {n:message|messages}."),
    Fault.DROPPED: N_(
        "Came faster than its share, so that it sends them again: {n} {n:message|messages}."
    ),
    Fault.CUT: N_("Left out of messages, for it could not be read: {n} {n:thing|things}."),
    Fault.CLEARED: N_(
        "Left lying at the broker where nothing may lie, taken away: {n} {n:message|messages}."
    ),
    Fault.SURPLUS: N_(
        "More lines by this name than one room needs, cut: {n}. If it goes on, somebody else has"
        " its password: give it a new one."
    ),
}
REASONS: Final[Mapping[KnockReason, tuple[str, str]]] = {
    KnockReason.WRONG_PASSWORD: (
        N_("The password is wrong."),
        N_("Enrol the computer again, or give it a new typed one for its settings:"),
    ),
    KnockReason.UNKNOWN_NAME: (
        N_("Nobody of this name has a password here."),
        N_("If it is one of your rooms, enrol it, or give it a typed password:"),
    ),
    KnockReason.NO_NAME: (
        N_("It gave no name and no password."),
        N_("Enrol it, also where it runs on this server under another account."),
    ),
    KnockReason.NOT_ITS_PLACE: (
        N_("The password is right, and it speaks for another room or school."),
        N_(
            "Look at the school's code and the agent's id in its settings. If they are right,"
            " somebody is trying what this password opens: cut it off."
        ),
    ),
    KnockReason.OTHERS_SESSION: (
        N_("It came in by the session of a computer elsewhere, and cut that one off."),
        N_(
            "A computer that has a new address does so once. If it goes on, two have one identity:"
            " enrol the true one again, and cut the other off."
        ),
    ),
    KnockReason.NOT_ENCRYPTED: (
        N_("The encrypted line could not be set up."),
        N_("Look whether its settings say mqtts and name this school's certificate."),
    ),
    KnockReason.OTHER_VERSION: (
        N_("It speaks another version of the protocol."),
        N_("This is no LopHoc agent; nothing needs doing."),
    ),
}
WITH_COMMAND: Final = frozenset({KnockReason.WRONG_PASSWORD, KnockReason.UNKNOWN_NAME})
