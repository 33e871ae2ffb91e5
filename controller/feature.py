"""This file says what a feature brings to the controller; each has one in its `feature.py`.

Its pages and API are imported when they are served, its jobs inside the functions: so --help and
starting are light.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from pkgutil import resolve_name
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Final,
    Generic,
    NamedTuple,
    ParamSpec,
    Protocol,
    TypeVar,
)
from zoneinfo import ZoneInfo

from sqlalchemy import Column, Connection, Table

from controller.broker.rivals import Rival
from controller.broker.traffic import PeerTraffic
from controller.config import ControllerConfig
from controller.database.clock import GuardedClock, clock_in
from controller.database.store import Store
from controller.database.writing import Writing
from controller.people.deed import WebDeed
from controller.people.person import Permission
from protocol.link import Letter
from protocol.messages import Down
from protocol.model import Place, instant
from protocol.words import Translate, translator

if TYPE_CHECKING:
    from fastapi import APIRouter
    from fastapi.params import Depends
    from starlette.requests import HTTPConnection

_FOLDER: Final = Path(__file__).parent
Given = ParamSpec("Given")
Made = TypeVar("Made")
Jobs = Mapping[str, Callable[[], Coroutine[Any, Any, None]]]
Message = TypeVar("Message")


class Writer(Protocol):
    """The ingest, as pages see it: what a person does is stored and shown like what agents say."""

    async def apply(self, action: Callable[[int], Sequence[object]]) -> bool:
        """Do what a person asks of a listener, given the time in ms; False if it changes nothing.

        Raises StoreError.
        """

    async def write(
        self,
        action: Callable[Concatenate[Connection, Given], Sequence[object]],
        *args: Given.args,
        **options: Given.kwargs,
    ) -> bool:
        """Let a function write; False if it answers that nothing has changed. Raises StoreError."""

    async def take_again(self, no: int, topic: str, payload: bytes) -> None:
        """Take a message out of quarantine, under its number there.

        Raises MessageError, ApplyError or StoreError; then it stays there.
        """


class Line(NamedTuple):
    """The line to the broker. say: False where it is cut. mend: starts the broker again, if ours.

    wipe: starts it again with an empty store; False where it is another's. admit: has it take who
    was given a password since, and waits until it does.

    delivered: how many messages the broker stored and brought; retained ones do not count.
    """

    say: Callable[[Letter], bool]
    delivered: Callable[[], int]
    mend: Callable[[], Awaitable[None]]
    wipe: Callable[[], Awaitable[bool]]
    admit: Callable[[], Awaitable[None]]


@dataclass(kw_only=True, slots=True)
class Program:
    """The running controller, as its features see it.

    boot: names this run. wall_ms: the machine's clock, which may be wrong. writer, line: set once
    the ingest is made. health, figures: what supervision is told. trouble: why the screens may be
    out of date, a code; empty if they are not.
    traffic: what each agent, or school below, has sent since the start, by its id; queued: how many
    of its messages wait to be stored. rivals: who else announces himself as this school's.
    """

    config: ControllerConfig
    features: Sequence[Feature]
    store: Store
    zone: ZoneInfo
    boot: str
    wall_ms: Callable[[], int]
    default_language: str = "vi"
    translate_to: Callable[[str], Translate] = translator
    writer: Writer | None = None
    line: Line | None = None
    trouble: Callable[[], str] = str
    health: Callable[[], Mapping[str, object]] = dict
    figures: Callable[[], Mapping[str, float]] = dict
    traffic: Callable[[], Mapping[str, PeerTraffic]] = dict
    queued: Callable[[], Mapping[str, int]] = dict
    rivals: Callable[[], Sequence[Rival]] = tuple
    _services: dict[Callable[[Program], Any], Any] = field(default_factory=dict)

    @property
    def writing(self) -> Writer:
        """Who stores what a person does."""
        assert self.writer, "nothing is written before the ingest is there"  # noqa: S101
        return self.writer

    @property
    def school(self) -> Place:
        """Whose controller it is."""
        return Place(self.config.province, self.config.school)

    @property
    def name(self) -> str:
        """The school's name, as screens show it."""
        return self.config.name or self.config.school

    @property
    def scope(self) -> Place:
        """Whose inventory it tells: with nobody above, all the schools of the province."""
        return self.school if self.config.upstream else Place(self.config.province)

    @property
    def clock(self) -> GuardedClock:
        """What tells the time, also where the machine's clock is wrong."""
        return self.service(_clock_of)

    def now_ms(self) -> int:
        """The time by which everything goes: what is stored, shown, let go."""
        return self.clock.look()

    def service(self, make: Callable[[Program], Made]) -> Made:
        """What several parts share, made at the first call: one for the whole program."""
        if make not in self._services:
            self._services[make] = make(self)
        made: Made = self._services[make]
        return made

    def publish(self, changes: Sequence[object]) -> None:
        """Show committed changes to whoever looks. Call it on the event loop."""
        for feature in self.features:
            if feature.publish:
                feature.publish(self)(changes)

    def today(self) -> date:
        """The school's local date."""
        return instant(self.now_ms()).astimezone(self.zone).date()


def _clock_of(program: Program) -> GuardedClock:
    return program.store.read(clock_in, program.wall_ms)


class Speaker(StrEnum):
    """Who sends messages to a controller."""

    AGENT = "agent"
    SCHOOL = "school"
    CONTROLLER = "controller"  # this one itself, whose words come back to it


class OwnWord(NamedTuple):
    """What this controller said, as it came back."""

    topic: str
    payload: bytes


