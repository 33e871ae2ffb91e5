"""This file reads from the agent's view what an icon and its menu show. Pure: no Qt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NamedTuple

from protocol.language import N_, Translate

ADDRESSES: Final[Mapping[str, str]] = {
    "start": "lesson/start",
    "confirm": "roll/confirm",
    "end": "lesson/end",
}
# A state's symbol, and the colours of text and ground: a contrast of 4.5 at least (WCAG 2.1).
LOOKS: Final[Mapping[str, tuple[str, str, str]]] = {
    "critical": ("✕", "#7a0c0c", "#fbdcdc"),
    "warning": ("!", "#5c3a00", "#ffe9b8"),
    "unknown": ("?", "#333333", "#e6e6e6"),
    "ok": ("✓", "#0b4d1a", "#dff3e2"),
}
OPEN: Final = N_("Open LopHoc")
QUIT: Final = N_("Quit")
CHOOSE: Final = N_("Choose the class")
NO_AGENT: Final = N_("The LopHoc program is not seen on this computer. It is looked for again.")

_UNREADABLE: Final = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


class TrayView(NamedTuple):
    """What the icon tells. action: of the large button; meant: what a press of it is for."""

    rev: int
    language: str = "vi"
    is_running: bool = False
    state: str = "unknown"
    lines: tuple[str, ...] = ()
    action: str = ""
    deed: str = ""
    meant: Mapping[str, Any] | None = None


class Press(NamedTuple):
    """What a press asks of the agent: an address below /api/v1/, and a body."""

    path: str
    body: Mapping[str, Any]


def view_from(body: bytes) -> TrayView | None:
    """The view in an answer; None if it holds none."""
    try:
        tree = json.loads(body.decode())
        return _view(tree) if isinstance(tree["rev"], int) else None
    except _UNREADABLE:
        return None


def _view(tree: Mapping[str, Any]) -> TrayView:
    button, chips = tree.get("button") or {}, tree.get("chips") or []
    action = button.get("action", "") if button.get("enabled") else ""
    is_choice = action == "start" and not (tree.get("proposal") or {}).get("classes")
    if action == "confirm" and tree.get("asks"):
        action = "page"  # which asks for a PIN
    subline = _text(tree.get("subline", ""))
    deed = ": ".join(filter(None, (_text(button.get("label", "")), subline)))
    heads = (_text(tree.get(name, "")) for name in ("headline", "room"))
    headline = " · ".join(filter(None, heads))
    return TrayView(
        rev=tree["rev"],
        language=_text(tree.get("language", "vi")),
        is_running=tree["phase"] not in {"idle", "ended"},
        state=_worst([chip["state"] for chip in chips]),
        lines=(headline, subline, *(f"{_text(c['label'])}: {_text(c['words'])}" for c in chips)),
        action="choose" if is_choice else action if action in {*ADDRESSES, "page"} else "",
        deed=deed,
        meant=tree.get("meant"),
    )


def _worst(states: list[str]) -> str:
    """What a room does not have counts for nothing; a state that is not known is unknown."""
    shown = {state if state in LOOKS else "unknown" for state in states if state != "absent"}
    return next((state for state in LOOKS if state in shown), "ok")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    value.encode()  # half a surrogate pair cannot be shown
    return value


def press_of(view: TrayView) -> Press | None:
    """What the menu's first entry asks for now; None where the page asks something first."""
    if view.action not in ADDRESSES:
        return None
    return Press(ADDRESSES[view.action], {} if view.meant is None else {"meant": view.meant})


def deed_words(view: TrayView | None, say: Translate) -> str:
    """The menu's first entry, such as "Bắt đầu: 6A1 · Toán · Tiết 1"; empty where there is none."""
    if view is None or not view.action:
        return ""
    return say(CHOOSE) if view.action == "choose" else view.deed


def tooltip(view: TrayView | None, sentence: str, say: Translate) -> str:
    """What the icon tells when it is pointed at. sentence: why nothing is known."""
    return "\n".join(filter(None, view.lines)) if view else sentence or say(NO_AGENT)


def refusal_from(body: bytes) -> str:
    """The sentence of a refusal, with its hint; empty if the answer holds none."""
    with suppress(*_UNREADABLE):
        error = json.loads(body.decode())["error"]
        return " ".join(filter(None, (_text(error["message"]), _text(error.get("hint", "")))))
    return ""


def code_from(body: bytes) -> str:
    """The code in an answer that lets a page in; empty if it holds none."""
    with suppress(*_UNREADABLE):
        return _text(json.loads(body.decode())["code"])
    return ""
