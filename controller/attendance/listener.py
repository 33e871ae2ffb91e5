"""This file is attendance's part in the ingest: agents get their room's plan, and erase pupils."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from controller.attendance.distribution import Distribution
from controller.attendance.erasures import Erasures
from controller.attendance.store import lesson_at
from controller.database.changes import of_kind
from controller.database.plan_version import version_of
from controller.feature import Command, Listener, Program
from controller.fleet.records import AgentRecord, LessonRecord
from controller.fleet.store import agents_of
from controller.roster.plan import SchoolPlan
from controller.roster.store import plan_of
from protocol.messages import PlanGiven
from protocol.model import Place

_LOGGER = logging.getLogger(__name__)


class PlanListener(Listener[Any]):
    """Gives agents their room's plan where they hold another, and says where pupils were erased."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._distribution = Distribution(SchoolPlan())
        self._erasures = Erasures(program)
        self._agents: dict[Place, AgentRecord] = {}
        self._classes: dict[tuple[Place, str], tuple[str, ...]] = {}

    def greet(self, now_ms: int) -> None:
        """What was said in the session before may be lost."""
        self._erasures.forget()

    def load(self, db: Connection) -> None:
        """Read which agents there are, and which lessons run at them."""
        self._erasures.forget()
        self._agents = {
            agent.place: agent for agent in agents_of(db, self._program.school, limit=None)
        }
        self._classes.clear()
        for agent in self._agents.values():
            lesson = lesson_at(db, agent.place, agent.lesson) if agent.lesson else None
            if lesson:
                self._take_lesson(lesson)

    def poll(self, db: Connection, now_ms: int) -> Sequence[object]:
        """Take in what the school plans now, if it plans otherwise, and who was erased."""
        self._erasures.poll(db, [*self._agents.values()], now_ms)
        version = version_of(db, self._program.school)
        if version != self._distribution.school.version:
            self._distribution.take(plan_of(db, self._program.school))
            _LOGGER.info("the school's plan: version %d", version)
        return ()

    def follow(self, changes: Sequence[object], now_ms: int) -> Iterable[Command]:
        """Give the agents that changed, or all of them, the plan that they should hold."""
        self._erasures.see(changes)
        yield from self._erasures.take()
        changed = {agent.place: agent for agent in of_kind(changes, AgentRecord)}
        self._agents |= changed
        for lesson in of_kind(changes, LessonRecord):
            self._take_lesson(lesson)
        agents = changed if changes else self._agents
        for agent, plan in self._distribution.due(agents.values(), self._classes_of, now_ms):
            message = PlanGiven(boot=self._program.boot, at_ms=now_ms, plan=plan)
            yield Command(agent, "plan", message, qos=1)

    def _take_lesson(self, lesson: LessonRecord) -> None:
        self._classes.pop((lesson.place, lesson.lesson), None)
        if lesson.how is None:
            self._classes[lesson.place, lesson.lesson] = lesson.classes

    def _classes_of(self, agent: AgentRecord) -> tuple[str, ...]:
        return self._classes.get((agent.place, agent.lesson), ()) if agent.lesson else ()
