"""This file is what the agent and the program that enrols it say to each other, a line each."""

from __future__ import annotations

from enum import StrEnum

import msgspec
from msgspec import Struct

from protocol.shapes import from_json


class JoinOrder(Struct, frozen=True, kw_only=True):
    """What to do. It goes by standard input: a code stands in no list of processes.

    typed: a code or a link; empty: knock. controller: its address where a person gave one. agent,
    label, room: what this computer is called so far, and where it stands. data: the agent's folder.
    """

    typed: str
    controller: str
    agent: str
    label: str
    data: str
    room: str = ""


class Compared(Struct, frozen=True):
    """What a person said of the digits, to the program that knocks."""

    is_same: bool


class JoinStep(StrEnum):
    """What is being done."""

    LOOKING = "looking"
    ASKING = "asking"
    ACCEPTING = "accepting"  # the office has yet to accept


class Stepped(Struct, frozen=True, tag="step"):
    """How far it is. digits: those that its person has compared, while the office has not."""

    step: JoinStep
    digits: str = ""


class Knocked(Struct, frozen=True, tag="knocked"):
    """A person compares these digits with the controller's page, and says whether they are it."""

    digits: str


class Failed(Struct, frozen=True, tag="failed"):
    """It came to nothing: an error's code, message ids, and values."""

    code: str
    message: str
    hint: str = ""
    values: dict[str, str] = {}


class Joined(Struct, frozen=True, tag="joined"):
    """The credential is kept. words: the controller's page shows the same four."""

    agent: str
    room: str
    school: str
    words: str


Report = Stepped | Knocked | Failed | Joined


def line_of(message: JoinOrder | Compared | Report) -> bytes:
    """A message as it is said."""
    return msgspec.json.encode(message) + b"\n"


def order_in(line: bytes) -> JoinOrder:
    """The order in a line. Raises msgspec.DecodeError."""
    return from_json(line, JoinOrder)


def compared_in(line: bytes) -> Compared:
    """The person's answer in a line. Raises msgspec.DecodeError."""
    return from_json(line, Compared)


def report_in(line: bytes) -> Report:
    """The report in a line. Raises msgspec.DecodeError."""
    report: Report = from_json(line, Report)
    return report
