"""This file holds the shapes in which a department's past is told to programs."""

from __future__ import annotations

from pydantic import BaseModel

from controller.history.dated import DatedFile
from controller.history.trend import Trend, TrendBy, TrendFigure
from protocol.model import iso_or_none


class TrendRowItem(BaseModel):
    """A row: values, one for each day, null where not known; change: the last less the first."""

    code: str
    name: str
    values: list[float | None]
    change: float | None


class TrendItem(BaseModel):
    """A figure over days, by what. as_of: when the newest day was counted; null without days."""

    figure: TrendFigure
    by: TrendBy
    as_of: str | None
    days: list[str]
    rows: list[TrendRowItem]


class DatedFileItem(BaseModel):
    """A file of a local day: what it holds, how it is written, how large it is."""

    name: str
    day: str
    content: str
    form: str
    size_bytes: int


def trend_item(trend: Trend, figure: TrendFigure, by: TrendBy) -> TrendItem:
    """A comparison as the API tells it."""
    rows = [
        TrendRowItem(code=row.code, name=row.label, values=[*row.values], change=row.change)
        for row in trend.rows
    ]
    as_of = iso_or_none(trend.as_of_ms)
    return TrendItem(figure=figure, by=by, as_of=as_of, days=[*trend.dates], rows=rows)


def file_item(file: DatedFile) -> DatedFileItem:
    """A dated file as the API tells it."""
    return DatedFileItem(
        name=file.name,
        day=file.day,
        content=file.what.value,
        form=file.form.value,
        size_bytes=file.size_bytes,
    )
