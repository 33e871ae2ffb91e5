"""This file says in words how this computer belongs to its school, and how joining goes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, assert_never

from agent.joining.joining import Membership
from agent.joining.reports import Failed, Joined, JoinStep, Knocked, Report, Stepped
from protocol.formats import phrase
from protocol.language import fill
from protocol.words import N_, Translate

_TITLES: Final[Mapping[Membership, str]] = {
    Membership.ENROLLED: N_("This computer has joined the school"),
    Membership.INVITED: N_("This computer is invited to join by a code"),
    Membership.NOT_ENROLLED: N_("This computer has not joined the school yet"),
}
_WHY: Final[Mapping[Membership, str]] = {
    Membership.ENROLLED: "",
    Membership.INVITED: N_(
        "It goes by a typed password, and others in the network can read what it says. It keeps"
        " its name and its history."
    ),
    Membership.NOT_ENROLLED: N_(
        "On the school's server, under Add a room, somebody makes a code; enter it here. What is"
        " recorded until then is kept."
    ),
}
_STEPS: Final[Mapping[JoinStep, str]] = {
    JoinStep.LOOKING: N_("Looking for the school's server…"),
    JoinStep.ASKING: N_("The server is asked…"),
    JoinStep.ACCEPTING: N_("Waiting until the office accepts this computer…"),
}
# On the page an address has a field of its own; the command's words would not be understood.
_HINTS: Final[Mapping[str, str]] = {
    "no_controller": N_("Ask for its address, and write it into the field."),
    "many_controllers": N_("Ask for the address of the real one, and write it into the field."),
}
_COMPARE: Final = N_(
    "Does the server's page show the same six digits, under Rooms that knock? Read them out to the"
    " office, or go and look."
)
_LABELS: Final[Mapping[str, str]] = {
    "code": N_("Six letters and digits, or the link"),
    "controller": N_("The server's address, if it is asked for"),
    "join": N_("Join"),
    "knock": N_("Knock without a code"),
    "same": N_("The same digits"),
    "other": N_("Other digits, or none"),
}


def membership_tree(
    membership: Membership, report: Report | None, say: Translate
) -> dict[str, Any]:
    """What the page shows of it, ready for JSON."""
    return {
        "membership": membership,
        "title": say(_TITLES[membership]),
        "why": say(_WHY[membership]) if _WHY[membership] else "",
        "labels": {name: say(text) for name, text in _LABELS.items()},
        **_report(report, say),
    }


def _report(report: Report | None, say: Translate) -> dict[str, Any]:
    match report:
        case None:
            return _said("idle")
        case Stepped(step=step, digits=digits):
            return _said("running", say(_STEPS[step])) | {"words": digits}
        case Knocked(digits=digits):
            return _said("knocked", say(_COMPARE)) | {"words": digits}
        case Failed():
            is_typo = report.code == "code_malformed"
            return _said("failed", _failure(report, say)) | {"asks_address": not is_typo}
        case Joined():
            text = N_("This is {agent} in room {room} of {school}.")
            names = {"agent": report.agent, "room": report.room, "school": report.school}
            same = N_("The server's page shows the same four words; if not, tell the office:")
            return _said("joined", phrase(text, say, **names)) | {
                "same": say(same),
                "words": report.words,
            }
        case _:
            assert_never(report)


def _said(state: str, sentence: str = "") -> dict[str, Any]:
    return {"state": state, "sentence": sentence, "asks_address": False, "same": "", "words": ""}


def _failure(failed: Failed, say: Translate) -> str:
    parts = (failed.message, _HINTS.get(failed.code, failed.hint))
    return fill(" ".join(say(part) for part in parts if part), failed.values)
