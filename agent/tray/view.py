"""This file is what the agent says to the teacher's window, as frozen values.

Fields of a newer agent are passed over, absent ones have a quiet default: a window that is older
or younger than its agent still shows the lesson. Read by Python's own json: msgspec would take 4 MB
of the memory that the window holds all day.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import UnionType
from typing import Any, Final, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

_Part = TypeVar("_Part")


class Button(NamedTuple):
    """The one big button. action: start, confirm or end."""

    action: str = ""
    label: str = ""
    enabled: bool = False


class ProposalView(NamedTuple):
    """Which classes learn now, why so, and which else it could be."""

    classes: tuple[str, ...] = ()
    why: str = ""
    others: tuple[tuple[str, ...], ...] = ()
    all: tuple[str, ...] = ()
    substitute: bool = False


class Chip(NamedTuple):
    """One part of the room. state: ok, warning, critical, unknown or absent."""

    part: str = ""
    state: str = "unknown"
    label: str = ""
    words: str = ""


class Gaps(NamedTuple):
    """What is missing, and what to do first."""

    sentence: str = ""
    todo: str = ""


class MarkView(NamedTuple):
    """A mark that a pupil can have, as the school writes it."""

    status: str
    letter: str = ""
    label: str = ""


class PupilView(NamedTuple):
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
        return f"PupilView({self.number})"


class RollView(NamedTuple):
    """The roll of the lesson that runs. text: total/present/absent, such as 42/39/3."""

    title: str = ""
    text: str = ""
    confirmed: bool = False
    marks: tuple[MarkView, ...] = ()
    lines: tuple[PupilView, ...] = ()


class UndoView(NamedTuple):
    """What can be taken back, and for how many more seconds."""

    what: str = ""
    label: str = ""
    left_s: float = 0.0


class NoticeView(NamedTuple):
    """A sentence for the teacher. level: info or warning."""

    code: str = ""
    sentence: str = ""
    level: str = "info"


class FaultPart(NamedTuple):
    """A part that can be reported as broken."""

    part: str
    label: str = ""


class SentFault(NamedTuple):
    """A report that the agent keeps."""

    part: str = ""
    sentence: str = ""
    delivered: bool = False


class FaultsView(NamedTuple):
    """What can be reported, and what was."""

    parts: tuple[FaultPart, ...] = ()
    sent: tuple[SentFault, ...] = ()


class CameraView(NamedTuple):
    """Whether the room's camera is off, or looked at; what the switch would do; all in words."""

    off: bool = False
    label: str = ""
    looking: bool = False
    words: str = ""


class Question(NamedTuple):
    """What the agent asks of a device, and the two answers."""

    device_id: str
    question: str = ""
    name: str = ""
    kind: str = ""
    yes: str = ""
    no: str = ""


class ScanView(NamedTuple):
    """The scan of the class's cards by the room's camera."""

    possible: bool = False
    running: bool = False
    label: str = ""
    words: str = ""


class TabletsView(NamedTuple):
    """The tablets' check-in, and where the page for the board is."""

    open: bool = False
    board: str = "/board"


class TeacherView(NamedTuple):
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
    proposal: ProposalView | None = None
    chips: tuple[Chip, ...] = ()
    gaps: Gaps | None = None
    roll: RollView | None = None
    logbook: str | None = None
    undo: UndoView | None = None
    notices: tuple[NoticeView, ...] = ()
    faults: FaultsView = FaultsView()
    camera: CameraView | None = None
    questions: tuple[Question, ...] = ()
    scan: ScanView | None = None
    tablets: TabletsView | None = None
    labels: Mapping[str, str] = {}


class _Error(NamedTuple):
    message: str = ""
    hint: str = ""


class _Refusal(NamedTuple):
    error: _Error = _Error()


class _Code(NamedTuple):
    code: str = ""


_UNREADABLE: Final = (ValueError, TypeError, OverflowError, RecursionError)


def view_from(body: bytes) -> TeacherView | None:
    """The view in an answer; None if it holds none."""
    try:
        return _part(TeacherView, json.loads(body.decode()))
    except _UNREADABLE:
        return None


def refusal_from(body: bytes) -> str:
    """The sentence of a refusal, with its hint; empty if the answer holds none."""
    try:
        error = _part(_Refusal, json.loads(body.decode())).error
    except _UNREADABLE:
        return ""
    return " ".join(filter(None, (error.message, error.hint)))


def code_from(body: bytes) -> str:
    """The code in an answer that lets a page in; empty if it holds none."""
    try:
        return _part(_Code, json.loads(body.decode())).code
    except _UNREADABLE:
        return ""


def _part(kind: type[_Part], tree: object) -> _Part:
    """The named tuple in a JSON object; TypeError where a field is absent or of another kind."""
    hints = get_type_hints(kind)
    fields = _sure(dict, tree).items()
    return kind(**{name: _value(hints[name], value) for name, value in fields if name in hints})


def _value(kind: Any, value: Any) -> Any:
    origin, inner = get_origin(kind), get_args(kind)
    if origin is UnionType:
        return None if value is None else _value(inner[0], value)
    if origin is tuple:
        return tuple(_value(inner[0], item) for item in _sure(list, value))
    if origin is Mapping:
        return {_text(name): _text(item) for name, item in _sure(dict, value).items()}
    if kind is str:
        return _text(value)
    if kind is float:
        return float(value if type(value) is int else _sure(float, value))
    return _sure(kind, value) if kind in {int, bool} else _part(kind, value)


def _sure(kind: type[_Part], value: object) -> _Part:
    """What is exactly of this kind: true is no number."""
    if type(value) is not kind:
        raise TypeError
    return value


def _text(value: object) -> str:
    text = _sure(str, value)
    text.encode()  # half a surrogate pair cannot be shown
    return text
