"""This file says which items a request means by when they reach their end of life."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from controller.feature import Program
from controller.forecast.forecast import YEARS
from controller.forecast.life_table import LifeTable, LifeTableError, table_in
from controller.inventory.chosen import Chosen, DueChoice
from controller.inventory.filters import Filters
from controller.people.person import Person
from controller.web.refusals import HttpError
from protocol.words import N_


def choosing_of(program: Program) -> Callable[[Filters, Chosen, Person], Chosen]:
    """How the due year of filters is found."""

    def choose(filters: Filters, chosen: Chosen, _person: Person) -> Chosen:
        if not filters.due:
            return chosen
        try:
            table = table_in(program.config.data)
        except LifeTableError as error:
            say = program.translate_to(program.default_language)
            hint = N_("See the server's folder.")
            raise HttpError(503, error.code, error.text(say), hint) from error
        return replace(chosen, due=due_in(filters.due, table, program.today().year))

    return choose


def due_in(asked: str, table: LifeTable, this_year: int) -> DueChoice:
    """What is asked for: a year, or what is overdue, falls due later, or nobody knows."""
    years: tuple[int, int] | None
    match asked:
        case "overdue":
            years = (0, this_year - 1)
        case "later":
            years = (this_year + YEARS, 9999)
        case "unknown":
            years = None
        case _:
            years = (int(asked), int(asked))
    lives = tuple(sorted((type_, life.years) for type_, life in table.life.items()))
    return DueChoice(lives=lives, this_year=this_year, years=years)
