"""This file says what a feature brings to the controller; each has one in its `feature.py`.

Its pages and API are imported when they are served, its jobs inside the functions: so --help and
starting are light.
"""

from __future__ import annotations

import threading
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
from protocol.doctor import Diagnosis
from protocol.link import Letter
from protocol.messages import Down
from protocol.model import Place, instant
from protocol.outbox import Sendable
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
    busy: whether what it brought is being stored just now.
    """

    say: Callable[[Letter], bool]
    delivered: Callable[[], int]
    mend: Callable[[], Awaitable[None]]
    wipe: Callable[[], Awaitable[bool]]
    admit: Callable[[], Awaitable[None]]
    busy: Callable[[], bool]


@dataclass(kw_only=True, slots=True)
class Program:
    """The running controller, as its features see it.

    boot: names this run. wall_ms: the machine's clock, which may be wrong. writer, line: set once
    the ingest is made. health, figures: what supervision is told. trouble: why the screens may be
    out of date, a code; empty if they are not.
    address_of: whence a start (its boot) of an agent speaks; "" where that is not known.
    traffic: what each agent, or school below, has sent since the start, by its id; queued: how many
    of its messages wait to be stored. rivals: who else announces himself as this school's. tell:
    what tells other processes of the same database of what was stored here. fixed: the settings
    that no page can change. restart: ends this run, and begins one with the settings as they are
    then; None where only who runs the server can.
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
    address_of: Callable[[str, str], str] = lambda _agent, _boot: ""
    queued: Callable[[], Mapping[str, int]] = dict
    tell: Callable[[Sequence[object]], None] = lambda _: None
    rivals: Callable[[], Sequence[Rival]] = tuple
    fixed: frozenset[str] = frozenset()
    restart: Callable[[], None] | None = None
    _services: dict[Callable[[Program], Any], Any] = field(default_factory=dict)
    _making: threading.RLock = field(default_factory=threading.RLock)  # a service may ask for more

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
        """The school's name, as screens show it; the product's while nobody has named it."""
        return self.config.name or self.config.school or "LopHoc"

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
        """What several parts share, made at the first call, from whatever thread: one for all."""
        if make not in self._services:
            with self._making:
                if make not in self._services:
                    self._services[make] = make(self)
        made: Made = self._services[make]
        return made

    def levels(self) -> frozenset[Level]:
        """Where it stands: as its settings say, else as rooms and schools speak to it.

        With neither it is a school's. Raises StoreError.
        """
        if self.config.role:
            return frozenset({Level(self.config.role)})
        if self.config.upstream:
            return frozenset({Level.SCHOOL})
        stands = (feature.stands(self) for feature in self.features if feature.stands)
        return frozenset(level for level in stands if level) or frozenset({Level.SCHOOL})

    def school_name(self, code: str) -> str:
        """What people call a school: its code where nobody knows more."""
        names = (
            feature.school_name(self)(code) for feature in self.features if feature.school_name
        )
        return next(filter(None, names), code)

    def rest(self, counts: Mapping[str, int]) -> tuple[int, int, int]:
        """How many of these rest on silent schools; see Feature.rest. Raises StoreError."""
        rests = (feature.rest(self)(counts) for feature in self.features if feature.rest)
        return next(rests, (0, 0, 0))

    def publish(self, changes: Sequence[object]) -> None:
        """Show committed changes to whoever looks, here or elsewhere. Call it on the event loop."""
        self.show(changes)
        self.tell(changes)

    def show(self, changes: Sequence[object]) -> None:
        """Show to whoever looks here what was committed, here or elsewhere."""
        for feature in self.features:
            if feature.publish:
                feature.publish(self)(changes)

    def today(self) -> date:
        """The school's local date."""
        return instant(self.now_ms()).astimezone(self.zone).date()


def _clock_of(program: Program) -> GuardedClock:
    return program.store.read(clock_in, program.wall_ms)


class Level(StrEnum):
    """Where a controller stands: in a school, or above schools; as `role` of its settings."""

    SCHOOL = "school"
    DEPARTMENT = "department"


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


class UpwardPart(Protocol):
    """A feature's part in a school's talk with its department; called in threads."""

    def hear(self, message: Down) -> bool:
        """Take a word of the department's; False if it is none of its kinds. Raises StoreError."""

    def owed(self) -> Sequence[Sendable]:
        """What is to be told; with what was told before it is not. Raises StoreError."""

    def note_told(self, messages: Sequence[Sendable]) -> None:
        """These are in the outbox, which brings them there."""

    def forget_told(self) -> None:
        """All is to be told anew."""


