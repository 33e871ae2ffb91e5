"""This file brings a book in through the browser: looked at first, written by a second press."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final

from fastapi import Query, Request, Response
from starlette.concurrency import run_in_threadpool

from controller.database.plan_version import version_of
from controller.feature import Program
from controller.people.person import Permission
from controller.register.book import Book, DoubtKind
from controller.register.choices import PRICE_FIELD, UNITS, PriceOf, RoomOf, Several, choices_in
from controller.register.headings import FIELD_WORDS, MONEY
from controller.register.intake import (
    HEADINGS,
    SUMS,
    VERDICTS,
    PairedAt,
    explained,
    headings_in,
    remember_headings,
    sums_of,
    take_in,
    weigh,
)
from controller.register.merging import Answers, Merged, MergeStep, MergeVerdict
from controller.register.reading import refused_csv
from controller.register.told import LEFT_OUT_WORDS, REASON_WORDS, TOLD_ROWS, rows_of
from controller.register.undo_pages import add_imports
from controller.register.uploads import UNKNOWN, Trial, Uploads, Waiting
from controller.register.vocabulary import CONDITION_WORDS, type_word
from controller.sheets.bounds import MAX_SHEETS
from controller.web.downloads import CSV, attachment
from controller.web.forms import fields_of
from controller.web.intake import GONE, Intake, Short
from controller.web.readers import Readers
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.settings import SettingsError
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

ROWS: Final = 100
HOME: Final = "/register/import"
MAX_HEADINGS: Final = 64  # asked about at once
_MAX_FORM: Final = 64 * 1024
_MAX_FIELDS: Final = 2 * MAX_HEADINGS + 2 * MAX_SHEETS + 10
ERRORS: Final = "errors"
_SHOWN: Final = (ERRORS, *MergeVerdict)

Page = Annotated[int, Query(ge=1, le=10_000)]


class _Intake(Intake[Waiting]):
    """Where books come in."""

    home = HOME
    after_drop = "/register"
    uploads: Uploads
    failures: ClassVar[Mapping[str, str]] = {
        "gone": GONE,
        "changed": N_("The book or the file changed meanwhile: look again, then press."),
    }

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.uploads = Uploads(program.now_ms, program.service(Readers))
        self._headings = program.config.data / HEADINGS

    async def begin(self, waiting: Waiting) -> None:
        """Have a book read with all headings that were ever explained."""
        waiting.begin(self.uploads.read(waiting, _known(self._headings)))

    def form(self, request: Request, failed: str, status: int) -> Response:
        """The page on which a file is chosen."""
        return self.screens.page(request, "import.html", status_code=status, failed=failed)

    async def show(
        self, request: Request, waiting: Waiting, book: Book, *, show: str, page: int, failed: str
    ) -> Response:
        """What would become of the book, or what became of it."""
        if waiting.kept is not None:
            return self.screens.page(
                request, "imported.html", waiting=waiting, book=book, sums=SUMS, kept=waiting.kept
            )
        trial = (await run_in_threadpool(self.weighed, waiting, book)).merger
        chosen = [step for step in trial.steps if _fits(step, show)]
        pages = max(1, -(-len(chosen) // ROWS))
        page = min(page, pages)
        return self.screens.page(
            request,
            "trial.html",
            waiting=waiting,
            trial=trial,
            show=show if show in _SHOWN else "",
            counts=[(name, _count(trial, name)) for name in _SHOWN],
            steps=chosen[(page - 1) * ROWS : page * ROWS],
            paging=(page, pages),
            asked=[*waiting.asked.items()][:MAX_HEADINGS],
            notices=[warning for warning in book.warnings if warning.code != UNKNOWN],
            sheets=[(sheet, rows_of(book, sheet.name)) for sheet in book.sheets],
            named=[row for row in book.named if row.reason in TOLD_ROWS],
            prices=_prices(waiting, book),
            price_read=_price_read(book),
            rooms=_rooms(waiting, book),
            units=UNITS if _counts_money(waiting, book) else (),
            failed=self.failures.get(failed, ""),
            words_of=_WORDS,
        )

    def weighed(self, waiting: Waiting, book: Book) -> Trial:
        """What would become of the book; as before, where nothing has changed since."""
        store, school = self.program.store, self.program.school
        answers, version = waiting.answers, store.read(version_of, school)
        if (known := waiting.weighed) is not None:
            is_same = known.book is book and known.answers == answers
            if is_same and known.version == version:
                return known
        merger = weigh(store, school, book, answers=answers)
        waiting.weighed = trial = Trial(book, answers, version, merger)
        return trial

    def keep(self, waiting: Waiting, book: Book, leaving: str, *, whole: bool) -> bool:
        """Write the book; False where another number of lines would leave than was shown."""
        program = self.program
        trial = self.weighed(waiting, book)
        if whole and str(trial.merger.absent) != leaving:
            return False
        now_ms = program.now_ms()
        merger = take_in(
            program.store, program.school, book, whole=whole, now_ms=now_ms, who=waiting.who,
            file=waiting.upload.name, answers=trial.answers,
            paired=PairedAt(trial.version, trial.merger.pairs),
        )  # fmt: skip
        waiting.kept = sums_of(merger)
        if waiting.mapped:
            try:
                remember_headings(self._headings, explained(waiting.mapped))
            except OSError as error:  # the book is kept all the same
                _LOGGER.warning("explained headings not kept: %s", error)
        return True


def pages(program: Program) -> FeatureRouter:
    """The way in for the book."""
    router = FeatureRouter()
    intake = _Intake(program)
    intake.add_addresses(router, Permission.BOOK)

    @router.get(HOME + "/{token}")
    @needs(Permission.BOOK)
    async def look(
        request: Request, token: str, show: Short = "", page: Page = 1, failed: Short = ""
    ) -> Response:
        async def trial(waiting: Waiting, book: Book) -> Response:
            return await intake.show(request, waiting, book, show=show, page=page, failed=failed)

        return await intake.look(request, token, trial)

    _add_deeds(router, intake)
    add_imports(router, program)
    return router


def _add_deeds(router: FeatureRouter, intake: _Intake) -> None:
    @router.post(HOME + "/{token}/headings")
    @needs(Permission.BOOK)
    async def explain(request: Request, token: str) -> Response:
        form = await fields_of(request, limit=_MAX_FORM, count=_MAX_FIELDS)
        found = await intake.find(request, token)
        if isinstance(found, Response):
            return found
        waiting, book = found
        for number, head in enumerate([*waiting.asked][:MAX_HEADINGS]):
            field = form.get(f"field-{number}", "")
            if field in {"", *FIELD_WORDS} and form.get(f"head-{number}") == head:
                waiting.asked[head] = field
        waiting.answers = Answers(
            same=form.get("same") == "yes", blank_clears=form.get("blank") == "yes"
        )
        waiting.choices = choices_in(form, [sheet.name for sheet in book.sheets])
        await intake.read(waiting)
        return intake.to(waiting)

    @router.post(HOME + "/{token}")
    @needs(Permission.BOOK)
    async def keep(request: Request, token: str) -> Response:
        form = await fields_of(request)
        found = await intake.find(request, token)
        if isinstance(found, Response):
            return found
        waiting, book = found
        if waiting.is_being_read:
            return intake.to(waiting)
        whole = form.get("all") == "yes"
        leaving = form.get("leaving", "")
        done = waiting.kept is not None or await run_in_threadpool(
            intake.keep, waiting, book, leaving, whole=whole
        )
        return intake.to(waiting, "" if done else "?failed=changed")

    @router.get(HOME + "/{token}/errors.csv")
    @needs(Permission.BOOK)
    async def errors(request: Request, token: str) -> Response:
        found = await intake.find(request, token)
        if isinstance(found, Response):
            return found
        _, book = found
        text = refused_csv(book.refused, intake.screens.say(request))
        return Response(text, media_type=CSV, headers=attachment("dong-loi.csv"))


_WORDS: Final[Mapping[str, Any]] = {
    "verdicts": VERDICTS,
    "fields": FIELD_WORDS,
    "type_word": type_word,
    "conditions": CONDITION_WORDS,
    "reasons": REASON_WORDS,
    "left_out": LEFT_OUT_WORDS,
    "prices": {PriceOf.ALL: N_("all things of a line together"), PriceOf.ONE: N_("one of them")},
    "rooms": {
        RoomOf.PART: N_("a place, and the room in it"),
        RoomOf.WHOLE: N_("a room by this whole name"),
    },
    "several": {
        Several.EACH: N_("as many things as its quantity says"),
        Several.ONE: N_("one thing, such as a set"),
    },
}


def _known(headings: Path) -> dict[str, str]:
    """What headings are; nothing where the file is damaged: they are asked about again."""
    try:
        return explained(headings_in(headings))
    except SettingsError as error:
        _LOGGER.warning("explained headings not usable: %s", error)
        return {}


def _counts_money(waiting: Waiting, book: Book) -> bool:
    """Whether a person is asked what the money counts in."""
    return waiting.choices.times is not None or bool({*MONEY} & {*(book.fields or ())})


def _prices(waiting: Waiting, book: Book) -> tuple[str, ...]:
    """The columns of which a person is asked what their price is of; one was answered before."""
    asked = (doubt.value for doubt in book.doubts if doubt.kind is DoubtKind.PRICE)
    return ("",) if waiting.choices.price else (*asked,)


def _price_read(book: Book) -> PriceOf:
    """As what such a price is taken while nobody has answered."""
    asked = {doubt.value for doubt in book.doubts if doubt.kind is DoubtKind.PRICE}
    units = {sheet.columns.get(PRICE_FIELD[PriceOf.ONE]) for sheet in book.sheets}
    return PriceOf.ONE if asked & units else PriceOf.ALL


def _rooms(waiting: Waiting, book: Book) -> tuple[str, ...]:
    """A cell of which a person is asked whether it is a room; empty where it was answered."""
    asked = tuple(doubt.value for doubt in book.doubts if doubt.kind is DoubtKind.ROOM)
    return asked or ("",) * bool(waiting.choices.room)


def _fits(step: MergeStep, show: str) -> bool:
    return bool(step.read.errors) if show == ERRORS else show in {"", step.verdict}


def _count(trial: Merged, show: str) -> int:
    return sum(_fits(step, show) for step in trial.steps)
