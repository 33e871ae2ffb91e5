"""This file says the equipment book on the screens: states, things, decisions, changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from controller.reconcile.evidence import Observation
from controller.reconcile.explained import (
    ACTION_WORDS,
    RAISE_WORDS,
    STATE_WORDS,
    percent_words,
    sentence_of,
)
from controller.reconcile.kpi import Kpi
from controller.reconcile.reconcile import Action, Finding, State, action_of
from controller.reconcile.standing import Desk, Standing
from controller.register.decisions import Decision, Deed
from controller.register.fields import MESSAGES
from controller.register.headings import FIELD_WORDS
from controller.register.vocabulary import CONDITION_WORDS, type_word
from protocol.formats import number, phrase
from protocol.model import Status
from protocol.words import N_, Translate

# How a state looks: colour and symbol are those of a device's status.
STATUS_OF: Final[Mapping[State, Status]] = {
    State.DUPLICATE_SERIAL: Status.WARNING,
    State.NO_ASSET_TAG: Status.WARNING,
    State.MISSING: Status.CRITICAL,
    State.NEVER_SEEN: Status.UNKNOWN,
    State.MOVED: Status.WARNING,
    State.OK: Status.OK,
}
DEED_WORDS: Final[Mapping[Deed, str]] = {
    Deed.ACCEPT: N_("accepted into the book"),
    Deed.MATCH: N_("matched to a line"),
    Deed.IGNORE: N_("ignored: no asset of the school"),
}
_UP: Final = N_("That is up by {n} points.")
_DOWN: Final = N_("That is down by {n} points.")
_UNCHANGED: Final = N_("The share is unchanged.")
_MOVED: Final = N_("the new room accepted: {becomes} instead of {was}")
_SUBJECTS: Final = {
    "serial": N_("serial {code}"),
    "tag": N_("label {code}"),
    "device": N_("device {code}"),
    "line": N_("line {code}"),
}


class BookWords:
    """Says a line and its figures in the words of a language, which each call is given."""

    states = STATE_WORDS
    conditions = CONDITION_WORDS
    raising = RAISE_WORDS
    statuses = STATUS_OF
    fields = FIELD_WORDS
    messages = MESSAGES

    def __init__(self, standing: Standing, desk: Desk) -> None:
        self._as_of_ms = standing.told.as_of_ms
        self._zone = desk.zone
        self._rows = {finding.kept.no: finding.kept.data.row for finding in standing.findings}

    def why(self, finding: Finding, say: Translate) -> str:
        """Why a line is in its state."""
        return sentence_of(finding, self._as_of_ms, say, self._zone)

    def action(self, finding: Finding, say: Translate) -> str:
        """What a person is asked to do next; nothing where nothing is."""
        action = action_of(finding)
        return "" if action is Action.NONE else say(ACTION_WORDS[action])

    def type(self, code: str, say: Translate) -> str:
        """The type as people call it."""
        return type_word(code, say)

    def condition(self, code: str, say: Translate) -> str:
        """The condition as people call it; as it is where it is none of ours."""
        return say(CONDITION_WORDS[code]) if code in CONDITION_WORDS else code

    def lacks(self, finding: Finding, say: Translate) -> str:
        """What is to be done for its record to be complete."""
        return ", ".join(say(RAISE_WORDS[lack]) for lack in finding.lacks)

    def percent(self, pct: float | None, say: Translate) -> str:
        """A figure, or that it is not determined."""
        return percent_words(pct, say)

    def subject(self, subject: str, say: Translate) -> str:
        """What a decision is about; a line by its number in the book."""
        kind, _, code = subject.partition(":")
        if kind == "line" and code.isdecimal():
            code = self.row(int(code))
        return phrase(_SUBJECTS.get(kind, "{code}"), say, code=code)

    def seen(self, observation: Observation, say: Translate) -> str:
        """What something seen is known by, as it was read."""
        kind, _, _ = observation.key.partition(":")
        code = {"serial": observation.serial, "tag": observation.asset_tag}.get(
            kind, observation.device
        )
        return phrase(_SUBJECTS[kind], say, code=code)

    def row(self, line_no: int | None) -> str:
        """A line's number in the book; "?" of one that has left."""
        return str(self._rows.get(line_no or 0, "?"))

    def deed(self, decision: Decision, say: Translate) -> str:
        """What was decided."""
        if decision.subject.startswith("line:"):
            return phrase(_MOVED, say, becomes=decision.becomes, was=decision.was or "?")
        return say(DEED_WORDS[decision.deed])

    def change(self, now: Kpi, then: Kpi, say: Translate) -> tuple[str, str]:
        """By how many points the figure rose or fell, and the sentence for it."""
        if now.digital_managed_pct is None or then.digital_managed_pct is None:
            return "", _UNCHANGED
        points = round(now.digital_managed_pct - then.digital_managed_pct, 1)
        word = _UP if points > 0 else _DOWN
        return number(abs(points), say), word if points else _UNCHANGED
