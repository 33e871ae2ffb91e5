"""This file says by what people know computers that go by one identity. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from protocol.messages import SharingComputer

_SHOWN: Final = 3
_LABEL: Final = 30  # so that three fit a reason's value


def names_of(computers: Sequence[SharingComputer]) -> str:
    """These computers, each with what tells it from another of its name."""
    return " / ".join(map(_name_of, computers[:_SHOWN]))


def _name_of(computer: SharingComputer) -> str:
    name = computer.name[:_LABEL] or "?"
    marks = ", ".join(part[:_LABEL] for part in (computer.serial, computer.address) if part)
    return f"{name} ({marks})" if marks else name
