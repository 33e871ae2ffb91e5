"""This file gets a link to the teacher's page for who may read the agent's key."""

from __future__ import annotations

import json
from typing import Final, NamedTuple

from protocol.door_client import LOCKED, DoorAnswer, ask_door
from protocol.errors import LopHocError
from protocol.language import fill
from protocol.words import N_, Translate

HOST: Final = "127.0.0.1"

_CODES: Final = "/door/codes"
_ANSWER_S: Final = 5.0
_MOST_BYTES: Final = 4096
_LOCKED: Final = N_("The agent does not let this account in.")
_WHO: Final = N_(
    "Run the command as the account that the agent runs under, or as one of the group in its"
    " setting door_group."
)
_ONCE: Final = N_("The link opens the page once, within {seconds} {seconds:second|seconds}.")


class PageLink(NamedTuple):
    """A link to the page. within_s: how long it is good."""

    url: str
    within_s: float

    def text(self, say: Translate) -> str:
        """For a person: the link, and how long it is good."""
        return f"{self.url}\n{fill(say(_ONCE), {'seconds': round(self.within_s)})}\n"


def link_of(port: int, key: str) -> PageLink:
    """Trade the agent's key for a link.

    Raises LopHocError where the agent does not answer, or not to this account.
    """
    status, text = _ask(port, key)
    if status == LOCKED:
        raise LopHocError("door_locked", _LOCKED, _WHO)
    try:
        answer = json.loads(text)
        return PageLink(f"http://{HOST}:{port}/#t={answer['code']}", float(answer["within_s"]))
    except (ValueError, KeyError, TypeError) as error:
        raise _silent(port, f"HTTP {status}") from error


def browse(url: str) -> bool:
    """Open it in a browser; whether one was started."""
    import webbrowser  # noqa: PLC0415 - seldom wanted

    return webbrowser.open(url)


def _ask(port: int, key: str) -> DoorAnswer:
    try:
        return ask_door(port, _CODES, "POST", key=key, limit_s=_ANSWER_S, most_bytes=_MOST_BYTES)
    except OSError as error:
        raise _silent(port, error) from error


def _silent(port: int, cause: object) -> LopHocError:
    return LopHocError(
        "agent_silent",
        N_("No agent answers at port {port} of this computer: {cause}."),
        N_("Start it, or give its port with --local-port."),
        port=port,
        cause=cause,
    )
