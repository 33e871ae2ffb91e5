"""This file holds what the agent and its camera process say to each other: one JSON object a line.

Orders go by standard input, for arguments can be read by every user of the machine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hardware.camera.features import Baseline
from hardware.readings import CameraState

REASONS: Final = frozenset(
    {"needs_password", "no_answer", "stalled", "nonsense", "in_use", "no_rights"}
)
NO_VISION: Final = "no_vision"
LINE_LIMIT: Final = 16_000
_MEASURES_LIMIT: Final = 40


class CameraTrouble(Exception):  # noqa: N818 - the camera's state, not a fault of ours
    """No picture comes, for one of REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One look. place: a URL, a device node, or a file where is_file. seconds: of a live look."""

    place: str = field(repr=False)
    is_file: bool = False
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    seconds: float = 6.0
    baseline: Baseline | None = None

    def line(self) -> bytes:
        """As it is sent."""
        baseline = list(self.baseline) if self.baseline else None
        fields = {
            "place": self.place,
            "is_file": self.is_file,
            "user": self.user,
            "password": self.password,
            "seconds": self.seconds,
            "baseline": baseline,
        }
        return json.dumps(fields).encode() + b"\n"


class Alive(NamedTuple):
    """The child works. within_s: when it says the next word at the latest. framed: it saw some."""

    within_s: float
    framed: bool = False

    def line(self) -> str:
        """As it is sent."""
        return json.dumps({"within_s": self.within_s, "framed": self.framed})


class LookVerdict(NamedTuple):
    """How the camera is, at the end of the look. reason: of REASONS, or NO_VISION, or empty."""

    state: CameraState
    reason: str = ""
    measures: Mapping[str, float] = {}

    def line(self) -> str:
        """As it is sent."""
        fields = {"state": self.state, "reason": self.reason, "measures": dict(self.measures)}
        return json.dumps(fields)


def order_of(line: bytes) -> Order:
    """The order in a line of ours."""
    fields = json.loads(line)
    baseline = fields.pop("baseline")
    return Order(**fields, baseline=Baseline(*baseline) if baseline else None)


def word_of(line: bytes) -> Alive | LookVerdict:
    """What the child said. Raises ValueError for anything else.

    The child decodes strangers' pictures: what it says is checked like any stranger's word.
    """
    try:
        fields = json.loads(line)
    except RecursionError as error:
        raise ValueError("too deep") from error
    if not isinstance(fields, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one error for whatever is wrong
    if "within_s" in fields:
        return Alive(_number(fields["within_s"]), fields.get("framed") is True)
    reason, measures = fields.get("reason", ""), fields.get("measures", {})
    if not isinstance(measures, dict) or len(measures) > _MEASURES_LIMIT:
        raise ValueError("no measures")
    if reason and reason not in REASONS | {NO_VISION}:
        raise ValueError("no such reason")
    numbers = {str(name)[:20]: _number(value) for name, value in measures.items()}
    return LookVerdict(CameraState(str(fields.get("state"))), reason, numbers)


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a number")
    return float(value)
