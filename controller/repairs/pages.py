"""This file serves repairs: what is broken, about which item, who is at it, how it ended."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final, Literal
from urllib.parse import urlencode

from fastapi import Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.register.life import Said, Step, step_words
from controller.register.merging import Kept
from controller.register.vocabulary import type_word
from controller.repairs.columns import chosen, repair_columns
from controller.repairs.figures import TERM_DAYS, term_of
from controller.repairs.repair import (
    OUTCOME_WORDS,
    STATE_WORDS,
    Move,
    Repair,
    RepairDeed,
    RepairOutcome,
    RepairState,
    part_word,
)
from controller.repairs.service import DEEDS, TROUBLES, Repairing
from controller.sheets.names import natural
from controller.sheets.table import TableFormat
from controller.web.forms import fields_of
from controller.web.listing import Asked, File, Sort, TableFile, in_order, listed, written
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import ActionError
from protocol.formats import made
from protocol.model import Status
from protocol.words import N_, Translate

_LOOKS: Final = {
    RepairState.REPORTED: Status.WARNING,
    RepairState.UNDER_REPAIR: Status.UNKNOWN,
    RepairState.DONE: Status.OK,
}
_DEED_WORDS: Final = {
    RepairDeed.PICK: N_("the item was named"),
    RepairDeed.START: N_("the repair began"),
    RepairDeed.DONE: N_("ended"),
    RepairDeed.UNDO: N_("undone"),
}

Number = Annotated[int, Path(ge=1, lt=1 << 53)]


def pages(program: Program) -> FeatureRouter:
    """The list of repairs, and its buttons."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)
    repairing = program.service(Repairing)
    _add_list(router, program, screens, repairing)
    _add_deeds(router, program, repairing)
    return router


def _add_list(
    router: FeatureRouter, program: Program, screens: PageRenderer, repairing: Repairing
) -> None:
    """The list; who did what, and the buttons, for those who may repair."""

    @router.get("/repairs")
    @needs(Permission.SCHOOL)
    async def shown_list(
        request: Request,
        everything: Annotated[bool, Query(alias="all")] = False,  # noqa: FBT002 - a query's own flag
        trouble: Annotated[str, Query(max_length=64)] = "",
        *,
        room: Annotated[str, Query(max_length=64)] = "",
        state: RepairState | Literal[""] = "",
        q: Annotated[str, Query(max_length=200)] = "",
        sort: Sort = "",
        format: File = "",  # noqa: A002 - a query's usual name
    ) -> Response:
        term, words = term_of(TERM_DAYS, program.now_ms()), screens.words(request)
        inside = person_of(request).may(Permission.BOOK)
        told = {"all": "true" if everything else "", "room": room, "state": state, "q": q}
        query = {name: str(text) for name, text in told.items() if text}
        shown = await run_in_threadpool(
            partial(repairing.shown, everything=everything or state == RepairState.DONE)
        )
        fitting, columns = chosen(shown, query, inside=inside), repair_columns(inside=inside)
        asked = Asked("/repairs", query, sort, 1)
        try:
            view = listed(fitting, asked, columns, words)
            rows = in_order(fitting, asked, columns, words)
            if format:
                title = words.say(N_("Repairs")), words.when(program.now_ms())
                file = TableFile("sua-chua", screens.today(), title)
                made = partial(written, TableFormat(format), file, columns, rows, words)
                return await run_in_threadpool(made)
        except HttpError as refused:
            return screens.error(request, refused)
        return screens.page(
            request,
            "repairs.html",
            figures=await run_in_threadpool(repairing.figures, *term),
            term_days=TERM_DAYS,
            type_word=partial(type_word, say=screens.say(request)),
            shown=rows,
            view=view,
            wanted=query,
            rooms=sorted({one.repair.room for one in shown} - {""}, key=natural),
            states=STATE_WORDS,
            inside=inside,
            everything=everything,
            trouble=TROUBLES.get(trouble, ""),
            speak=Speech(screens.say(request)),
        )


def _add_deeds(router: FeatureRouter, program: Program, repairing: Repairing) -> None:
    @router.post("/repairs")
    @needs(Permission.BOOK)
    async def opened(request: Request) -> Response:
        who = person_of(request).account
        form = await fields_of(request)
        try:
            stamp = Said(who, program.now_ms())
            repair = await run_in_threadpool(repairing.open, form, stamp)
        except ActionError as error:
            return _back(error.code)
        return RedirectResponse(f"/repairs#r{repair.no}", 303)

    @router.post("/repairs/{number}/{deed}")
    @needs(Permission.BOOK)
    async def moved(request: Request, number: Number, deed: str) -> Response:
        who = person_of(request).account
        if deed not in DEEDS:
            return _back("form_invalid")
        form = await fields_of(request)
        try:
            stamp = Said(who, program.now_ms())
            changes = await run_in_threadpool(repairing.do, number, deed, form, stamp)
        except ActionError as error:
            return _back(error.code)
        program.publish(changes)
        query = {"all": "true"} if deed == "done" else {}
        return RedirectResponse(f"/repairs?{urlencode(query)}#r{number}", 303)


class Speech:
    """What the page says of repairs, in one language."""

    def __init__(self, say: Translate) -> None:
        self._say = say
        self.outcomes = [(outcome.value, say(OUTCOME_WORDS[outcome])) for outcome in RepairOutcome]

    def look(self, repair: Repair) -> Status:
        """The colour and shape of its state."""
        return _LOOKS[repair.state]

    def state(self, repair: Repair) -> str:
        """How far it is, and how it ended."""
        word: str = self._say(STATE_WORDS[repair.state])
        done = repair.done
        return f"{word}: {self.outcome(done)}" if done and done.outcome else word

    def outcome(self, move: Move) -> str:
        """How it ended."""
        is_known = move.outcome in set(RepairOutcome)
        return str(self._say(OUTCOME_WORDS[RepairOutcome(move.outcome)])) if is_known else ""

    def part(self, repair: Repair) -> str:
        """What the teacher's picture shows."""
        return part_word(repair.part, self._say)

    def line(self, line: Kept) -> str:
        """An item, as the book knows it."""
        data = line.data
        cells = (
            type_word(data.type, self._say),
            made(data.maker, data.model),
            data.asset_tag,
        )
        return " ".join(cell for cell in cells if cell)

    def move(self, move: Move) -> str:
        """What was done."""
        word = str(self._say(_DEED_WORDS[move.deed]))
        return f"{word}: {self.outcome(move)}" if move.outcome else word

    def step(self, step: Step) -> str:
        """How the item fared from then on."""
        return step_words(step, self._say)


def _back(trouble: str) -> Response:
    return RedirectResponse(f"/repairs?{urlencode({'trouble': trouble})}#trouble", 303)
