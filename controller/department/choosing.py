"""This file says which schools a request means: by code, by one that merged, by an area."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from controller.areas.areas import NO_AREA, Area
from controller.department.exceptions import Odd, Oddity, odd_items
from controller.department.overview import department_of
from controller.department.standing import Overview, SchoolGroup, SchoolStanding, group_of
from controller.feature import Program
from controller.inventory.chosen import Chosen
from controller.inventory.filters import Filters, chooser_of
from controller.people.person import Person
from controller.sheets.text import searchable
from controller.web.asked import unknown
from controller.web.refusals import HttpError
from protocol.words import N_

_NO_SCHOOL = N_("There is no school {asked} here.")
_NO_AREA = N_("There is no area {asked} here.")


def choosing_of(program: Program) -> Callable[[Filters, Chosen, Person], Chosen]:
    """How the schools of filters are found; what is not there is refused by name."""
    department, own = program.service(department_of), program.school.school

    def choose(filters: Filters, chosen: Chosen, person: Person) -> Chosen:
        if not filters.school and not filters.area:
            return chosen
        if program.scope.school and filters.school not in {"", own}:  # it tells of itself alone
            raise unknown(404, "school_unknown", _NO_SCHOOL, filters.school, {own})
        overview = department.overview(person.schools)
        if filters.area:
            codes = {school.code for school in overview.of_area(area_in(overview, filters.area))}
            chosen = replace(chosen, schools=frozenset(codes))
        if filters.school:
            is_own = filters.school == own and person.has_school(own)
            school = own if is_own else school_in(overview, filters.school)
            chosen = replace(chosen, school=school)
        return chosen

    return choose


class Selection(NamedTuple):
    """What a request means of the department: the schools, and the figures of what is chosen."""

    overview: Overview
    standings: list[SchoolStanding]
    asked: Filters

    @property
    def whole(self) -> SchoolGroup:
        """The schools taken together."""
        if self.asked.school:
            before = self.standings[0].before if len(self.standings) == 1 else None
            return group_of(self.standings, before)
        return self.overview.area(self.asked.area) if self.asked.area else self.overview.whole

    @property
    def codes(self) -> tuple[str, ...]:
        """The schools' codes; none for all."""
        is_narrow = bool(self.asked.school or self.asked.area)
        return tuple(school.code for school in self.standings) or ("",) if is_narrow else ()

    def areas(self) -> list[tuple[Area, SchoolGroup]]:
        """The areas of these schools, and those inside the area that was asked for."""
        if not (self.asked.school or self.asked.area):
            return self.overview.areas()
        atlas, day = self.overview.atlas, self.overview.day
        asked = self.overview.area_now(self.asked.area)
        pairs = []
        for area, group in self.overview.areas():
            schools = [school for school in self.standings if area.code in school.around]
            inside = not self.asked.school and asked in atlas.around(area.code, day)
            if schools if self.asked.school else inside:
                pairs.append((area, group_of(schools) if self.asked.school else group))
        return pairs


class SchoolChooser:
    """Finds the schools and the figures that a request means."""

    def __init__(self, program: Program) -> None:
        self._department = program.service(department_of)
        self._chooser = program.service(chooser_of)

    def items(self, asked: Filters, person: Person) -> Selection:
        """What is chosen of all items. Raises HttpError, StoreError."""
        self._department.look()
        chosen = self._chooser.chosen(asked, person)
        overview = self._department.overview(person.schools, chosen)
        standings = [
            school for school in overview.of_area(asked.area) if chosen.school in {"", school.code}
        ]
        return Selection(overview, standings, asked)

    def one(self, asked: Filters, person: Person) -> Selection:
        """The same, of one school: none is refused. Raises HttpError, StoreError."""
        selection = self.items(asked, person)
        if not selection.standings:
            raise unknown(404, "school_unknown", _NO_SCHOOL, asked.school, ())
        return selection

    def odd(
        self, selection: Selection, what: Oddity, *, after: Sequence[str], limit: int
    ) -> tuple[list[Odd], tuple[str, str] | None]:
        """A page of such items, and behind which the next one begins. Raises StoreError."""
        return odd_items(
            self._department, selection.overview, what,
            schools=selection.codes, after=after, limit=limit,
        )  # fmt: skip

    def schools(self, asked: Filters, person: Person) -> Selection:
        """The same, but `q` is a part of a school's name or code. Raises HttpError, StoreError."""
        selection = self.items(replace(asked, q=""), person)
        words, code = searchable(asked.q), asked.q.casefold()
        standings = [
            school
            for school in selection.standings
            if words in searchable(school.name) or code in school.code.casefold()
        ]
        return Selection(selection.overview, standings, asked)


def schools_of(program: Program) -> SchoolChooser:
    """The program's chooser of schools."""
    return SchoolChooser(program)


def school_in(overview: Overview, asked: str) -> str:
    """The code of the school that a code's items count for. Raises HttpError."""
    heirs = overview.heirs()
    if asked in heirs:
        return heirs[asked]
    if since := overview.retired.get(asked):
        raise HttpError(
            404,
            "school_closed",
            N_("The school {asked} is closed since {since}: it counts nowhere."),
            N_("See: lophoc-controller schools history"),
            asked=asked,
            since=since,
        )
    raise unknown(404, "school_unknown", _NO_SCHOOL, asked, heirs.keys())


def area_in(overview: Overview, asked: str) -> str:
    """The code of an area that is known. Raises HttpError."""
    known = {area.code for area, _ in overview.areas()} | overview.atlas.areas.keys()
    if asked not in known | {NO_AREA}:
        raise unknown(404, "area_unknown", _NO_AREA, asked, known)
    return asked
