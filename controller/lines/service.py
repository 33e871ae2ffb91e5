"""This file answers how schools' lines do, and which programs have stopped asking."""

from __future__ import annotations

from typing import NamedTuple

from controller.access.token_store import all_tokens
from controller.feature import Program
from controller.lines.line import DAYS, LineSums, first_day, sums_of
from controller.lines.store import days_since
from controller.people.person import Permission, Person
from controller.webhooks.hook import HookError
from controller.webhooks.standing import hooks_standing
from protocol.model import Place


class Stopped(NamedTuple):
    """A program that has stopped taking. since_ms: when it took something last; 0: never.

    is_hook: it is told by a webhook, and does not ask by itself.
    """

    name: str
    since_ms: int
    is_hook: bool


class Lines:
    """What the pages ask of lines."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def all(self, school: str = "") -> dict[str, LineSums]:
        """By school, of one or of all. Raises StoreError."""
        today = self._program.today().isoformat()
        scope = Place(self._program.school.province, school)
        days = self._program.store.read(days_since, scope, first_day(today, DAYS))
        return sums_of(days, today)

    def of_school(self, school: str) -> LineSums:
        """How a school's line does. Raises StoreError."""
        return self.all(school).get(school, LineSums())

    def stopped(self, person: Person) -> list[Stopped]:
        """The programs that have stopped, for whoever can do something. Raises StoreError."""
        if not person.may(Permission.MANAGE):
            return []
        now_ms = self._program.now_ms()
        tokens = self._program.store.read(all_tokens)
        late = [token for token in tokens if token.is_late(now_ms)]
        try:
            hooks = hooks_standing(self._program)
        except HookError:
            hooks = []  # its own page says what is wrong with the file
        return [
            *(Stopped(token.purpose or token.token, token.used_ms or 0, False) for token in late),
            *(
                Stopped(hook.name, hook.place.taken_ms, True)
                for hook in hooks
                if hook.place.has_stopped(now_ms)
            ),
        ]
