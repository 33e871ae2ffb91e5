"""This file is what the agent says to the teacher's window, as frozen values.

Fields of a newer agent are passed over, absent ones have a quiet default: a window that is older
or younger than its agent still shows the lesson.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the view."""


class Button(_Part, frozen=True, kw_only=True):
    """The one big button. action: start, confirm or end."""

    action: str = ""
    label: str = ""
    enabled: bool = False


class Proposal(_Part, frozen=True, kw_only=True):
    """Which classes learn now, why so, and which else it could be."""

    classes: tuple[str, ...] = ()
    why: str = ""
    others: tuple[tuple[str, ...], ...] = ()
    all: tuple[str, ...] = ()
    substitute: bool = False


class Chip(_Part, frozen=True, kw_only=True):
    """One part of the room. state: ok, warning, critical, unknown or absent."""

    part: str = ""
    state: str = "unknown"
    label: str = ""
    words: str = ""


class Gaps(_Part, frozen=True, kw_only=True):
    """What is missing, and what to do first."""

    sentence: str = ""
    todo: str = ""


class Mark(_Part, frozen=True, kw_only=True):
    """A mark that a pupil can have, as the school writes it."""

    status: str
    letter: str = ""
    label: str = ""


class Line(_Part, frozen=True, kw_only=True):
    """One pupil of the roll."""

    student: str
    class_code: str = ""
    number: int = 0
    name: str = ""
    status: str = "present"
    by: str = "default"
    suggested: str | None = None
    words: str = ""
    flag_words: tuple[str, ...] = ()
    history: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """No name stands in a log."""
        return f"Line({self.number})"


class Roll(_Part, frozen=True, kw_only=True):
    """The roll of the lesson that runs. text: total/present/absent, such as 42/39/3."""

    title: str = ""
    text: str = ""
    confirmed: bool = False
    marks: tuple[Mark, ...] = ()
    lines: tuple[Line, ...] = ()


class Undo(_Part, frozen=True, kw_only=True):
    """What can be taken back, and for how many more seconds."""

    what: str = ""
    label: str = ""
    left_s: float = 0.0


class Notice(_Part, frozen=True, kw_only=True):
    """A sentence for the teacher. level: info or warning."""

    code: str = ""
    sentence: str = ""
    level: str = "info"


class FaultPart(_Part, frozen=True, kw_only=True):
    """A part that can be reported as broken."""

    part: str
    label: str = ""


class Sent(_Part, frozen=True, kw_only=True):
    """A report that the agent keeps."""

    part: str = ""
    sentence: str = ""
    delivered: bool = False


class Faults(_Part, frozen=True, kw_only=True):
    """What can be reported, and what was."""

    parts: tuple[FaultPart, ...] = ()
    sent: tuple[Sent, ...] = ()


class Camera(_Part, frozen=True, kw_only=True):
    """Whether the room's camera is switched off; what the switch would do."""

    off: bool = False
    label: str = ""


class Question(_Part, frozen=True, kw_only=True):
    """What the agent asks of a device, and the two answers."""

    device_id: str
    question: str = ""
    name: str = ""
    kind: str = ""
    yes: str = ""
    no: str = ""


class Scan(_Part, frozen=True, kw_only=True):
    """The scan of the class's cards by the room's camera."""

    possible: bool = False
    running: bool = False
    label: str = ""
    words: str = ""


class Tablets(_Part, frozen=True, kw_only=True):
    """The tablets' check-in, and where the page for the board is."""

    open: bool = False
    board: str = "/board"


class View(_Part, frozen=True, kw_only=True):
    """All that the window shows."""

    rev: int
    phase: str
    language: str = "vi"
    room: str = ""
    rooms: tuple[str, ...] = ()
    pick_room: bool = False
    headline: str = ""
    also: Button | None = None
    subline: str = ""
    button: Button = Button()
    proposal: Proposal | None = None
    chips: tuple[Chip, ...] = ()
    gaps: Gaps | None = None
    roll: Roll | None = None
    logbook: str | None = None
    undo: Undo | None = None
    notices: tuple[Notice, ...] = ()
    faults: Faults = Faults()
    camera: Camera | None = None
    questions: tuple[Question, ...] = ()
    scan: Scan | None = None
    tablets: Tablets | None = None
    labels: Mapping[str, str] = {}


class _Error(_Part, frozen=True, kw_only=True):
    message: str = ""
    hint: str = ""


class _Refusal(_Part, frozen=True, kw_only=True):
    error: _Error = _Error()


_view = msgspec.json.Decoder(View)
_refusal = msgspec.json.Decoder(_Refusal)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def view_from(body: bytes) -> View | None:
    """The view in an answer; None if it holds none."""
    try:
        return _view.decode(body)
    except _UNREADABLE:
        return None


def refusal_from(body: bytes) -> str:
    """The sentence of a refusal, with its hint; empty if the answer holds none."""
    try:
        error = _refusal.decode(body).error
    except _UNREADABLE:
        return ""
    return " ".join(filter(None, (error.message, error.hint)))
