"""This file brings a book in through the browser: looked at first, written by a second press."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from controller.database.plan_version import version_of
from controller.feature import Program
from controller.people.person import Permission
from controller.register.book import Book
from controller.register.choices import UNITS, Several, choices_in
from controller.register.fields import MESSAGES
from controller.register.headings import FIELD_WORDS, MONEY
from controller.register.intake import (
    HEADINGS,
    SUMS,
    VERDICTS,
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
from controller.register.uploads import UNKNOWN, Uploads, Waiting
from controller.register.vocabulary import CONDITION_WORDS, type_word
from controller.sheets.bounds import MAX_SHEETS
from controller.web.downloads import CSV, attachment
from controller.web.forms import fields_of, upload_of
from controller.web.page import PageRenderer
from controller.web.readers import SOON_S, Readers
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.errors import LopHocError
from protocol.settings import SettingsError
from protocol.words import N_

_LOGGER = logging.getLogger(__name__)

ROWS: Final = 100
HOME: Final = "/register/import"
MAX_HEADINGS: Final = 64  # asked about at once
_MAX_FORM: Final = 64 * 1024
_MAX_FIELDS: Final = 2 * MAX_HEADINGS + 2 * MAX_SHEETS + 9
_FAILURES: Final = {
    "gone": N_("That file is not here any more: choose it again."),
    "changed": N_("The book or the file changed meanwhile: look again, then press."),
}
ERRORS: Final = "errors"
_SHOWN: Final = (ERRORS, *MergeVerdict)

Short = Annotated[str, Query(max_length=64)]
Page = Annotated[int, Query(ge=1, le=10_000)]


class _Intake:
    """Where books come in: what they pass through, and the pages that show it."""

    def __init__(self, screens: PageRenderer, program: Program) -> None:
        self.screens = screens
        self.program = program
        self.uploads = Uploads(program.now_ms, program.service(Readers))
        self.headings = program.config.data / HEADINGS

    def find(self, request: Request, token: str) -> tuple[Waiting, Book] | None:
        """A book of the caller's own that is read."""
        waiting = self.uploads.find(token, person_of(request).account)
        return (waiting, waiting.book) if waiting and waiting.book else None

    async def read(self, waiting: Waiting) -> None:
        """Have a book read with all headings that were ever explained; a big one goes on."""
        waiting.begin(self.uploads.read(waiting, _known(self.headings)))
        await waiting.read_within(SOON_S)

    def form(
        self, request: Request, trouble: LopHocError | HttpError | None = None, failed: str = ""
    ) -> Response:
        """The page on which a file is chosen, with what was wrong with the last one."""
        say = self.screens.say(request)
        if isinstance(trouble, LopHocError):
            failed = trouble.text(say)
        elif trouble is not None:
            failed = f"{say(trouble.message)} {say(trouble.hint)}"
        status = trouble.status if isinstance(trouble, HttpError) else 422 if trouble else 200
        return self.screens.page(request, "import.html", status_code=status, failed=failed)

    async def take(self, request: Request, who: str) -> Response:
        """Take a file, and show what would become of it."""
        try:
            waiting = self.uploads.add(await upload_of(request), who)
        except HttpError as refused:
            return self.form(request, refused)
        await self.read(waiting)
        if waiting.refused is None:
            return _to(waiting)
        self.uploads.drop(waiting.token, who)
        return self.form(request, waiting.refused)

    async def look(
        self, request: Request, token: str, *, show: str, page: int, failed: str
    ) -> Response:
        """How far a book is read, why it cannot be, or what would become of it."""
        waiting = self.uploads.find(token, person_of(request).account)
        if waiting is None:
            return _gone()
        if not await waiting.read_within(0):
            here = f"{HOME}/{waiting.token}"
            return self.screens.page(request, "reading.html", waiting=waiting, here=here)
        if waiting.book is None:
            return self.form(request, waiting.refused)
        return await self.show(request, waiting, waiting.book, show=show, page=page, failed=failed)

    async def show(
        self,
        request: Request,
        waiting: Waiting,
        book: Book,
        *,
        show: str,
        page: int,
        failed: str,
    ) -> Response:
        """What would become of the book, or what became of it."""
        if waiting.kept is not None:
            return self.screens.page(
                request, "imported.html", waiting=waiting, book=book, sums=SUMS, kept=waiting.kept
            )
        trial = await run_in_threadpool(self.weighed, waiting, book)
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
            units=UNITS if _counts_money(waiting, book) else (),
            failed=_FAILURES.get(failed, ""),
            words_of=_WORDS,
        )

    def weighed(self, waiting: Waiting, book: Book) -> Merged:
        """What would become of the book; as before, where nothing has changed since."""
        store, school = self.program.store, self.program.school
        answers, version = waiting.answers, store.read(version_of, school)
        if known := waiting.weighed:
            of, told, then, merger = known
            if of is book and (told, then) == (answers, version):
                return merger
        merger = weigh(store, school, book, answers=answers)
        waiting.weighed = book, answers, version, merger
        return merger

    def keep(self, waiting: Waiting, book: Book, leaving: str, *, whole: bool) -> bool:
        """Write the book; False where another number of lines would leave than was shown."""
        program = self.program
        trial = self.weighed(waiting, book)
        if whole and str(trial.absent) != leaving:
            return False
        now_ms = program.now_ms()
        merger = take_in(
            program.store, program.school, book, whole=whole, now_ms=now_ms, who=waiting.who,
            file=waiting.upload.name, answers=waiting.answers,
        )  # fmt: skip
        waiting.kept = sums_of(merger)
        if waiting.mapped:
            try:
                remember_headings(self.headings, _known(self.headings) | waiting.mapped)
            except OSError as error:  # the book is kept all the same
                _LOGGER.warning("explained headings not kept: %s", error)
        return True


