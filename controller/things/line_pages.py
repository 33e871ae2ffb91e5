"""This file serves a line of the book: what it says, how it fares, what was seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

from fastapi import Path, Query, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from controller.dashboard.words import RoomWords
from controller.feature import Program
from controller.fleet.records import DeviceRecord
from controller.live.live import LiveView
from controller.people.person import Permission
from controller.reconcile.reconcile import LineFinding
from controller.reconcile.standing import RegisterStanding, desk_of
from controller.reconcile.words import BookWords
from controller.register.book import Line
from controller.register.import_store import imports_of
from controller.register.life import LineLife, condition_word, step_words
from controller.register.life_store import life_in
from controller.register.merging import Kept
from controller.register.store import line_numbered
from controller.register.warranty import warranty_said
from controller.repairs.service import Shown, shown_of
from controller.repairs.store import repairs_of
from controller.things.line_form import form_values
from controller.things.paper import MAX_PAPERS, Paper
from controller.things.service import finder_of
from controller.things.store import papers_of
from controller.web.page import PageRenderer
from controller.web.refusals import HttpError
from controller.web.router import FeatureRouter
from controller.web.rules import needs, person_of
from protocol.model import Place
from protocol.words import N_, Translate

LineNo = Annotated[int, Path(ge=1, lt=1 << 53)]
Change = Annotated[int, Query(ge=0, lt=1 << 53)]


class LinePast(NamedTuple):
    """What is stored of a line: itself, how it fared, its repairs, its photos and documents."""

    kept: Kept
    life: LineLife
    repairs: list[Shown]
    papers: list[Paper]


def add_line(router: FeatureRouter, program: Program) -> None:
    """One line of the book."""
    screens = program.service(LineScreens)

    @router.get("/register/lines/{no}")
    @needs(Permission.SCHOOL)
    async def one_line(
        request: Request, no: LineNo, changed: Change = 0, paper: Change = 0
    ) -> Response:
        return await screens.one(request, no, changed=changed, paper=paper)


class LineScreens:
    """Makes pages of single lines."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._screens = program.service(PageRenderer)
        self._desk = program.service(desk_of)
        self._live = program.service(LiveView)
        self._finder = program.service(finder_of)

    async def one(
        self,
        request: Request,
        no: int,
        *,
        form: Mapping[str, str] | None = None,
        faults: Mapping[str, str] | None = None,
        failed: str = "",
        values: Mapping[str, Any] | None = None,
        changed: int = 0,
        paper: int = 0,
    ) -> Response:
        """A line's page. form, faults, failed: what was sent and refused, and why.

        changed: the change that a person just made, paper: the one that was just taken away; both
        can be taken back.
        """
        read = self._program.store.read
        past = await run_in_threadpool(read, line_past, self._program.school, no)
        if past is None:
            unknown = N_("The book has no such line.")
            refused = HttpError(404, "line_unknown", unknown, "/register")
            return self._screens.error(request, refused)
        standing: RegisterStanding = await run_in_threadpool(self._desk.standing)
        finding = next((one for one in standing.findings if one.line.no == no), None)
        words = self._screens.words_as(request, RoomWords)
        is_there = past.kept.removed_ms is None
        undo = await run_in_threadpool(read, can_undo, self._program.school, changed)
        return self._screens.page(
            request,
            "line.html",
            422 if faults or failed else 200,
            past=past,
            line=past.kept.data,
            finding=finding,
            talk=BookWords(standing.reconciled, self._desk.zone),
            devices=self._seen_as(finding),
            device_link=self._finder.device_link,
            device_title=words.device,
            step_words=step_words,
            condition_word=condition_word,
            warranty=_warranty(past.kept.data, self._screens.today(), words.say),
            may=person_of(request).may(Permission.BOOK) and is_there,
            changed=changed if undo else 0,
            taken=paper,
            most_papers=MAX_PAPERS,
            faults=faults or {},
            failed=words.say(failed, **(values or {})) if failed else "",
            **form_values(past.kept.data, form or {}, words.say),
        )

    def _seen_as(self, finding: LineFinding | None) -> list[DeviceRecord]:
        """The devices that are the line, as they are now."""
        names = {*finding.devices} if finding else set[str]()
        if not names:
            return []
        return [device for device in self._live.devices() if device.device_id in names]


def _warranty(line: Line, today: str, say: Translate) -> str:
    return warranty_said(line.year, line.warranty_months, line.warranty_until, today, say)


def line_past(db: Connection, place: Place, no: int) -> LinePast | None:
    """What is stored of a line, also of one that left; None where there never was one."""
    line = line_numbered(db, place, no)
    if line is None:
        return None
    own = [repair for repair in repairs_of(db, place) if repair.line == no]
    shown = shown_of(db, place, own[::-1])
    return LinePast(line, life_in(db, place, line), shown, papers_of(db, place, no))


def can_undo(db: Connection, place: Place, change: int) -> bool:
    """Whether a change of the book can still be taken back."""
    records = imports_of(db, place) if change else []
    return any(one.no == change and one.undone_ms is None for one in records)
