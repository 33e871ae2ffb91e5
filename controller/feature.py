"""This file says what a feature brings to the controller; each has one in its `feature.py`.

Imports of pages, commands and jobs stay inside the functions: so --help and starting are light.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, Table

from controller.database.writing import Writing
from protocol.messages import Down
from protocol.model import Place

Message = TypeVar("Message")


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """What the running controller is: its school, its clock and zone, its run.

    device_silent_s: after how long a silent device is unknown. hears_schools: whether schools may
    tell of themselves; a school with a department above hears none.
    """

    school: Place
    zone: tzinfo
    boot: str
    now_ms: Callable[[], int]
    device_silent_s: float
    hears_schools: bool = True


class Speaker(StrEnum):
    """Who sends messages to a controller."""

    AGENT = "agent"
    SCHOOL = "school"


class Heard(NamedTuple):
    """What a message changes. taken: whether it counts as arrived and may be acknowledged."""

    changes: Sequence[object] = ()
    taken: bool = True


class Command(NamedTuple):
    """A message for an agent, or for a school below. qos: 0 where it will be said again anyway."""

    to: str
    name: str
    message: Down
    qos: int = 0


class Listener(Generic[Message]):
    """A feature's part in the ingest. Its memory is as the last commit left it.

    All of it is called by one task at a time; `load` and `poll` in a thread. A feature overrides
    what it needs. speaker: whose messages it hears, if any.
    """

    speaker: Speaker | None = None

    def load(self, db: Connection) -> None:
        """Read what is stored; called before the first message and after a batch was refused."""

    def greet(self, now_ms: int) -> None:
        """A session with the broker has begun."""

    def hear(self, agent: str, message: Message, now_ms: int) -> Heard:
        """Take one message of its kinds."""
        raise NotImplementedError

    def pass_over(self, agent: str, boot: str, seq: int) -> Sequence[object]:
        """An agent's event of this number arrived and cannot be read."""
        return ()

    def expire(self, now_ms: int) -> Sequence[object]:
        """What silence changes."""
        return ()

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """What others have written meanwhile, for whoever watches; it is stored already."""
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """What is to be said after these changes were stored; after a poll there are none."""
        return ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """A feature: its tables, and what it does with a batch, with time, with requests.

    keep: takes what it knows out of a batch, in the batch's transaction, and answers what else has
    changed by it. written: the tables that every batch may touch, and how. planned: those that
    hold what people give before the school's code is known. counted: those whose rows /metrics
    counts. forget: equipment's past before a moment, forget_pupils: pupils' past; how many rows.
    listener: its part in the running controller's ingest.
    """

    name: str
    keep: Callable[[Connection, Sequence[object], int], Sequence[object] | None] | None = None
    written: Mapping[Table, Writing] = field(default_factory=dict)
    planned: Sequence[Table] = ()
    counted: Sequence[Table] = ()
    forget: Callable[[Connection, int], int] | None = None
    forget_pupils: Callable[[Connection, int], int] | None = None
    listener: Callable[[Program], Listener[Any] | None] | None = None
