"""This file says what a press asks of the agent, and when the agent is asked again. Pure: no Qt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from agent.tray.view import MarkView, PupilView, Question, TeacherView
from protocol.backoff import Backoff

PRESENT: Final = "present"
CLAIM: Final = "claim"
ABSENT: Final = "absent_unexcused"
ADDRESSES: Final[Mapping[str, str]] = {
    "start": "lesson/start",
    "confirm": "roll/confirm",
    "end": "lesson/end",
}


class Press(NamedTuple):
    """What a press asks of the agent: an address below /api/v1/, and a body."""

    path: str
    body: Mapping[str, Any]


def press_of(
    view: TeacherView, chosen: Sequence[str] = (), *, substitute: bool = False
) -> Press | None:
    """What the big button asks for now; None where it can ask nothing."""
    action = view.button.action
    if not view.button.enabled or action not in ADDRESSES:
        return None
    body: dict[str, Any] = {}
    if action == "start" and (chosen or substitute):
        proposed = view.proposal.classes if view.proposal else ()
        body = {"classes": list(chosen or proposed), "substitute": substitute}
    return Press(ADDRESSES[action], body)


def next_status(line: PupilView, marks: Sequence[MarkView]) -> str:
    """What a tap on a name makes of it: one who is there is absent; others stay, to be chosen."""
    statuses = {mark.status for mark in marks}
    return ABSENT if line.status == PRESENT and ABSENT in statuses else line.status


def answer_press(question: Question, *, yes: bool) -> Press:
    """What an answer to a question asks of the agent."""
    if question.kind == CLAIM:
        return Press(f"devices/{question.device_id}/claim", {"ours": yes})
    kind = question.kind if yes else "other"
    return Press(f"devices/{question.device_id}/kind", {"kind": kind})


def toggle_class(chosen: Sequence[str], code: str) -> tuple[str, ...]:
    """The classes chosen after one more tap: joint classes are several."""
    return tuple(other for other in chosen if other != code) if code in chosen else (*chosen, code)


def patience() -> Backoff:
    """How long to wait before the agent is asked again: 0.5, 1, 2, 4, then 5 seconds."""
    return Backoff(0.5, 5.0, chance=lambda: 1.0)
