"""This file is the plain list: what each agent was about to say, written down before it did.

A step is one put of an outbox: its deeds are kept all or none. A step without an outcome was cut
off by a kill; its deeds may be stored or not, but all or none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import msgspec

from protocol.shapes import json_decoder

DEVICE: Final = "device"  # the one kind that the next deed of its id replaces


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One message: its id, its kind, and what must stand where it is stored."""

    id: str
    kind: str
    facts: dict[str, Any]


class Step(msgspec.Struct, frozen=True, kw_only=True, tag="step"):
    """What is about to be put, in one piece."""

    number: int
    deeds: tuple[Deed, ...]


class Settled(msgspec.Struct, frozen=True, kw_only=True, tag="settled"):
    """Whether the outbox took a step."""

    number: int
    kept: bool


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """Nothing more is to be said."""


class Outcome(StrEnum):
    """What is known of a step: kept, refused, or cut off before either was known."""

    KEPT = "kept"
    REFUSED = "refused"
    OPEN = "open"


class ListedDeed(NamedTuple):
    """A deed, who did it, in which step, and what became of that."""

    agent: str
    step: int
    deed: Deed
    outcome: Outcome


_Line = Step | Settled | Ended
_decoder: Final = json_decoder(_Line)


class DeedList:
    """The list of one agent, open to be written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def __enter__(self) -> Self:
        self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def write(self, line: _Line) -> None:
        """Append one line; it is on the disk when this returns."""
        os.write(self._file, msgspec.json.encode(line) + b"\n")
        os.fsync(self._file)


def lines_of(path: Path) -> Iterator[_Line]:
    """Each whole line of a list."""
    if not path.exists():
        return
    for line in path.read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            yield _decoder.decode(line)


def deeds_of(agent: str, lines: Iterable[_Line]) -> list[ListedDeed]:
    """Every deed of an agent's list with its outcome, in the order of the list."""
    steps, outcomes = [], {}
    for line in lines:
        match line:
            case Step():
                steps.append(line)
            case Settled():
                outcomes[line.number] = Outcome.KEPT if line.kept else Outcome.REFUSED
            case Ended():
                continue
    return [
        ListedDeed(agent, step.number, deed, outcomes.get(step.number, Outcome.OPEN))
        for step in steps
        for deed in step.deeds
    ]


def has_ended(lines: Iterable[_Line]) -> bool:
    """Whether the agent has said all that it was to say."""
    return any(isinstance(line, Ended) for line in lines)
