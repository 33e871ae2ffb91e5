"""This file prints labels of the book's lines from the browser: sheets of A4, laid out by CSS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Literal, NamedTuple

import segno
from fastapi import Depends, Query, Request, Response
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool

from controller.feature import Program
from controller.people.person import Permission
from controller.reconcile.choosing import LineFilter
from controller.reconcile.pages import filter_of
from controller.reconcile.reconcile import LineFinding
from controller.reconcile.standing import desk_of
from controller.register.vocabulary import type_word
from controller.sheets.names import natural
from controller.stocktake.label_sheets import SHEETS
from controller.stocktake.scan import label_text
from controller.web.page import PageRenderer
from controller.web.parameters import Spelling
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.words import N_

MOST: Final = 480  # labels on one page: twenty sheets
LONG: Final = 16  # letters of a tag that is written small
Paper = Literal["3x8", "3x8-margin", "2x7", "4x10"]
Lines = Annotated[
    str,
    Query(max_length=4000, pattern=r"^[0-9,]*$"),
    Spelling(hint=N_("Write the lines' numbers with commas between them.")),
]


class PrintedLabel(NamedTuple):
    """A label: its tag, as a code and in letters, what it is on, and the room."""

    code: str
    tag: str
    type: str
    room: str


def add_labels(router: FeatureRouter, program: Program) -> None:
    """The sheets of labels."""
    screens, desk = program.service(PageRenderer), program.service(desk_of)

    @router.get("/register/labels")
    @needs(Permission.SCHOOL)
    async def labels(
        request: Request,
        line_filter: Annotated[LineFilter, Depends(filter_of)],
        *,
        lines: Lines = "",
        paper: Paper = "3x8",
        skip: Annotated[int, Query(ge=0, le=79)] = 0,
    ) -> Response:
        standing = await run_in_threadpool(desk.standing)
        chosen = line_filter.of(standing.findings, desk.today())
        if lines:
            numbers = {*lines.split(",")}
            chosen = [finding for finding in chosen if str(finding.line.no) in numbers]
        sheet, say = SHEETS[paper], screens.say(request)
        tagged = [finding for finding in chosen if finding.line.data.asset_tag]
        tagged.sort(key=lambda one: (natural(one.home), one.line.data.row))
        shown = [
            _label(finding, type_word(finding.line.data.type, say)) for finding in tagged[:MOST]
        ]
        places: list[PrintedLabel | None] = [*[None] * (skip % sheet.count), *shown]
        return screens.page(
            request,
            "labels.html",
            sheets=_parted(places, sheet.count) if shown else [],
            paper=paper,
            papers=[*SHEETS],
            skip=skip,
            count=len(shown),
            left=len(tagged) - len(shown),
            untagged=[finding for finding in chosen if not finding.line.data.asset_tag][:MOST],
            kept={name: text for name, text in request.query_params.items()
                  if name not in {"paper", "skip", "lang"}},
            long=LONG,
        )  # fmt: skip


def _label(finding: LineFinding, word: str) -> PrintedLabel:
    tag = finding.line.data.asset_tag
    code = segno.make(label_text(tag), error="m", micro=False).svg_inline(omitsize=True, border=4)
    return PrintedLabel(Markup(code), tag, word, finding.home)  # noqa: S704 - squares


def _parted(
    places: Sequence[PrintedLabel | None], size: int
) -> list[Sequence[PrintedLabel | None]]:
    return [places[at : at + size] for at in range(0, len(places), size)]
