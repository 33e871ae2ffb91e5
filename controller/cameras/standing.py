"""This file holds what a room's computer tells of its cameras, and the school's word to it."""

from __future__ import annotations

import msgspec

from protocol.messages import CameraLook
from protocol.model import Place


class CameraStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How the cameras at one computer are switched, as it was last told.

    by: room, school or settings. name: the account, where the school's. looks: what pictures are
    looked at for. check_s: how often each is judged for some seconds, 0 for never.
    run, seq: where in what the computer says it was told, as of an event.
    """

    place: Place
    room: str
    off: bool
    since_ms: int
    by: str
    name: str
    looks: tuple[CameraLook, ...]
    check_s: int
    at_ms: int
    run: int = 0
    seq: int = 0


class OffCommand(msgspec.Struct, frozen=True, kw_only=True):
    """The school's word that a computer has not answered yet. command: its name."""

    place: Place
    command: str
    actor: str
    asked_ms: int