class MessageEffect(NamedTuple):
    """What a message changes. arrived: whether it counts as such and may be acknowledged."""

    changes: Sequence[object] = ()
    arrived: bool = True


class Command(NamedTuple):
    """A message for an agent, or for a school below. qos: 0 where it will be said again anyway.

    start: which one of its starts is meant; "" for the one that was heard last.
    """

    to: str
    name: str
    message: Down
    qos: int = 0
    start: str = ""


class Listener(Generic[Message]):
    """A feature's part in the ingest. Its memory is as the last commit left it.

    All of it is called by one task at a time; `load` and `poll` in a thread. A feature overrides
    what it needs. speaker: whose messages it hears, if any.
    """

    speaker: Speaker | None = None

    def load(self, db: Connection) -> None:
        """Read what is stored; called before the first message and after a batch was refused."""

    def knows(self, name: str) -> bool:
        """Whether somebody of this name has spoken as such a speaker."""
        return False

    def greet(self, now_ms: int) -> None:
        """A session with the broker has begun."""

    def hear(self, agent: str, message: Message, now_ms: int) -> MessageEffect:
        """Take one message of its kinds; its changes are stored while others are heard already."""
        raise NotImplementedError

    def hear_retained(self, agent: str, message: Message, now_ms: int) -> MessageEffect:
        """Take what the broker kept: it was said once, and is no sign of life now."""
        return self.hear(agent, message, now_ms)

    def hear_again(self, agent: str, message: Message, now_ms: int) -> MessageEffect:
        """Take one that was passed over before, though its number counts as arrived."""
        return self.hear(agent, message, now_ms)

    def hear_retold(self, agent: str, message: Message, now_ms: int) -> MessageEffect:
        """Take one that was lost here and is told again: it happened long ago."""
        return self.hear(agent, message, now_ms)

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


class MenuEntry(NamedTuple):
    """A link at the top of every page, of those who may do one of the permissions.

    is_shown: by the frame's values. rank: small first. is_tool: for who runs the server, so that it
    stands folded away.
    """

    path: str
    label: str
    permissions: tuple[Permission, ...]
    is_shown: Callable[[Mapping[str, Any]], bool] = lambda _: True
    rank: int = 1
    is_tool: bool = False


class Answers(Protocol):
    """The addresses of a feature, as `web/router.py` collects them."""

    def build_in(
        self, whole: APIRouter, dependencies: Sequence[Depends] = (), *, in_schema: bool = True
    ) -> None:
        """Build each of them in the whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Feature:
    """A feature: its tables, and what it does with a batch, with time, with requests.

    keep: takes what it knows out of a batch, in the batch's transaction, and answers what else has
    changed by it. written: the tables that every batch may touch, and how. planned: those that
    hold what people give before the school's code is known. counted: those whose rows /metrics
    counts; figures: what else it shows of what is stored. started: what is written at each start.
    health: what supervision is told. trouble: why screens may be out of date, a code; empty for no
    reason. forget: by which moments rows of equipment's past grow old, forget_pupils: of pupils'.
    listener: its part in the running controller's ingest. publish: shows committed changes. begin:
    what happens before the first request. jobs: what runs beside, by name, while it is entered.
    admit: who asks, before every answer, and whether they may; raises what answers them if not.
    look: looked up before every page. frame: what every page shows in a language, by name. menu:
    its entries. areas: the schools of an area, by its code. note: keeps a line of what a request
    has changed. home: where the first page leads instead; empty for nowhere else.
    """

    name: str
    keep: Callable[[Connection, Sequence[object], int], Sequence[object] | None] | None = None
    written: Mapping[Table, Writing] = field(default_factory=dict)
    planned: Sequence[Table] = ()
    counted: Sequence[Table] = ()
    figures: Callable[[Connection], Mapping[str, int]] | None = None
    started: Callable[[Connection, Program], None] | None = None
    health: Callable[[Program], Mapping[str, object]] | None = None
    trouble: Callable[[Program], str] | None = None
    forget: Sequence[Column[int]] = ()
    forget_pupils: Sequence[Column[int]] = ()
    listener: Callable[[Program], Listener[Any] | None] | None = None
    publish: Callable[[Program], Callable[[Sequence[object]], None]] | None = None
    begin: Callable[[Program], Awaitable[None]] | None = None
    jobs: Callable[[Program], AbstractContextManager[Jobs]] | None = None
    admit: Callable[[Program], Callable[[HTTPConnection], Awaitable[None]]] | None = None
    note: Callable[[Program], Callable[[WebDeed], None]] | None = None
    look: Callable[[Program], Callable[[], None]] | None = None
    frame: Callable[[Program, str], Mapping[str, Any]] | None = None
    menu: Sequence[MenuEntry] = ()
    areas: Callable[[Program], Callable[[str], frozenset[str]]] | None = None
    home: Callable[[Program], str] | None = None

    def router(self, program: Program, file: str) -> Answers | None:
        """What its `api` or `pages` answers, by the function of that name; None without one."""
        if not (_FOLDER / self.name / f"{file}.py").exists():
            return None
        make: Callable[[Program], Answers] = resolve_name(f"controller.{self.name}.{file}:{file}")
        return make(program)


def packages_with(program: Program, folder: str) -> list[str]:
    """The packages, the web's and the features', that have this folder, such as templates."""
    names = ("web", *(feature.name for feature in program.features))
    return [f"controller.{name}" for name in names if (_FOLDER / name / folder).is_dir()]
