"""This file says what stands in the forecast's lists, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

from controller.areas.areas import NO_AREA
from controller.forecast.forecast import YEARS, Due, Forecast, Share
from controller.forecast.papers import type_name
from controller.web.listing import Column, address
from controller.web.words import Words
from protocol.words import N_

Asked = Mapping[str, str]
ToItems = Callable[..., str]


class By(StrEnum):
    """By what the forecast is told."""

    TYPE = "type"
    AREA = "area"
    SCHOOL = "school"


BY_WORDS: Final[Mapping[By, tuple[str, str]]] = {
    By.TYPE: (N_("By type"), N_("Type")),
    By.AREA: (N_("By area"), N_("Area")),
    By.SCHOOL: (N_("By school"), N_("School")),
}


def no_items(_ask: Asked, **_more: str) -> str:
    """Where a number leads where there is no list of items: nowhere."""
    return ""


def share_columns(
    by: By, first_year: int, name_of: Callable[[str], str], to_items: ToItems, ask: Asked
) -> Sequence[Column[Share]]:
    """A type, an area or a school a row. ask: of what the page tells, as its address has it."""

    def of(share: Share) -> Asked:
        return {**ask, **_part(by, share)}

    def number(key: str, head: str, count: Callable[[Share], int], due: str) -> Column[Share]:
        return Column(
            key=key,
            head=head,
            cell=lambda share, _: count(share),
            is_number=True,
            link=lambda share: to_items(of(share), end=due),
            counts="things",
        )

    following, last = str(first_year + 1), first_year + YEARS - 1
    return (
        Column(
            key=by.value,
            head=BY_WORDS[by][1],
            cell=lambda share, words: _name(by, share, name_of, words),
            link=lambda share: _narrower(by, share, ask),
            note=lambda share, _: "" if by is By.TYPE else share.key[by is By.SCHOOL],
        ),
        number("overdue", N_("Overdue"), lambda share: share.overdue.count, "overdue"),
        number("this", str(first_year), lambda share: share.years[0].count, str(first_year)),
        number("next", following, lambda share: share.years[1].count, following),
        Column(
            key="next_cost",
            head=N_("Cost next year (đồng)"),
            cell=lambda share, _: share.years[1].cost_vnd,
            is_number=True,
        ),
        number(
            "rest",
            f"{first_year + 2}-{last}",
            lambda share: sum(due.count for due in share.years[2:]),
            f"{first_year + 2}-{last}",
        ),
        number("later", N_("Later"), lambda share: share.later.count, "later"),
        number("unknown", N_("Not known"), lambda share: share.unknown, "unknown"),
        Column(
            key="cost",
            head=N_("Cost of ten years (đồng)"),
            cell=lambda share, _: share.soon.cost_vnd,
            is_number=True,
        ),
    )


def _name(by: By, share: Share, name_of: Callable[[str], str], words: Words) -> str:
    match by:
        case By.TYPE:
            return type_name(share.key[0], words.say)
        case By.AREA:
            return share.key[1] or words.say(N_("in no area"))
        case By.SCHOOL:
            return name_of(share.key[1])


def _part(by: By, share: Share) -> Asked:
    """What of all items it tells of."""
    match by:
        case By.TYPE:
            return {"type": share.key[0] or "-"}
        case By.AREA:
            return {"area": share.key[0] or NO_AREA}
        case By.SCHOOL:
            return {"school": share.key[1]}


def _narrower(by: By, share: Share, ask: Asked) -> str:
    """The same page of this part alone."""
    if by is By.TYPE:
        return ""
    return address("/forecast", **{**ask, **_part(by, share)})


def rows_of(projection: Forecast) -> list[tuple[str, str, Due]]:
    """What is told by year: its name, how an address asks for its items, and what it comes to."""
    total = projection.total
    years = [str(projection.first_year + number) for number in range(len(total.years))]
    return [
        (N_("overdue"), "overdue", total.overdue),
        *((year, year, due) for year, due in zip(years, total.years, strict=True)),
        (N_("later"), "later", total.later),
    ]
