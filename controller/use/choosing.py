"""This file says which boards a request means by how they are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from controller.feature import Program
from controller.inventory.chosen import Chosen
from controller.inventory.filters import Filters, chooser_of
from controller.inventory.rested import Rest
from controller.people.person import Person
from controller.use.report import UseReport, report_of, whole_weeks
from controller.use.store import KeptUse, chosen_use, counted_use, lists_of, use_report
from protocol.model import Place

WEEKS: Final = 4  # those that are looked at where no other days are named
Weeks = tuple[str, str]  # the Mondays of the first and of the last one


class BoardChooser:
    """How the boards that a request means were used in some weeks."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._chooser = program.service(chooser_of)

    def place(self, filters: Filters, person: Person) -> Place:
        """The school that is meant, else all that the person sees. Raises HttpError."""
        of_schools = Filters(school=filters.school, area=filters.area)
        return self._chooser.place(self._chooser.chosen(of_schools, person), person)

    def lines(self, filters: Filters, person: Person, weeks: Weeks) -> Sequence[KeptUse]:
        """The lines of what is chosen. Raises HttpError, StoreError."""
        program = self._program
        chosen = self._chooser.chosen(replace(filters, use=""), person)
        place = self._chooser.place(chosen, person)
        with program.store.view() as db:
            every = counted_use(db, place, *weeks, program.today().isoformat())
            lines = chosen_use(db, place, every, chosen, program.now_ms())
        if not filters.use:
            return lines
        boards = report_of(lines, *weeks, filters.use).boards
        things = {(board.school, board.device_id) for board in boards}
        return [line for line in lines if (line.place.school, line.line.device_id) in things]

    def report(self, filters: Filters, person: Person, weeks: Weeks) -> UseReport:
        """The report of what is chosen. Raises HttpError, StoreError."""
        lines = self.lines(replace(filters, use=""), person, weeks)
        return report_of(lines, *weeks, filters.use)

    def rest(self, filters: Filters, person: Person, report: UseReport) -> Rest:
        """How many of its boards are of silent schools. Raises HttpError, StoreError."""
        program, place = self._program, self.place(filters, person)
        boards = {(board.school, board.device_id) for board in report.boards}
        weeks, day = (report.since_week, report.until_week), program.today().isoformat()
        with program.store.view() as db:
            lists = lists_of(db, place, boards, weeks, day)
        return Rest(*program.rest(lists))


def boards_of(program: Program) -> BoardChooser:
    """The program's chooser of boards."""
    return BoardChooser(program)


def choosing_of(program: Program) -> Callable[[Filters, Chosen, Person], Chosen]:
    """How boards of a use are found: by the last four whole weeks."""

    def choose(filters: Filters, chosen: Chosen, person: Person) -> Chosen:
        if not filters.use:
            return chosen
        today = program.today()
        scope = person.part_of(program.scope)
        with program.store.view() as db:
            report = use_report(db, scope, *whole_weeks(today, WEEKS), today.isoformat())
        boards = (board for board in report.boards if board.verdict == filters.use)
        things = frozenset((board.school, board.device_id) for board in boards)
        return replace(chosen, things=things)

    return choose