class MenuEntry(NamedTuple):
    """A link at the top of every page, of those who may do one of the permissions.

    is_shown: by the frame's values. rank: small first. is_tool: for who runs the server, so that it
    stands folded away. level: where alone it is shown, if not where its feature is. above: who has
    it, too, where the controller stands above schools.
    """

    path: str
    label: str
    permissions: tuple[Permission, ...]
    is_shown: Callable[[Mapping[str, Any]], bool] = lambda _: True
    rank: int = 1
    is_tool: bool = False
    level: Level | None = None
    above: Permission | None = None


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
    reason. findings: what it says of the server, well or not; it may read files. forget: by which
    moments rows of equipment's past grow old, forget_pupils: of pupils'.
    listener: its part in the running controller's ingest. publish: shows committed changes. begin:
    what happens before the first request. jobs: what runs beside, by name, while it is entered.
    admit: who asks, before every answer, and whether they may; raises what answers them if not.
    recognise: who asks, where an error is answered that `admit` was not asked about. look: looked
    up before every page. frame: what every page shows in a language, by name. menu: its entries.
    areas: the schools of an area, by its code. choose: what it knows of filters, as
    inventory/filters.py has them. lives: for how many years types are in use. note: keeps a line
    of what a request has changed. home: where the first page leads instead; empty for nowhere
    else. level: where alone it has anything to show: elsewhere its addresses answer 404 and no
    menu names it; None for everywhere. stands: where the controller is by what this feature
    knows; None: no sign. school_name: what a school is called, by its code; empty where it does
    not know. rest: how many of things, counted by the school whose list has them, rest on schools
    silent for more than a day, a week, three weeks. shown: the kinds of changes that `publish`
    shows, where another process stored them; read_anew: reads what is stored, where some of these
    were missed. held: methods and beginnings of the addresses whose answers need what the running
    ingest has in its memory. is_first: whether it is there before anybody has said whose
    controller it is.
    """

    name: str
    level: Level | None = None
    stands: Callable[[Program], Level | None] | None = None
    keep: Callable[[Connection, Sequence[object], int], Sequence[object] | None] | None = None
    written: Mapping[Table, Writing] = field(default_factory=dict)
    planned: Sequence[Table] = ()
    counted: Sequence[Table] = ()
    figures: Callable[[Connection], Mapping[str, int]] | None = None
    started: Callable[[Connection, Program], None] | None = None
    health: Callable[[Program], Mapping[str, object]] | None = None
    trouble: Callable[[Program], str] | None = None
    findings: Callable[[Program], Iterable[Diagnosis]] | None = None
    forget: Sequence[Column[int]] = ()
    forget_pupils: Sequence[Column[int]] = ()
    listener: Callable[[Program], Listener[Any] | None] | None = None
    publish: Callable[[Program], Callable[[Sequence[object]], None]] | None = None
    begin: Callable[[Program], Awaitable[None]] | None = None
    jobs: Callable[[Program], AbstractContextManager[Jobs]] | None = None
    admit: Callable[[Program], Callable[[HTTPConnection], Awaitable[None]]] | None = None
    recognise: Callable[[Program], Callable[[HTTPConnection], Awaitable[None]]] | None = None
    note: Callable[[Program], Callable[[WebDeed], None]] | None = None
    look: Callable[[Program], Callable[[], None]] | None = None
    frame: Callable[[Program, str], Mapping[str, Any]] | None = None
    menu: Sequence[MenuEntry] = ()
    areas: Callable[[Program], Callable[[str], frozenset[str]]] | None = None
    choose: Callable[[Program], Callable[[Any, Any, Any], Any]] | None = None
    lives: Callable[[Program], Mapping[str, int]] | None = None
    home: Callable[[Program], str] | None = None
    upward: Callable[[Program], UpwardPart] | None = None
    school_name: Callable[[Program], Callable[[str], str]] | None = None
    rest: Callable[[Program], Callable[[Mapping[str, int]], tuple[int, int, int]]] | None = None
    shown: Sequence[type[Any]] = ()
    read_anew: Callable[[Program], None] | None = None
    held: Sequence[str] = ()
    is_first: bool = False

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
