"""This file words inspections: how items stand, by which evidence, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.inspection.inspection import InspectedItem, ItemStanding
from controller.inspection.request import RequestStatus
from protocol.inspection import REASON_WORDS, Evidence, HandReason, Outcome
from protocol.model import Status
from protocol.words import N_, Translate

STANDING_WORDS: Final[Mapping[str, tuple[Status, str]]] = {
    ItemStanding.FOUND: (Status.OK, N_("found")),
    ItemStanding.RELOCATED: (Status.WARNING, N_("in another room")),
    ItemStanding.NOT_FOUND: (Status.CRITICAL, N_("not found")),
    ItemStanding.REFUSED: (Status.WARNING, N_("refused")),
    ItemStanding.REMOVED: (Status.WARNING, N_("no longer in the school's book")),
    ItemStanding.MISSING: (Status.CRITICAL, N_("no answer by the deadline")),
    ItemStanding.WAITING: (Status.UNKNOWN, N_("no answer yet")),
    Outcome.OPEN: (Status.UNKNOWN, N_("answer undone")),
}
EVIDENCE_WORDS: Final[Mapping[str, str]] = {
    Evidence.LABEL: N_("label scanned"),
    Evidence.AGENT: N_("seen live by a room's computer"),
    Evidence.HAND: N_("by hand"),
}
STATUS_WORDS: Final[Mapping[RequestStatus, tuple[Status, str]]] = {
    RequestStatus.OPEN: (Status.WARNING, N_("to be answered")),
    RequestStatus.OVERDUE: (Status.CRITICAL, N_("the deadline has passed")),
    RequestStatus.FINISHED: (Status.OK, N_("finished")),
    RequestStatus.REFUSED: (Status.UNKNOWN, N_("refused")),
    RequestStatus.WITHDRAWN: (Status.UNKNOWN, N_("withdrawn by the department")),
}
NO_REASON: Final = N_("no reason was given")


def reason_word(code: str, say: Translate) -> str:
    """Why, as a person chose it; a newer school's code as it is."""
    known = {reason.value: word for reason, word in REASON_WORDS.items()}
    return say(known[code]) if code in known else code


def evidence_word(item: InspectedItem, say: Translate) -> str:
    """By which evidence an item stands so, with the reason where a person says it."""
    answer = item.answer
    if answer is None or not answer.evidence:
        return ""
    word = say(EVIDENCE_WORDS[answer.evidence]) if answer.evidence in EVIDENCE_WORDS else ""
    if answer.evidence != Evidence.HAND:
        return word
    return f"{word}: {reason_word(answer.reason, say) if answer.reason else say(NO_REASON)}"


def reasons(say: Translate) -> list[tuple[str, str]]:
    """All that can be chosen, with their words."""
    return [(reason.value, say(REASON_WORDS[reason])) for reason in HandReason]
