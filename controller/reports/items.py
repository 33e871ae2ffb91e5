"""This file holds the shapes in which report packs are told to programs."""

from __future__ import annotations

from pydantic import BaseModel

from controller.reports.report import Pack, PeriodKind, differences
from controller.reports.store import KeptTemplate, PackHead
from controller.reports.template import check
from protocol.model import iso

FigureItem = str | int | float | None


class PackHeadItem(BaseModel):
    """A pack without its figures. digest: SHA-256 of them as they were kept."""

    no: int
    day: str
    kind: PeriodKind
    made: str
    digest: str


class ReportItem(BaseModel):
    """A report's figures. columns: of rows; total: of the last columns, empty where nobody knows.

    null is not known, never 0.
    """

    code: str
    title: str
    definition: str
    columns: list[str]
    rows: list[list[FigureItem]]
    total: list[FigureItem]


class PackDifferenceItem(BaseModel):
    """A figure of the whole in an earlier pack and in this one."""

    code: str
    column: str
    before: FigureItem
    now: FigureItem
    change: float | None


class PackItem(BaseModel):
    """A pack: its period, of how many schools its figures are, the twelve reports.

    compared: with the earlier pack that was asked for; empty where none was.
    """

    no: int
    kind: PeriodKind
    first: str
    last: str
    day: str
    made: str
    department: str
    schools: int
    reported: int
    silent_over_1d: int
    reports: list[ReportItem]
    compared: list[PackDifferenceItem]


class TemplateItem(BaseModel):
    """The department's own workbook. names: of ours, those that its cells bear."""

    name: str
    given: str
    names: list[str]


def template_item(kept: KeptTemplate) -> TemplateItem:
    """The template as the API tells it. Raises TemplateError."""
    return TemplateItem(name=kept.name, given=iso(kept.at_ms), names=check(kept.raw))


def head_item(head: PackHead) -> PackHeadItem:
    """A pack of the list as the API tells it."""
    kind = PeriodKind(head.kind)
    return PackHeadItem(
        no=head.no, day=head.day, kind=kind, made=iso(head.made_ms), digest=head.digest
    )


def pack_item(no: int, pack: Pack, earlier: Pack | None) -> PackItem:
    """A pack as the API tells it, beside an earlier one."""
    return PackItem(
        no=no,
        kind=pack.period.kind,
        first=pack.period.first,
        last=pack.period.last,
        day=pack.day,
        made=iso(pack.made_ms),
        department=pack.department,
        schools=pack.schools,
        reported=pack.reported,
        silent_over_1d=pack.silent,
        reports=[
            ReportItem(
                code=table.code,
                title=table.spec.title,
                definition=table.spec.definition,
                columns=[
                    *(("school", "name") if table.spec.by_school else ()),
                    *(column.key for column in table.spec.columns),
                ],
                rows=[[*row] for row in table.rows],
                total=[*table.total],
            )
            for table in pack.tables
        ],
        compared=[
            PackDifferenceItem(
                code=one.code, column=one.key, before=one.before, now=one.now, change=one.change
            )
            for one in (differences(earlier, pack) if earlier else ())
        ],
    )
