"""This file serves the department's list of items, and one item with all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Final, Literal, NamedTuple

from fastapi import Depends, Query, Request, Response

from controller.department.columns import title_of
from controller.department.item_steps import steps_of
from controller.department.links import to_item, to_items, to_school
from controller.department.overview import Department, department_of
from controller.department.standing import Overview, Rested, silent_lists
from controller.equipment import store
from controller.equipment.columns import (
    LACK_WORDS,
    STATE_STATUS,
    condition_of,
    end_of,
    item_columns,
    lacking,
    warranty_of,
)
from controller.equipment.past import past_of
from controller.equipment.store import Moment
from controller.equipment.wanted import (
    DUE_WORDS,
    OLD_WORDS,
    RECORD_WORDS,
    Due,
    DueKind,
    Record,
    Wanted,
    due_of,
)
from controller.feature import Program
from controller.forecast.life_table import LifeTable, LifeTableError, table_in
from controller.inventory.asset import AssetState
from controller.inventory.exports.spelling import ASSET_STATE_WORDS
from controller.inventory.filters import Filters, chooser_of, filters_of
from controller.people.person import Permission, Person
from controller.reconcile.reconcile import VERIFIED_MS, VERIFY
from controller.register.vocabulary import CONDITION_WORDS, type_word
from controller.register.warranty import warranties
from controller.sheets.names import serial_key
from controller.sheets.table import TableFormat
from controller.sheets.text import searchable
from controller.use.report import VERDICTS, UseVerdict
from controller.web.listing import (
    ROWS,
    Asked,
    File,
    ListPage,
    PageNo,
    Sort,
    TableFile,
    check_for_excel,
    checked,
    written,
)
from controller.web.page import PageRenderer
from controller.web.paging import one_of
from controller.web.parameters import Spelling
from controller.web.refusals import HttpError, PageRefusedError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from controller.web.words import Words
from protocol.model import Place
from protocol.words import N_

Code = Annotated[str, Query(max_length=64)]
Lack = Annotated[str, Query(max_length=20)]
USE_WORDS: Final = {word.value: VERDICTS[word][0] for word in UseVerdict}
LACKS: Final = (*LACK_WORDS, VERIFY)


def _end(text: str) -> str:
    if text and due_of(text) is None:
        raise ValueError("no word and no year")
    return text


End = Annotated[str, Query(max_length=12), Spelling((*DueKind,), ("yyyy", "yyyy-yyyy"), check=_end)]


class Choice(NamedTuple):
    """What an address asks of the list beyond the filters of every list, and how it says all."""

    filters: Filters
    has: str
    record: Record | None
    alone: str
    lacks: str
    old: Rested | None
    end: Due | None
    query: Mapping[str, str]


def choice_of(
    *,
    filters: Annotated[Filters, Depends(filters_of)],
    has: AssetState | Literal[""] = "",
    record: Record | Literal[""] = "",
    alone: Annotated[Lack, one_of(LACKS)] = "",
    lacks: Annotated[Lack, one_of(LACKS)] = "",
    old: Rested | Literal[""] = "",
    end: End = "",
) -> Choice:
    """The items that a request asks for."""
    own = {
        "has": has, "record": record, "alone": alone, "lacks": lacks, "old": old, "end": end,
    }  # fmt: skip
    return Choice(
        filters,
        has,
        Record(record) if record else None,
        alone,
        lacks,
        Rested(old) if old else None,
        due_of(end),
        filters.query | {name: str(text) for name, text in own.items() if text},
    )


def pages(program: Program) -> FeatureRouter:
    """The items of all schools."""
    router = FeatureRouter()
    items = ItemPages(program)
    _add_list(router, items)
    _add_one(router, items)
    return router


def _add_list(router: FeatureRouter, items: ItemPages) -> None:
    @router.get("/items")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def all_items(
        request: Request,
        *,
        choice: Annotated[Choice, Depends(choice_of)],
        sort: Sort = "",
        page: PageNo = 1,
        format: File = "",  # noqa: A002
    ) -> Response:
        return items.answer(request, choice, Asked("/items", choice.query, sort, page), format)


def _add_one(router: FeatureRouter, items: ItemPages) -> None:
    @router.get("/items/one")
    @needs(Permission.DEPARTMENT, in_parts=True)
    def one_item(
        request: Request, school: Code, item: Annotated[str, Query(alias="id", max_length=200)]
    ) -> Response:
        return items.one(request, school, item)


class ItemPages:
    """Makes the pages of items out of the department's figures and its store."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._screens = program.service(PageRenderer)
        self._department: Department = program.service(department_of)
        self._chooser = program.service(chooser_of)

    def answer(self, request: Request, choice: Choice, asked: Asked, form: str) -> Response:
        """The list as a page or a file. Raises PageRefusedError, StoreError."""
        overview, at, words = self._overview(request), self._moment(), self._screens.words(request)
        columns = item_columns(self._program.school_name, at.table, at.year)
        try:
            checked(asked, columns)
            wanted = self._wanted(choice, overview, person_of(request))
            if form:
                return self._file(TableFormat(form), request, wanted, asked, at)
        except HttpError as refused:
            return self._screens.error(request, refused)
        scope = self._scope(request)
        with self._program.store.view() as db:
            sums = store.sums_of(db, scope, wanted, at)
            last = max(1, -(-sums.lines // ROWS))
            rows = store.page_of(
                db, scope, wanted, at, sort=asked.sort, page=min(asked.page, last), rows=ROWS
            )
        marks = {"school": lambda one: one.home, "item": lambda one: one.device_id}
        view = ListPage(asked=asked, columns=columns, rows=rows, total=sums.lines, marks=marks)
        return self._screens.page(
            request,
            "items.html",
            view=view,
            sums=sums,
            choice=choice.query,
            said=_said(choice, overview, words, self._program.school_name),
            areas=overview.areas(),
            types=_types(overview, words),
            states={state.value: ASSET_STATE_WORDS[state] for state in AssetState},
            conditions=CONDITION_WORDS,
            records=RECORD_WORDS,
            warranties=warranties(choice.filters.warranty, at.year, words.say),
            to_items=to_items,
        )

    def one(self, request: Request, school: str, item: str) -> Response:
        """One item. Raises StoreError."""
        overview, at, scope = self._overview(request), self._moment(), self._scope(request)
        with self._program.store.view() as db:
            asset = store.told_of(db, scope, school, item, at.now_ms)
            twins = store.alike(db, scope, asset, serial_key(asset.serial), at) if asset else []
            steps = steps_of(db, asset.place, asset.device_id) if asset else []
        if asset is None:
            unknown = N_("There is no such item.")
            return self._screens.error(request, HttpError(404, "item_unknown", unknown, "/items"))
        standing = next((one for one in overview.schools if one.code == asset.home), None)
        words = self._screens.words(request)
        return self._screens.page(
            request,
            "item.html",
            item=asset,
            twins=twins,
            title=title_of(asset, words),
            title_of=lambda other: title_of(other, words),
            condition=condition_of(asset, words),
            lacking=lacking(asset, words),
            state_word=ASSET_STATE_WORDS,
            state_status=STATE_STATUS,
            end_year=end_of(asset, at.table, at.year),
            warranty=warranty_of(asset, self._program.today().isoformat(), words),
            past=past_of(asset, steps, overview.atlas, self._program.school_name, words),
            verified_until=asset.verified_ms + VERIFIED_MS if asset.verified_ms else None,
            standing=standing,
            told=overview,
            type_word=type_word,
            to_items=to_items,
            to_item=to_item,
            to_school=to_school,
        )

    def _file(
        self, form: TableFormat, request: Request, wanted: Wanted, asked: Asked, at: Moment
    ) -> Response:
        """All of the list. Raises HttpError, StoreError."""
        words, scope = self._screens.words(request), self._scope(request)
        columns = item_columns(self._program.school_name, at.table, at.year)
        title = (words.say(N_("Equipment")), words.when(at.now_ms))
        file = TableFile("thiet-bi", self._program.today().isoformat(), title)
        with self._program.store.view() as db:
            if form is TableFormat.XLSX:
                check_for_excel(store.sums_of(db, scope, wanted, at).lines)
            rows = store.all_of(db, scope, wanted, at, sort=asked.sort)
            return written(form, file, columns, rows, words)

    def _wanted(self, choice: Choice, overview: Overview, person: Person) -> Wanted:
        """What is wanted. Raises HttpError for a place or a type that is not there."""
        return Wanted(
            chosen=self._chooser.chosen(choice.filters, person),
            lists=silent_lists(overview, choice.old) if choice.old else None,
            has=choice.has,
            record=choice.record,
            alone=choice.alone,
            lacks=choice.lacks,
            end=choice.end,
        )

    def _overview(self, request: Request) -> Overview:
        self._department.look()
        return self._department.overview(person_of(request).schools)

    def _scope(self, request: Request) -> Place:
        return person_of(request).part_of(self._program.scope)

    def _moment(self) -> Moment:
        """Now. Raises PageRefusedError where the tables of useful lives cannot be read."""
        today: date = self._program.today()
        try:
            table: LifeTable = table_in(self._program.config.data)
        except LifeTableError as error:
            raise PageRefusedError(503, error.code, error.message, error.hint) from error
        return Moment(self._program.now_ms(), today.year, table)


def _types(overview: Overview, words: Words) -> list[tuple[str, str]]:
    """The types that the schools' lists have, by their words."""
    codes = {kind for school in overview.schools for kind in school.by_type}
    none = words.say(N_("no type"))
    named = ((kind or "-", type_word(kind, words.say) or none) for kind in codes)
    return sorted(named, key=lambda pair: searchable(pair[1]))


def _said(
    choice: Choice, overview: Overview, words: Words, name_of: Callable[[str], str]
) -> list[str]:
    """What the form of the page does not show of the choice, in words."""
    filters, say, said = choice.filters, words.say, []
    if filters.school:
        said.append(name_of(overview.heirs().get(filters.school, filters.school)))
    if choice.has:
        said.append(say(ASSET_STATE_WORDS[AssetState(choice.has)]))
    lacks = (N_("lacks only: {what}"), choice.alone), (N_("lacks {what}"), choice.lacks)
    said += [say(text, what=say(_lack_word(lack))) for text, lack in lacks if lack]
    if choice.old:
        said.append(say(OLD_WORDS[choice.old]))
    if due := choice.end:
        word = say(DUE_WORDS[due.kind]) if due.kind else _years(due)
        said.append(say(N_("end of life: {when}"), when=word))
    if filters.use:
        said.append(say(USE_WORDS[filters.use]))
    return [*said, *filter(None, (filters.due, filters.room, filters.kind))]


def _lack_word(lack: str) -> str:
    return N_("seen or scanned within a year") if lack == VERIFY else LACK_WORDS[lack]


def _years(due: Due) -> str:
    return str(due.first) if due.first == due.last else f"{due.first}-{due.last}"
