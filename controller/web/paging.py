"""This file says what requests may ask of lists: how many, from where on, which days."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated, Any, Final

from fastapi import Query

from controller.web.items import ErrorItem, Item, Listing
from controller.web.parameters import Spelling
from protocol.model import day_from
from protocol.words import N_


def _day(text: str) -> str:
    return day_from(text).isoformat()


def _day_or_none(text: str) -> str:
    return text and _day(text)


_WRITE_DAY: Final = N_("Write a day of our time as yyyy-mm-dd, such as 2026-09-05.")
GO_ON: Final = N_("Use `next` of an answer as it was given, or start without it.")


def one_of(words: Collection[str], *forms: str) -> Spelling:
    """What holds a name's value to one of these words, or to none. forms: how others look."""

    def check(text: str) -> str:
        if text and text not in words:
            raise ValueError("none of the words")
        return text

    return Spelling((*words,), forms, check=None if forms else check)


Limit = Annotated[int, Query(ge=1, le=1000, description="how many items at most")]


Many = Annotated[
    int,
    Query(ge=1, le=1_000_000, description="how many at most; above 1,000 csv and ndjson stream"),
]


Cursor = Annotated[
    str, Query(max_length=512, description="`next` of the page before"), Spelling(hint=GO_ON)
]


Code = Annotated[str, Query(max_length=64)]


# The years that `day_from` takes.
_A_DATE: Final[dict[str, Any]] = {"format": "date", "pattern": "^(19|2[0-9])[0-9]{2}-"}
Day = Annotated[
    str,
    Query(
        description="local date yyyy-mm-dd; empty for all",
        max_length=10,
        json_schema_extra={"anyOf": [_A_DATE, {"const": ""}]},
    ),
    Spelling(hint=_WRITE_DAY, check=_day_or_none),
]


After = Annotated[int, Query(ge=0, lt=1 << 53, description="`no` of the last event seen")]


From = Annotated[
    str,
    Query(alias="from", description="first local date yyyy-mm-dd", json_schema_extra=_A_DATE),
    Spelling(hint=_WRITE_DAY, check=_day),
]


Until = Annotated[
    str,
    Query(alias="to", description="last local date yyyy-mm-dd", json_schema_extra=_A_DATE),
    Spelling(hint=_WRITE_DAY, check=_day),
]


Responses = dict[int | str, dict[str, Any]]  # as FastAPI takes them: by status


# Who is nobody, or may not; what is another's, or not there; what cannot be read; a database away.
ERRORS: Final[Responses] = {code: {"model": ErrorItem} for code in (401, 403, 404, 422, 503)}


def page_of(items: list[Item], limit: int, cursor: Callable[[Item], str]) -> Listing[Item]:
    """A page of `limit`; one more item than that says that there is a next page."""
    page = items[:limit]
    return Listing(items=page, next=cursor(page[-1]) if len(items) > limit else None)
