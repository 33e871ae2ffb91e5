"""This file serves the equipment book: its figure, its lines, and what a person is to decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final, Literal, NamedTuple
from urllib.parse import parse_qs, urlencode

from fastapi import Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.reconcile.choosing import LineFilter
from controller.reconcile.columns import line_columns
from controller.reconcile.kpi import Kpi
from controller.reconcile.listener import BookListener
from controller.reconcile.reconcile import LineFinding, LineState
from controller.reconcile.standing import Desk, desk_of
from controller.reconcile.words import RAISE_WORDS, BookWords
from controller.register.asking import WarrantyAsked
from controller.register.decisions import Deed
from controller.register.vocabulary import CONDITION_WORDS, Condition
from controller.register.warranty import warranties
from controller.sheets.names import natural
from controller.sheets.table import TableFormat
from controller.web.forms import fields_of
from controller.web.listing import (
    Asked,
    File,
    ListPage,
    Sort,
    TableFile,
    check_for_excel,
    in_order,
    listed,
    written,
)
from controller.web.page import PageRenderer
from controller.web.paging import one_of
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from controller.web.words import Words
from protocol.errors import ActionError
from protocol.words import N_

STRANGERS: Final = 8  # on one page of what is not in the book
MOVED: Final = 8
PRESENCES: Final = 40  # a cart
DECISIONS: Final = 15
_MAX_SUBJECT: Final = 300
_MAX_NUMBER: Final = 10**9

FAILURES: Final = {
    "subject_unknown": N_("That device is not waiting any more: it was decided, or it is gone."),
    "line_missing": N_("Which line is it? Choose one, or write its number."),
    "line_unknown": N_("The book has no line with that number."),
    "not_moved": N_("That line is not in another room any more."),
    "undone": N_("That decision was undone before."),
    "form": N_("The form did not arrive whole: try again."),
}
_FILTERS: Final[tuple[str, ...]] = (
    *("state", "type", "room", "condition", "alone", "warranty", "q"),
)

Short = Annotated[str, Query(max_length=200)]
Number = Annotated[int, Query(ge=1, le=_MAX_NUMBER)]


def filter_of(
    *,
    state: LineState | Literal[""] = "",
    type: Short = "",  # noqa: A002
    room: Short = "",
    condition: Condition | Literal[""] = "",
    alone: Annotated[Short, one_of(RAISE_WORDS)] = "",
    warranty: WarrantyAsked = "",
    q: Short = "",
) -> LineFilter:
    """The lines that a request asks for."""
    return LineFilter(
        state=state,
        type=type,
        room=room.strip(),
        condition=condition,
        alone=alone,
        warranty=warranty,
        text=q.strip(),
    )


def pages(program: Program) -> FeatureRouter:
    """The page of the book, and what is decided on it."""
    router = FeatureRouter()
    desk = program.service(desk_of)
    _add_book(router, program.service(PageRenderer), desk)
    _add_decisions(router, desk, program)
    return router


def _add_book(router: FeatureRouter, screens: PageRenderer, desk: Desk) -> None:
    @router.get("/register")
    @needs(Permission.SCHOOL)
    async def book(
        request: Request,
        line_filter: Annotated[LineFilter, Depends(filter_of)],
        *,
        page: Number = 1,
        page_of_strangers: Annotated[Number, Query(alias="others")] = 1,
        decided: Number | None = None,
        failed: Short = "",
        sort: Sort = "",
        changed: Number | None = None,
        format: File = "",  # noqa: A002 - a query's usual name
    ) -> Response:
        standing = await run_in_threadpool(desk.standing)
        strangers = standing.reconciled.strangers
        rooms = sorted(standing.by_room, key=natural)
        talk, words = BookWords(standing.reconciled, desk.zone), screens.words(request)
        asked = Asked("/register", _query_of(line_filter), sort, page)
        try:
            lines = partial(line_filter.of, standing.findings, desk.today())
            made = partial(_listed, asked, lines, talk, words)
            view = await run_in_threadpool(made)
            if format:
                return await run_in_threadpool(_file, format, view, desk, screens.today(), words)
        except HttpError as refused:
            return screens.error(request, refused)
        at_strangers, pages_of_strangers = _page_of(page_of_strangers, len(strangers), STRANGERS)
        moved = [finding for finding in standing.findings if LineState.MOVED in finding.states]
        return screens.page(
            request,
            "register.html",
            standing=standing,
            talk=talk,
            to_go=_to_go(standing.kpi),
            wanted=line_filter,
            by_room={room: standing.by_room[room] for room in rooms},
            states=_counted(standing.findings),
            choices=_choices(standing.findings),
            view=view.page,
            lines=view.page.rows,
            total=view.page.total,
            paging=(view.page.at, view.page.last),
            changed=changed,
            conditions=CONDITION_WORDS,
            warranties=warranties(line_filter.warranty, int(desk.today()[:4]), words.say),
            strangers=strangers[(at_strangers - 1) * STRANGERS : at_strangers * STRANGERS],
            paging_others=(at_strangers, pages_of_strangers),
            by_row={finding.line.data.row: finding for finding in standing.findings},
            presences=standing.reconciled.presences[:PRESENCES],
            moved=moved[:MOVED],
            moved_total=len(moved),
            decisions=standing.decisions[:DECISIONS],
            notice=next(
                (decision for decision in standing.decisions if decision.no == decided), None
            ),
            failed=FAILURES.get(failed, ""),
            may=person_of(request).may(Permission.BOOK),
            address=_addresses(request),
            query=request.url.query,
        )


class _Listed(NamedTuple):
    """Lines that were asked for: a page of them, and all in the same order."""

    page: ListPage[LineFinding]
    rows: Sequence[LineFinding]


def _listed(
    asked: Asked, lines_of: Callable[[], list[LineFinding]], talk: BookWords, words: Words
) -> _Listed:
    """The lines that are asked for. Raises HttpError where no column is called so."""
    columns, lines = line_columns(talk), lines_of()
    page = listed(lines, asked, columns, words)
    return _Listed(page, in_order(lines, asked, columns, words))


def _file(form: str, view: _Listed, desk: Desk, day: str, words: Words) -> Response:
    """All lines of a list as a file. Raises HttpError."""
    if form == TableFormat.XLSX:
        check_for_excel(view.page.total)
    title = words.say(N_("Equipment book")), words.when(desk.now_ms())
    file = TableFile("so-thiet-bi", day, title)
    return written(TableFormat(form), file, view.page.columns, view.rows, words)


def _query_of(chosen: LineFilter) -> dict[str, str]:
    """What an address says of a choice of lines."""
    told = {name: str(getattr(chosen, name)) for name in _FILTERS if name != "q"}
    return {name: text for name, text in {**told, "q": chosen.text}.items() if text}


def _add_decisions(router: FeatureRouter, desk: Desk, program: Program) -> None:
    @router.post("/register/decisions")
    @needs(Permission.BOOK)
    async def decide(request: Request) -> Response:
        form = await fields_of(request)
        who = person_of(request).account
        subject, deed = form.get("subject", "")[:_MAX_SUBJECT], form.get("deed", "")
        if not subject or deed not in {*Deed}:
            return _back(form, failed="form")
        row = form.get("other", "").strip() or form.get("line", "")
        try:
            decision = await run_in_threadpool(
                desk.decide, subject, Deed(deed), row=_number(row), who=who
            )
        except ActionError as error:
            return _back(form, failed=error.code)
        await program.service(BookListener).catch_up()
        return _back(form, decided=decision.no)

    @router.post("/register/decisions/{no}/undo")
    @needs(Permission.BOOK)
    async def undo(request: Request, no: int) -> Response:
        form = await fields_of(request)
        if not (0 < no <= _MAX_NUMBER and await run_in_threadpool(desk.undo, no)):
            return _back(form, failed="undone")
        await program.service(BookListener).catch_up()
        return _back(form, decided=no)


def _back(form: Mapping[str, str], **outcome: object) -> Response:
    """To the page as it was, which says what was done; the book's, or a device's own."""
    if (device := form.get("at", "")[:600]).startswith("/devices/"):
        return RedirectResponse(f"{device}?{urlencode(outcome)}", 303)
    query = parse_qs(form.get("back", "")[:2000])
    names = (*_FILTERS, "page", "others", "sort")
    parameters: dict[str, str] = {name: query[name][0] for name in names if name in query}
    parameters |= {name: str(value) for name, value in outcome.items()}
    return RedirectResponse(f"/register?{urlencode(parameters)}#decide", 303)


def _addresses(request: Request) -> Any:
    """Makes this page's address with other filters; what is not named stays as it is."""
    names = (*_FILTERS, "sort")
    now = {name: request.query_params[name] for name in names if name in request.query_params}

    def address(**changed: object) -> str:
        query = {name: value for name, value in {**now, **changed}.items() if value}
        return f"/register?{urlencode(query)}" if query else "/register"

    return address


def _page_of(page: int, count: int, size: int) -> tuple[int, int]:
    """The page to show, and how many there are."""
    pages = max(1, -(-count // size))
    return min(page, pages), pages


def _counted(findings: Sequence[LineFinding]) -> list[tuple[LineState, int]]:
    """How many lines each state holds of, the most pressing first."""
    states = Counter(state for finding in findings for state in finding.states)
    return [(state, states[state]) for state in LineState]


def _choices(findings: Sequence[LineFinding]) -> dict[str, list[str]]:
    """What the filters offer: what the book holds."""
    rooms = {finding.home for finding in findings if finding.home}
    conditions = {finding.condition for finding in findings}
    return {
        "types": sorted({finding.line.data.type for finding in findings} - {""}),
        "rooms": sorted(rooms, key=natural),
        "conditions": [condition for condition in Condition if condition in conditions],
    }


def _to_go(kpi: Kpi) -> int:
    """How many more lines would have to count for the target."""
    needed = -(-kpi.declared * kpi.target_pct // 100)
    return max(0, needed - kpi.complete_and_verified)


def _number(text: str) -> int | None:
    text = text.strip()
    plain = text.isascii() and text.isdecimal() and len(text) <= len(str(_MAX_NUMBER))
    return int(text) if plain else None
