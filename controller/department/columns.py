"""This file says what stands in the department's lists, column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from controller.department.clocks import clock_words
from controller.department.exceptions import Odd
from controller.department.links import Asked, to_item, to_items, to_school, to_schools
from controller.department.standing import Need, Overview, SchoolStanding
from controller.inventory.asset import Asset
from controller.reconcile.words import percent_words
from controller.register.vocabulary import type_word
from controller.web.listing import Column
from controller.web.words import Words
from protocol.formats import made
from protocol.model import Status
from protocol.words import N_

# How a need looks, and what it is called.
NEEDS: Final[Mapping[Need, tuple[Status, str]]] = {
    Need.LONG_SILENT: (Status.CRITICAL, N_("silent for more than 3 weeks")),
    Need.NO_DATA: (Status.UNKNOWN, N_("no data yet")),
    Need.SILENT: (Status.WARNING, N_("silent for more than a day")),
    Need.NO_REGISTER: (Status.WARNING, N_("no equipment book")),
    Need.BELOW_TARGET: (Status.WARNING, N_("below the target")),
    Need.MISSING: (Status.WARNING, N_("items missing")),
    Need.NOTHING: (Status.OK, N_("in order")),
}


def school_columns(overview: Overview, ask: Asked) -> Sequence[Column[SchoolStanding]]:
    """A school a row: how it stands, its figure, what is missing, how old that is.

    ask: the filters of the page, as its address has them.
    """

    def area_name(school: SchoolStanding) -> str:
        areas = overview.atlas.areas
        return areas[school.area].label if school.area in areas else school.area

    return (
        Column(
            key="school",
            head=N_("School"),
            cell=lambda school, _: school.label,
            link=lambda school: to_school(school.code),
            note=lambda school, _: school.code if school.code != school.label else "",
        ),
        Column(key="code", head=N_("Code"), cell=lambda school, _: school.code, on_screen=False),
        Column(
            key="area",
            head=N_("Area"),
            cell=lambda school, _: area_name(school),
            link=lambda school: to_schools(ask, area=school.area) if school.area else "",
        ),
        Column(
            key="standing",
            head=N_("Standing"),
            cell=lambda school, words: words.say(NEEDS[school.need][1]),
            status=lambda school: NEEDS[school.need][0],
            note=lambda school, words: clock_words(school.off_ms, words.say),
            order=lambda school: school.urgency,
        ),
        Column(
            key="digital",
            head=N_("Digital record"),
            cell=lambda school, _: school.tally.kpi.digital_managed_pct,
            shown=lambda school, words: (
                percent_words(school.tally.kpi.digital_managed_pct, words.say)
                if school.reported
                else words.say(N_("no data yet"))
            ),
            is_number=True,
        ),
        _count("items", N_("Items"), lambda school: school.tally.declared, ask, record="book"),
        _count("missing", N_("Missing"), lambda school: school.tally.missing, ask, has="missing"),
        _count(
            "never",
            N_("Never seen"),
            lambda school: school.tally.never_seen,
            ask,
            has="never_seen",
        ),
        _count(
            "strangers",
            N_("Not in the book"),
            lambda school: school.tally.unregistered,
            ask,
            record="outside",
        ),
        Column(
            key="change",
            head=N_("Change since last month"),
            cell=lambda school, _: _change(school),
            shown=lambda school, words: _signed(_change(school), words),
            is_number=True,
        ),
        Column(
            key="clock",
            head=N_("Clock"),
            cell=lambda school, words: clock_words(school.off_ms, words.say),
            on_screen=False,
        ),
        Column(
            key="as_of",
            head=N_("As of"),
            cell=lambda school, words: words.when(school.record.as_of_ms) if school.record else "",
            note=lambda school, words: _age(school, overview.now_ms, words),
            order=lambda school: school.record.as_of_ms if school.record else None,
        ),
    )


def _count(
    key: str, head: str, count: Callable[[SchoolStanding], int], ask: Asked, **more: str
) -> Column[SchoolStanding]:
    """A number of a school's items, which leads to them."""
    return Column(
        key=key,
        head=head,
        cell=lambda school, _: count(school) if school.reported else None,
        is_number=True,
        link=lambda school: to_items(ask, school=school.code, **more),
        counts="things" if key == "items" else "lines",
    )


def _change(school: SchoolStanding) -> int | None:
    """How many things its book has more than about a month ago."""
    return school.tally.declared - school.before.kpi.declared if school.before else None


def _signed(change: int | None, words: Words) -> str:
    return "" if change is None else ("+" if change > 0 else "") + words.number(change)


def _age(school: SchoolStanding, now_ms: int, words: Words) -> str:
    days = (now_ms - school.record.as_of_ms) // 86_400_000 if school.record else 0
    return words.say(N_("{n} {n:day|days} ago"), n=days) if days > 0 else ""


def title_of(asset: Asset, words: Words) -> str:
    """What it is: its type, maker and model."""
    kind = type_word(asset.type, words.say) or words.kind(asset.kind)
    return " ".join(filter(None, (kind, made(asset.maker, asset.model))))


def odd_columns(name_of: Callable[[str], str]) -> Sequence[Column[Odd]]:
    """An item of a serial that several schools have a row."""

    def others(odd: Odd) -> str:
        return ", ".join(name_of(code) for code in odd.schools if code != odd.asset.home)

    return (
        Column(
            key="serial",
            head=N_("Serial number"),
            cell=lambda odd, _: odd.asset.serial,
            link=lambda odd: to_items({}, q=odd.asset.serial),
        ),
        Column(
            key="item",
            head=N_("Item"),
            cell=lambda odd, words: title_of(odd.asset, words),
            link=lambda odd: to_item(odd.asset.place.school, odd.asset.device_id),
            note=lambda odd, _: odd.asset.asset_tag,
        ),
        Column(
            key="tag",
            head=N_("Asset tag"),
            cell=lambda odd, _: odd.asset.asset_tag,
            on_screen=False,
        ),
        Column(
            key="school",
            head=N_("School"),
            cell=lambda odd, _: name_of(odd.asset.home),
            link=lambda odd: to_school(odd.asset.home),
        ),
        Column(key="code", head=N_("Code"), cell=lambda odd, _: odd.asset.home, on_screen=False),
        Column(
            key="book",
            head=N_("In the book"),
            cell=lambda odd, words: words.say(N_("no") if odd.asset.line is None else N_("yes")),
        ),
        Column(key="room", head=N_("Room"), cell=lambda odd, _: odd.asset.room),
        Column(
            key="seen",
            head=N_("Last seen"),
            cell=lambda odd, words: (
                words.when(odd.asset.seen_ms) if odd.asset.seen_ms else words.say(N_("never"))
            ),
            order=lambda odd: odd.asset.seen_ms or None,
        ),
        Column(key="others", head=N_("Also at"), cell=lambda odd, _: others(odd)),
    )
