"""This file says the equipment book in words, on screens and in reports; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final

from msgspec.structs import asdict

from controller.reconcile.evidence import Observation
from controller.reconcile.kpi import Kpi
from controller.reconcile.reconcile import (
    DAY_MS,
    Action,
    LineFinding,
    LineState,
    Reconciled,
    Stranger,
    action_of,
)
from controller.register.decisions import Decision, Deed
from controller.register.headings import FIELD_WORDS
from controller.register.vocabulary import CONDITION_WORDS, type_word
from protocol.formats import day_of, number, phrase
from protocol.model import Status, instant
from protocol.words import N_, Translate

STATE_WORDS: Final[Mapping[LineState, str]] = {
    LineState.DUPLICATE_SERIAL: N_("duplicate serial"),
    LineState.NO_ASSET_TAG: N_("no asset tag"),
    LineState.MISSING: N_("missing"),
    LineState.NEVER_SEEN: N_("never seen"),
    LineState.MOVED: N_("moved"),
    LineState.OK: N_("in order"),
}
ACTION_WORDS: Final[Mapping[Action, str]] = {
    Action.NONE: N_("Nothing to do."),
    Action.CHECK_SERIALS: N_("Read the serial on each of them and correct the book."),
    Action.GIVE_TAG: N_("Give it an asset tag and stick the label on."),
    Action.SEARCH: N_("Look for it, or set its condition: broken, under repair, lost."),
    Action.SCAN_LABEL: N_("Scan its label where it stands."),
    Action.ACCEPT_ROOM_OR_BRING_BACK: N_("Accept the new room, or bring it back."),
    Action.ACCEPT_MATCH_OR_IGNORE: N_("Accept it into the book, match it to a line, or ignore it."),
    Action.FIND_OR_WRITE_OFF: N_("Say that it is found, or write it off in the book."),
    Action.SET_CONDITION: N_("It is there: set its condition."),
}
RAISE_WORDS: Final[Mapping[str, str]] = {
    "asset_tag": N_("give an asset tag"),
    "type": N_("name the type"),
    "room": N_("name the room"),
    "year": N_("name the year it was put in use"),
    "serial": N_("write down the serial"),
    "unique_serial": N_("clear up duplicate serials"),
    "verify": N_("scan or see"),
}
UNDETERMINED: Final = N_("not determined")
_SENTENCES: Final[Mapping[LineState, str]] = {
    LineState.NO_ASSET_TAG: N_("The line has no asset tag."),
    LineState.MISSING: N_("Not seen for {days} {days:day|days}, last on {day} in {room}."),
    LineState.NEVER_SEEN: N_("Nobody has seen it yet."),
    LineState.MOVED: N_("It belongs in {home} and was seen in {room} on {day}."),
    LineState.OK: N_("Seen on {day} in {room}."),
}
_SAME_SERIAL: Final = N_("Its serial also stands on line {rows}.")
_SAME_ELSEWHERE: Final = N_("Its serial also stands in the book of school {schools}.")
_OUT_OF_USE: Final = N_("It is {condition}.")
_REAPPEARED: Final = N_("Yet it was seen on {day}.")
_OTHER_SERIAL: Final = N_("Under its label another serial was read: {serial}.")
# How a state looks: colour and symbol are those of a device's status.
STATUS_OF: Final[Mapping[LineState, Status]] = {
    LineState.DUPLICATE_SERIAL: Status.WARNING,
    LineState.NO_ASSET_TAG: Status.WARNING,
    LineState.MISSING: Status.CRITICAL,
    LineState.NEVER_SEEN: Status.UNKNOWN,
    LineState.MOVED: Status.WARNING,
    LineState.OK: Status.OK,
}
DEED_WORDS: Final[Mapping[Deed, str]] = {
    Deed.ACCEPT: N_("accepted into the book"),
    Deed.MATCH: N_("matched to a line"),
    Deed.IGNORE: N_("ignored: no asset of the school"),
}
_UP: Final = N_("That is up by {n} {n:point|points}.")
_DOWN: Final = N_("That is down by {n} {n:point|points}.")
_UNCHANGED: Final = N_("The share is unchanged.")
_MOVED: Final = N_("the new room accepted: {becomes} instead of {was}")
_SUBJECTS: Final = {
    "serial": N_("serial {code}"),
    "tag": N_("label {code}"),
    "device": N_("device {code}"),
    "line": N_("line {code}"),
}


def sentence_of(finding: LineFinding, as_of_ms: int, say: Translate, zone: tzinfo) -> str:
    """Why the line is in its state, in a sentence or two."""
    seen_ms = finding.seen_ms or 0
    values: dict[str, object] = {
        "days": (as_of_ms - seen_ms) // DAY_MS,
        "day": day_of(seen_ms, zone, say),
        "room": finding.there or "?",
        "home": finding.home,
        "rows": ", ".join(map(str, finding.rows)),
        "schools": ", ".join(finding.schools),
        "condition": say(CONDITION_WORDS.get(finding.condition, "?")),
        "serial": finding.other_serial,
    }
    parts = _parts(finding)
    return " ".join(phrase(part, say, **values) for part in parts)


def _parts(finding: LineFinding) -> list[str]:
    parts: list[str] = []
    for state in finding.states:
        if state is LineState.DUPLICATE_SERIAL:
            parts += [_SAME_SERIAL] if finding.rows else []
            parts += [_SAME_ELSEWHERE] if finding.schools else []
        elif state is not LineState.MISSING or finding.seen_ms is not None:
            parts.append(_SENTENCES[state])
    if finding.condition not in ("", "good"):
        parts.append(_OUT_OF_USE)
    if finding.reappeared:
        parts.append(_REAPPEARED)
    return [*parts, *([_OTHER_SERIAL] if finding.other_serial else [])]


def report_of(reconciled: Reconciled, kpi: Kpi, say: Translate, zone: tzinfo) -> dict[str, Any]:
    """What `reconcile --json` tells."""
    return {
        "per_row": {
            str(finding.line.data.row): {
                "state": finding.state.value,
                "detail": detail_of(finding, reconciled.as_of_ms, say, zone),
            }
            for finding in reconciled.findings
        },
        "unregistered": [stranger_of(stranger, zone) for stranger in reconciled.strangers],
        "kpi": asdict(kpi),
    }


def detail_of(finding: LineFinding, as_of_ms: int, say: Translate, zone: tzinfo) -> dict[str, Any]:
    """All there is to say of a line; what is not there is left out."""
    moved = LineState.MOVED in finding.states
    fields = {
        "text": sentence_of(finding, as_of_ms, say, zone),
        "action": action_of(finding).value,
        "also": [state.value for state in finding.also],
        "from": finding.home if moved else "",
        "to": finding.there if moved else "",
        "room": finding.there,
        "seen_at": _at(finding.seen_ms, zone),
        "by": finding.by.value if finding.by else "",
        "condition": finding.condition,
        "rows": list(finding.rows),
        "schools": list(finding.schools),
        "other_serial": finding.other_serial,
        "lacks": list(finding.lacks),
    }
    facts = {"complete": finding.complete, "verified": finding.verified}
    return {name: value for name, value in fields.items() if value} | facts


def stranger_of(stranger: Stranger, zone: tzinfo) -> dict[str, Any]:
    """Something that is not in the book."""
    observation = stranger.observation
    return {
        "subject": observation.key,
        "serial": observation.serial,
        "asset_tag": observation.asset_tag,
        "type": observation.type,
        "room": observation.room,
        "at": _at(observation.at_ms, zone),
        "by": observation.by.value,
        "candidates": list(stranger.candidates),
        "action": Action.ACCEPT_MATCH_OR_IGNORE.value,
    }


def _at(at_ms: int | None, zone: tzinfo) -> str:
    return "" if at_ms is None else instant(at_ms).astimezone(zone).isoformat()


def percent_words(pct: float | None, say: Translate) -> str:
    """The figure in words: 66,7 %, or that it is not determined."""
    return say(UNDETERMINED) if pct is None else f"{number(pct, say)} %"


class BookWords:
    """Says a line and its figures in the words of a language, which each call is given."""

    states = STATE_WORDS
    conditions = CONDITION_WORDS
    raising = RAISE_WORDS
    statuses = STATUS_OF
    fields = FIELD_WORDS

    type = staticmethod(type_word)
    percent = staticmethod(percent_words)

    def __init__(self, reconciled: Reconciled, zone: tzinfo) -> None:
        self._as_of_ms = reconciled.as_of_ms
        self._zone = zone
        self._rows = {finding.line.no: finding.line.data.row for finding in reconciled.findings}

    def why(self, finding: LineFinding, say: Translate) -> str:
        """Why a line is in its state."""
        return sentence_of(finding, self._as_of_ms, say, self._zone)

    def action(self, finding: LineFinding, say: Translate) -> str:
        """What a person is asked to do next; nothing where nothing is."""
        action = action_of(finding)
        return "" if action is Action.NONE else say(ACTION_WORDS[action])

    def condition(self, code: str, say: Translate) -> str:
        """The condition as people call it; as it is where it is none of ours."""
        return say(CONDITION_WORDS[code]) if code in CONDITION_WORDS else code

    def lacks(self, finding: LineFinding, say: Translate) -> str:
        """What is to be done for its record to be complete."""
        return ", ".join(say(RAISE_WORDS[lack]) for lack in finding.lacks)

    def subject(self, subject: str, say: Translate) -> str:
        """What a decision is about; a line by its number in the book."""
        kind, _, code = subject.partition(":")
        if kind == "line" and code.isdecimal():
            code = self.row(int(code))
        return phrase(_SUBJECTS.get(kind, "{code}"), say, code=code)

    def name_of(self, observation: Observation, say: Translate) -> str:
        """What something seen is known by, as it was read; its name before an id of ours."""
        kind, _, _ = observation.key.partition(":")
        if kind == "device" and observation.name:
            return observation.name
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
