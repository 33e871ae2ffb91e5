"""This file decides how a view looks: words, symbols and colours.

Pure: no Qt. A state is never told by colour alone; every pair of colours has a contrast of at
least 4.5 (WCAG 2.1, 1.4.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from agent.tray.presses import PRESENT
from agent.tray.view import Chip, MarkView, PupilView, TeacherView
from protocol.language import N_, Translate

STALE: Final = N_("Shown is what was known at {time}.")

WORDS: Final[Mapping[str, str]] = {
    "title": N_("Classroom"),
    "report_fault": N_("Report a fault"),
    "other_class": N_("Another class"),
    "substitute": N_("Substitute lesson"),
    "room": N_("Room"),
    "open_board": N_("Open the board page"),
    "copy": N_("Copy"),
    "copied": N_("Copied"),
    "open": N_("Open the window"),
    "open_page": N_("Open in the browser"),
    "quit": N_("Quit"),
    "camera_off": N_("The camera is off"),
    "camera_on": N_("The camera is on"),
    "camera_looking": N_("The camera is looked at now"),
    "counts": N_("Pupils / present / absent"),
    "no_agent": N_("The LopHoc program is not seen on this computer. It is looked for again."),
}


class Appearance(NamedTuple):
    """A symbol, with the colours of text and ground, as #rrggbb."""

    symbol: str
    ink: str
    ground: str


APPEARANCES: Final[Mapping[str, Appearance]] = {
    "ok": Appearance("✓", "#0b4d1a", "#dff3e2"),
    "warning": Appearance("!", "#5c3a00", "#ffe9b8"),
    "critical": Appearance("✕", "#7a0c0c", "#fbdcdc"),
    "unknown": Appearance("?", "#333333", "#e6e6e6"),
    "absent": Appearance("-", "#333333", "#e6e6e6"),
}
_WORST_FIRST: Final = ("critical", "warning", "unknown", "ok")


def word(view: TeacherView | None, name: str, say: Translate) -> str:
    """A word of the window: the agent's, else our own."""
    label = view.labels.get(name, "") if view else ""
    return label or say(WORDS[name])


def appearance_of(state: str) -> Appearance:
    """How a state looks; one that is not known looks unknown."""
    return APPEARANCES.get(state, APPEARANCES["unknown"])


def chip_text(chip: Chip) -> str:
    """A chip in words, with its symbol in front."""
    return f"{appearance_of(chip.state).symbol}  {chip.label}: {chip.words}"


def state_of(view: TeacherView | None) -> str:
    """The worst of what the room has; unknown where no agent is."""
    if view is None:
        return "unknown"
    states = {chip.state for chip in view.chips} - {"absent"}
    return next((state for state in _WORST_FIRST if state in states), "ok")


def tooltip(view: TeacherView | None, say: Translate) -> str:
    """What the icon tells when it is pointed at."""
    if view is None:
        return word(None, "no_agent", say)
    chips = [f"{chip.label}: {chip.words}" for chip in view.chips]
    return "\n".join(filter(None, (f"{view.headline} · {view.room}", view.subline, *chips)))


def letter_of(line: PupilView, marks: Sequence[MarkView]) -> str:
    """The mark as the school writes it; a tick for one who is there."""
    letter = next((mark.letter for mark in marks if mark.status == line.status), "?")
    return letter or "✓"


def mark_label(line: PupilView, marks: Sequence[MarkView]) -> str:
    """The mark in words."""
    return next((mark.label for mark in marks if mark.status == line.status), line.status)


def pupil_text(line: PupilView, marks: Sequence[MarkView]) -> str:
    """A pupil's button: mark, number and name; where the name is not kept, the number alone."""
    return f"{letter_of(line, marks)}   {line.number}. {line.name}".rstrip()


def pupil_detail(line: PupilView) -> str:
    """What is known besides: where the suggestion comes from, doubts, earlier marks."""
    return " · ".join(filter(None, (line.words, *line.flag_words, *line.history)))


def pupil_spoken(line: PupilView, marks: Sequence[MarkView]) -> str:
    """A pupil's button as a screen reader says it."""
    name = f"{line.number}. {line.name}".rstrip()
    return ", ".join(filter(None, (name, mark_label(line, marks), pupil_detail(line))))


def pupil_state(line: PupilView) -> str:
    """Which look a pupil has."""
    if line.status == PRESENT:
        return "warning" if line.flag_words or line.suggested == "unseen" else "ok"
    return "critical" if line.status.startswith("absent") else "warning"
