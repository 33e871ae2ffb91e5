"""This file tells programs of the equipment book: its lines, its figure, what is not in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import BaseModel

from controller.feature import Program
from controller.people.person import Permission
from controller.reconcile.choosing import LineFilter
from controller.reconcile.items import KpiItem, RaiseItem
from controller.reconcile.kpi import Kpi
from controller.reconcile.reconcile import LineFinding, LineState
from controller.reconcile.standing import Desk, desk_of
from controller.reconcile.words import RAISE_WORDS, detail_of, stranger_of
from controller.register.asking import WarrantyAsked
from controller.register.prices import unit_cost_of
from controller.register.vocabulary import Condition
from controller.register.warranted import end_of_line
from controller.register.warranty import day_told, shown_end
from controller.web.items import Listing
from controller.web.paging import ERRORS, Cursor, Limit, one_of, page_of
from controller.web.refusals import decode_cursor, encode_cursor, language_asked
from controller.web.router import FeatureRouter
from controller.web.rules import needs
from protocol.model import iso
from protocol.words import Translate

Text = Annotated[str, Query(max_length=200)]
Words = Callable[[Request], Translate]


class CellFaultItem(BaseModel):
    """A cell of the book that could not be kept."""

    field: str
    code: str
    message: str


class RegisterLineItem(BaseModel):
    """A line of the book and how it stands; detail as `reconcile --json` tells it.

    line: its lasting number; row: its number in the book (STT). quantity: how many things it is;
    unit_cost_vnd: of one of them; cost_vnd: of all. warranty_months: 0 for none; warranty_until: as
    the book tells it; warranty_end: the day on which it ends at the latest.
    """

    line: int
    row: int
    asset_tag: str
    type: str
    maker: str
    model: str
    serial: str
    room: str
    year: int | None
    quantity: int
    unit_cost_vnd: int | None
    cost_vnd: int | None
    funding: str
    condition: str
    errors: list[CellFaultItem]
    state: LineState
    detail: dict[str, Any]
    warranty_months: int | None
    warranty_until: str | None
    warranty_end: str | None


class StrangerItem(BaseModel):
    """Something seen that is not in the book. candidates: rows that it may be."""

    subject: str
    serial: str
    asset_tag: str
    type: str
    room: str
    at: str
    by: str
    candidates: list[int]
    action: str


class EarlierItem(BaseModel):
    """The figure of a month ago. day: the local date on which it was kept."""

    day: str
    kpi: KpiItem


class FiguresItem(BaseModel):
    """The figure, its parts, what would raise it, and what it was. as_of: UTC."""

    as_of: str
    kpi: KpiItem
    by_type: dict[str, KpiItem]
    by_room: dict[str, KpiItem]
    raises: list[RaiseItem]
    last_month: EarlierItem | None


def api(program: Program) -> FeatureRouter:
    """The equipment book of the one school."""
    desk = program.service(desk_of)
    router = FeatureRouter(prefix="/api/v1", responses=ERRORS)

    def say_of(request: Request) -> Translate:
        return program.translate_to(language_asked(request, program.default_language))

    _add_lines(router, desk, say_of)

    @router.get("/kpi")
    @needs(Permission.SCHOOL)
    def kpi() -> FiguresItem:
        """The share of equipment managed by digital record (target 80 %)."""
        now = desk.standing()
        before = now.before
        return FiguresItem(
            as_of=iso(now.reconciled.as_of_ms),
            kpi=KpiItem.of(now.kpi),
            by_type=_kpi_items(now.by_type),
            by_room=_kpi_items(now.by_room),
            raises=[RaiseItem.of(step) for step in now.raises],
            last_month=EarlierItem(day=before[0], kpi=KpiItem.of(before[1])) if before else None,
        )

    return router


def _add_lines(router: FeatureRouter, desk: Desk, say_of: Words) -> None:
    @router.get("/register")
    @needs(Permission.SCHOOL)
    def lines(
        request: Request,
        *,
        state: LineState | Literal[""] = "",
        type: Text = "",  # noqa: A002
        room: Text = "",
        condition: Condition | Literal[""] = "",
        alone: Annotated[Text, one_of(RAISE_WORDS)] = "",
        warranty: WarrantyAsked = "",
        q: Text = "",
        limit: Limit = 100,
        cursor: Cursor = "",
    ) -> Listing[RegisterLineItem]:
        """The lines by their number in the book; alone: those that lack only this to count."""
        (after,) = decode_cursor(cursor, int) if cursor else (0,)
        filters = LineFilter(
            state=state,
            type=type,
            room=room,
            condition=condition,
            alone=alone,
            warranty=warranty,
            text=q,
        )
        reconciled = desk.standing().reconciled
        lines = filters.of(reconciled.findings, desk.today())
        rest = [finding for finding in lines if finding.line.data.row > after][: limit + 1]
        say = say_of(request)
        items = [_line(finding, reconciled.as_of_ms, desk, say) for finding in rest]
        return page_of(items, limit, lambda item: encode_cursor(item.row))

    @router.get("/unregistered")
    @needs(Permission.SCHOOL)
    def unregistered(limit: Limit = 100, cursor: Cursor = "") -> Listing[StrangerItem]:
        """What was seen and is not in the book, by its subject; a visitor's own is left out."""
        (after,) = decode_cursor(cursor, str) if cursor else ("",)
        strangers = sorted(
            desk.standing().reconciled.strangers, key=lambda stranger: stranger.observation.key
        )
        rest = [stranger for stranger in strangers if stranger.observation.key > after][: limit + 1]
        items = [StrangerItem(**stranger_of(stranger, desk.zone)) for stranger in rest]
        return page_of(items, limit, lambda item: encode_cursor(item.subject))


def _line(finding: LineFinding, as_of_ms: int, desk: Desk, say: Translate) -> RegisterLineItem:
    fields = {
        **finding.line.data.said(say),
        "quantity": finding.line.data.count,
        "unit_cost_vnd": unit_cost_of(finding.line.data),
        "warranty_until": day_told(finding.line.data.warranty_until) or None,
        "warranty_end": shown_end(end_of_line(finding.line.data)) or None,
        "line": finding.line.no,
        "state": finding.state,
        "detail": detail_of(finding, as_of_ms, say, desk.zone),
    }
    return RegisterLineItem.model_validate(fields)


def _kpi_items(groups: Mapping[str, Kpi]) -> dict[str, KpiItem]:
    return {name: KpiItem.of(kpi) for name, kpi in groups.items()}
