"""This file is attendance's part in the ingest: agents get plan and corrections, and erase pupils.

What they ask for beyond it is bounded (openings.py) and noted before it is given.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection

from controller.attendance.delivery import CorrectionDelivery, first_day, rooms_of
from controller.attendance.distribution import Distribution
from controller.attendance.erasures import Erasures
from controller.attendance.guides import Guides
from controller.attendance.openings import (
    OTHER_CLASSES,
    UNPLANNED_CLASSES,
    Opening,
    Openings,
)
from controller.attendance.refused import Refusal, RefusalsTold
from controller.attendance.store import (
    corrections_since,
    corrections_version,
    lesson_at,
    openings_of,
)
from controller.database.changes import of_kind
from controller.database.plan_version import version_of
from controller.feature import Command, Listener, Program
from controller.fleet.dating import local_day
from controller.fleet.records import AgentRecord, CorrectionsHeld, LessonRecord
from controller.fleet.store import agents_of
from controller.roster.plan import SchoolPlan, classes_in
from controller.roster.store import plan_of
from controller.sheets.names import class_key
from controller.teachers.store import is_asking, teachers_of
from controller.teachers.teacher import keys_of
from protocol.messages import CorrectionsGiven, GuideGiven, ListsRefused, PlanGiven
from protocol.model import Place

_LOGGER = logging.getLogger(__name__)


def openings_today(program: Program) -> Openings:
    """What rooms opened today beyond their plans, as the running controller counts it."""
    del program
    return Openings()


class PlanListener(Listener[Any]):
    """Gives agents their room's plan where they hold another, and what the school corrected.

    Says where pupils were erased.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._distribution = Distribution()
        self._erasures = Erasures(program)
        self._delivery = CorrectionDelivery()
        self._corrected: tuple[object, ...] = ()
        self._agents: dict[Place, AgentRecord] = {}
        self._classes: dict[tuple[Place, str], tuple[str, ...]] = {}
        self._openings = program.service(openings_today)
        self._told = RefusalsTold()
        self._guides = Guides()
        self._own: dict[str, frozenset[str]] = {}
        self._lists: dict[str, str] = {}

    def greet(self, now_ms: int) -> None:
        """What was said in the session before may be lost."""
        self._erasures.forget()

    def load(self, db: Connection) -> None:
        """Read what the school plans, which agents there are, and which lessons run at them."""
        self._erasures.forget()
        self._take_plan(db)
        self._agents = {
            agent.place: agent for agent in agents_of(db, self._program.school, limit=None)
        }
        self._classes.clear()
        for agent in self._agents.values():
            lesson = lesson_at(db, agent.place, agent.lesson) if agent.lesson else None
            if lesson:
                self._take_lesson(lesson)
        self._begin_day(db, self._program.now_ms())
        self._take_corrections(db)

    def expire(self, now_ms: int) -> Sequence[Opening]:
        """What rooms ask for beyond their plans: stored first, and given after it."""
        if local_day(now_ms, self._program.zone) != self._openings.day:
            return ()
        return [claim for agent in self._agents.values() for claim in self._claims(agent)]

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Take in what the school plans now, if it plans otherwise, and who was erased."""
        self._erasures.poll(db, [*self._agents.values()], now_ms)
        if local_day(now_ms, self._program.zone) != self._openings.day:
            self._begin_day(db, now_ms)
        self._take_corrections(db)
        version = version_of(db, self._program.school)
        school = self._distribution.school
        if school is None or version != school.version:
            self._take_plan(db)
            _LOGGER.info("the school's plan: version %d", version)
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Give the agents that changed, or all of them, the plan that they should hold."""
        self._erasures.see(changes)
        yield from self._erasures.take()
        changed = {agent.place: agent for agent in of_kind(changes, AgentRecord)}
        self._agents |= changed
        for agent in changed.values():
            self._openings.meet(agent.place, agent.room)
        for lesson in of_kind(changes, LessonRecord):
            self._take_lesson(lesson)
        agents = changed if changes else self._agents
        may_hold = map(self._in_its_room, agents.values())
        for name, plan in self._distribution.due(may_hold, self._classes_of, now_ms):
            message = PlanGiven(boot=self._program.boot, at_ms=now_ms, plan=plan)
            yield Command(name, "plan", message, qos=1)
        for name, guide in self._guides.due(agents.values()):
            given = GuideGiven(boot=self._program.boot, at_ms=now_ms, guide=guide)
            yield Command(name, "guide", given, qos=1)
        yield from self._tell_refusals(agents.values(), now_ms)
        for held in of_kind(changes, CorrectionsHeld):
            self._delivery.hear(held, self._program.boot)
        yield from self._tell_corrections(agents.values(), now_ms)

    def _tell_corrections(self, agents: Iterable[AgentRecord], now_ms: int) -> Iterator[Command]:
        """Let rooms know on which of their marks the school's word stands."""
        for place, number, (marks, since) in self._delivery.due(agents, now_ms):
            message = CorrectionsGiven(
                boot=self._program.boot,
                at_ms=now_ms,
                number=number,
                since=since,
                marks=marks,
            )
            yield Command(place.agent, "corrections", message, qos=1)

    def _take_corrections(self, db: Connection) -> None:
        """Read what was corrected lately, if that is otherwise than it was."""
        school, since = self._program.school, first_day(self._program.today())
        corrected = (*corrections_version(db, school), since)
        if corrected != self._corrected:
            records = corrections_since(db, school, since)
            self._delivery.take(rooms_of(records, since))
            self._corrected = corrected

    def _tell_refusals(self, agents: Iterable[AgentRecord], now_ms: int) -> Iterator[Command]:
        """Let teachers read why there is no list."""
        for agent in agents:
            refusal = self._refusal(agent)
            if self._told.is_due(agent, refusal):
                message = ListsRefused(boot=self._program.boot, at_ms=now_ms, **refusal._asdict())
                yield Command(agent.place.agent, "refused", message, qos=1)

    def _refusal(self, agent: AgentRecord) -> Refusal:
        place, room = agent.place, agent.room
        if not self._openings.has_room(place, room):
            return Refusal(is_room=self._openings.has_refused(place, room))
        return Refusal(
            tuple(
                code
                for code in self._lesson_classes(agent)
                if code not in self._own_classes(room)
                and self._openings.has_refused(place, room, code)
            )
        )

    def _take_plan(self, db: Connection) -> None:
        place = self._program.school
        school = plan_of(db, place)
        self._distribution.take(school)
        self._guides.take(school, keys_of(teachers_of(db, place)), asks=is_asking(db, place))
        self._own.clear()
        self._lists = {class_key(each.code): each.code for each in school.classes}

    def _begin_day(self, db: Connection, now_ms: int) -> None:
        day = local_day(now_ms, self._program.zone)
        lines = openings_of(db, self._program.school, day, self._program.zone)
        rooms = {agent.place: agent.room for agent in self._agents.values()}
        self._openings.begin(day, lines, rooms)

    def _claims(self, agent: AgentRecord) -> Iterator[Opening]:
        if agent.online:
            codes = self._lesson_classes(agent)
            others = [code for code in codes if code not in self._own_classes(agent.room)]
            limit = OTHER_CLASSES if self._school.timetable else UNPLANNED_CLASSES
            yield from self._openings.judge(agent.place, agent.room, others, limit)

    @property
    def _school(self) -> SchoolPlan:
        """The plan as it was read; asked for by those alone whom `load` has made known."""
        school = self._distribution.school
        if school is None:
            raise LookupError
        return school

    def _own_classes(self, room: str) -> frozenset[str]:
        if room not in self._own:
            self._own[room] = classes_in(room, self._school)
        return self._own[room]

    def _in_its_room(self, agent: AgentRecord) -> AgentRecord:
        """The computer without a room, where it may not hold the lists of the one that it names."""
        return (
            agent if self._openings.has_room(agent.place, agent.room) else replace(agent, room="")
        )

    def _take_lesson(self, lesson: LessonRecord) -> None:
        self._classes.pop((lesson.place, lesson.lesson), None)
        if lesson.how is None:
            self._classes[lesson.place, lesson.lesson] = lesson.classes

    def _lesson_classes(self, agent: AgentRecord) -> list[str]:
        """The classes of the lesson that runs there, as far as the school has lists of them."""
        codes = self._classes.get((agent.place, agent.lesson), ()) if agent.lesson else ()
        return [self._lists[key] for key in map(class_key, codes) if key in self._lists]

    def _classes_of(self, agent: AgentRecord) -> tuple[str, ...]:
        """Of these, those whose lists the computer may hold."""
        return tuple(
            code
            for code in self._lesson_classes(agent)
            if code in self._own_classes(agent.room)
            or self._openings.has_opened(agent.place, agent.room, code)
        )