def pages(program: Program) -> FeatureRouter:
    """The way in for the book."""
    router = FeatureRouter()
    screens = program.service(PageRenderer)
    _add_import(router, screens, program)
    add_imports(router, program)
    return router


def _add_import(router: FeatureRouter, screens: PageRenderer, program: Program) -> None:
    """The pages of an import. folder: the controller's, where explained headings are kept."""
    intake = _Intake(screens, program)

    @router.get(HOME)
    @needs(Permission.BOOK)
    async def choose(request: Request, failed: Short = "") -> Response:
        why = _FAILURES.get(failed)
        return intake.form(request, failed=screens.say(request)(why) if why else "")

    @router.post(HOME)
    @needs(Permission.BOOK)
    async def take(request: Request) -> Response:
        who = person_of(request).account
        return await intake.take(request, who)

    @router.get(HOME + "/{token}")
    @needs(Permission.BOOK)
    async def look(
        request: Request, token: str, show: Short = "", page: Page = 1, failed: Short = ""
    ) -> Response:
        return await intake.look(request, token, show=show, page=page, failed=failed)

    _add_deeds(router, intake)


def _add_deeds(router: FeatureRouter, intake: _Intake) -> None:
    @router.post(HOME + "/{token}/headings")
    @needs(Permission.BOOK)
    async def explain(request: Request, token: str) -> Response:
        form = await fields_of(request, limit=_MAX_FORM, count=_MAX_FIELDS)
        if (found := intake.find(request, token)) is None:
            return _gone()
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
        return _to(waiting)

    @router.post(HOME + "/{token}")
    @needs(Permission.BOOK)
    async def keep(request: Request, token: str) -> Response:
        form = await fields_of(request)
        if (found := intake.find(request, token)) is None:
            return _gone()
        waiting, book = found
        if waiting.is_being_read:
            return _to(waiting)
        whole = form.get("all") == "yes"
        leaving = form.get("leaving", "")
        done = waiting.kept is not None or await run_in_threadpool(
            intake.keep, waiting, book, leaving, whole=whole
        )
        return _to(waiting, "" if done else "?failed=changed")

    @router.post(HOME + "/{token}/drop")
    @needs(Permission.BOOK)
    async def drop(request: Request, token: str) -> Response:
        intake.uploads.drop(token, person_of(request).account)
        return RedirectResponse("/register", 303)

    @router.get(HOME + "/{token}/errors.csv")
    @needs(Permission.BOOK)
    async def errors(request: Request, token: str) -> Response:
        if (found := intake.find(request, token)) is None:
            return _gone()
        text = refused_csv(found[1].refused, intake.screens.say(request))
        return Response(text, media_type=CSV, headers=attachment("dong-loi.csv"))


_WORDS: Final[Mapping[str, Any]] = {
    "verdicts": VERDICTS,
    "fields": FIELD_WORDS,
    "messages": MESSAGES,
    "type_word": type_word,
    "conditions": CONDITION_WORDS,
    "reasons": REASON_WORDS,
    "left_out": LEFT_OUT_WORDS,
    "several": {
        Several.EACH: N_("as many things as its quantity says"),
        Several.ONE: N_("one thing, such as a set"),
    },
}


def _to(waiting: Waiting, query: str = "") -> Response:
    return RedirectResponse(f"{HOME}/{waiting.token}{query}", 303)


def _gone() -> Response:
    return RedirectResponse(f"{HOME}?failed=gone", 303)


def _known(headings: Path) -> dict[str, str]:
    """What headings are; nothing where the file is damaged: they are asked about again."""
    try:
        return headings_in(headings)
    except SettingsError as error:
        _LOGGER.warning("explained headings not usable: %s", error)
        return {}


def _counts_money(waiting: Waiting, book: Book) -> bool:
    """Whether a person is asked what the money counts in."""
    return waiting.choices.times is not None or bool({*MONEY} & {*(book.fields or ())})


def _fits(step: MergeStep, show: str) -> bool:
    return bool(step.read.errors) if show == ERRORS else show in {"", step.verdict}


def _count(trial: Merged, show: str) -> int:
    return sum(_fits(step, show) for step in trial.steps)
