"""This file is what somebody has changed, as the log keeps it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from controller.people.person import Person


class WebDeed(NamedTuple):
    """What was done: a code, such as `accounts end`, the values of its address, and by whom."""

    code: str
    values: Mapping[str, str]
    person: Person | None
