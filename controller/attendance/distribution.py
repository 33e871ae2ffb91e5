"""This file decides which agent is to be given its room's plan, and when. Pure.

Level-triggered: what counts is the fingerprint that an agent says it holds, not what was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from controller.fleet.records import AgentRecord
from controller.roster.plan import SchoolPlan, plan_for
from protocol.plan import Plan, digest_of

EVERY_MS: Final = 10_000  # an agent needs a moment to keep a plan and to say so
FIRST_SCHEMA: Final = 3  # older agents know no plan

ClassesOf = Callable[[AgentRecord], tuple[str, ...]]


class Sent(NamedTuple):
    """What an agent was last sent, when, and what it had said by then."""

    digest: str
    at_ms: int
    boot: str
    rev: int


class Distribution:
    """Which plan each agent should hold, and what it was sent of it.

    school: None until it was read: an unknown plan is not an empty one, and nobody is given it.
    Likewise where nobody has planned anything yet, as in a database that begins anew.
    """

    def __init__(self, school: SchoolPlan | None = None) -> None:
        self.school = school
        self._plans: dict[tuple[str, tuple[str, ...]], tuple[Plan, str]] = {}
        self._sent: dict[str, Sent] = {}

    def take(self, school: SchoolPlan) -> None:
        """The school plans anew."""
        self.school = school
        self._plans.clear()

    def due(
        self, agents: Iterable[AgentRecord], classes_of: ClassesOf, now_ms: int
    ) -> list[tuple[str, Plan]]:
        """The agents that hold another plan than they should, each with the right one.

        classes_of: of the lesson that runs at an agent. What is returned counts as sent.
        """
        plans: list[tuple[str, Plan]] = []
        school = self.school
        if school is None or not school.version:
            return plans
        for agent in agents:
            if not agent.online or agent.schema < FIRST_SCHEMA or not agent.rev:
                continue
            plan, digest = self._plan(school, agent.room, classes_of(agent))
            if agent.plan == digest or (not agent.plan and _is_empty(school)):
                continue
            if self._may(agent, digest, now_ms):
                self._sent[agent.place.agent] = Sent(digest, now_ms, agent.boot, agent.rev)
                plans.append((agent.place.agent, plan))
        return plans

    def _plan(self, school: SchoolPlan, room: str, extra: tuple[str, ...]) -> tuple[Plan, str]:
        entry = self._plans.get((room, extra))
        if entry is None:
            plan = plan_for(room, school, extra)
            entry = self._plans[room, extra] = (plan, digest_of(plan))
        return entry

    def _may(self, agent: AgentRecord, digest: str, now_ms: int) -> bool:
        """Not again at once; the same plan only after a word that it was not taken."""
        last = self._sent.get(agent.place.agent)
        if last is None:
            return True
        if now_ms - last.at_ms < EVERY_MS:
            return False
        return digest != last.digest or (agent.boot, agent.rev) != (last.boot, last.rev)


def _is_empty(school: SchoolPlan) -> bool:
    return not (school.classes or school.bells or school.timetable or school.terms)
