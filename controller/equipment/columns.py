"""This file says what stands in the list of items, column by column, and how it is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from controller.department.columns import title_of
from controller.department.links import to_item, to_school
from controller.forecast.life_table import LifeTable
from controller.inventory.asset import Asset, AssetState
from controller.inventory.exports.spelling import ASSET_STATE_WORDS
from controller.register.vocabulary import CONDITION_WORDS, Condition
from controller.register.warranty import shown_end, warranty_said
from controller.web.listing import Column
from controller.web.words import Words
from protocol.model import Status
from protocol.words import N_

LACK_WORDS: Final[Mapping[str, str]] = {
    "asset_tag": N_("asset tag"),
    "type": N_("type"),
    "room": N_("room"),
    "year": N_("year put in use"),
    "serial": N_("serial number"),
    "unique_serial": N_("a serial number of its own"),
}
STATE_STATUS: Final[Mapping[AssetState, Status]] = {
    AssetState.DUPLICATE_SERIAL: Status.WARNING,
    AssetState.NO_ASSET_TAG: Status.WARNING,
    AssetState.MISSING: Status.CRITICAL,
    AssetState.NEVER_SEEN: Status.UNKNOWN,
    AssetState.MOVED: Status.WARNING,
    AssetState.OK: Status.OK,
    AssetState.UNREGISTERED: Status.WARNING,
    AssetState.IGNORED: Status.UNKNOWN,
    AssetState.VISITOR: Status.UNKNOWN,
    AssetState.ACCESSORY: Status.UNKNOWN,
}


def item_columns(
    name_of: Callable[[str], str], table: LifeTable, this_year: int
) -> Sequence[Column[Asset]]:
    """An item a row."""
    return (
        Column(
            key="item",
            head=N_("Item"),
            cell=title_of,
            link=lambda asset: to_item(asset.place.school, asset.device_id),
            note=lambda asset, _: asset.asset_tag,
        ),
        _text("tag", N_("Asset tag"), lambda asset: asset.asset_tag, on_screen=False),
        _text("maker", N_("Maker"), lambda asset: asset.maker, on_screen=False),
        _text("model", N_("Model"), lambda asset: asset.model, on_screen=False),
        Column(
            key="school",
            head=N_("School"),
            cell=lambda asset, _: name_of(asset.home),
            link=lambda asset: to_school(asset.home),
        ),
        _text("code", N_("Code"), lambda asset: asset.home, on_screen=False),
        _text("room", N_("Room"), lambda asset: asset.room),
        _text("serial", N_("Serial number"), lambda asset: asset.serial),
        Column(
            key="state",
            head=N_("State"),
            cell=lambda asset, words: words.say(ASSET_STATE_WORDS[asset.state]),
            status=lambda asset: STATE_STATUS[asset.state],
            note=lacking,
        ),
        Column(key="condition", head=N_("Condition"), cell=condition_of),
        Column(
            key="year",
            head=N_("Year"),
            cell=lambda asset, _: asset.year,
            shown=lambda asset, _: str(asset.year or ""),
            is_number=True,
        ),
        Column(
            key="due",
            head=N_("End of life"),
            cell=lambda asset, _: end_of(asset, table, this_year),
            shown=lambda asset, _: str(end_of(asset, table, this_year) or ""),
            is_number=True,
        ),
        Column(
            key="warranty",
            head=N_("Warranty until"),
            cell=warranty_day,
            order=lambda asset: asset.warranty_end or None,
            on_screen=False,
        ),
        Column(
            key="quantity",
            head=N_("Quantity"),
            cell=lambda asset, _: asset.quantity,
            is_number=True,
        ),
        Column(
            key="cost",
            head=N_("Cost (đồng)"),
            cell=lambda asset, _: asset.cost_vnd,
            is_number=True,
            on_screen=False,
        ),
        Column(key="seen", head=N_("Last seen"), cell=seen_at),
        Column(key="lacks", head=N_("Record lacks"), cell=lacking, on_screen=False),
    )


def condition_of(asset: Asset, words: Words) -> str:
    """Its condition in words; empty where none is known."""
    known = {*Condition}
    if asset.condition not in known:
        return asset.condition
    return words.say(CONDITION_WORDS[Condition(asset.condition)])


def warranty_of(asset: Asset, today: str, words: Words) -> str:
    """How its warranty stands on a day (ISO)."""
    told = asset.year, asset.warranty_months, asset.warranty_until
    return warranty_said(*told, today, words.say)


def warranty_day(asset: Asset, words: Words) -> str:
    """The day on which its warranty ends at the latest."""
    end = shown_end(asset.warranty_end)
    return words.day(end) if end else ""


def lacking(asset: Asset, words: Words) -> str:
    """What its record lacks, in words."""
    lacks = [words.say(LACK_WORDS[lack]) for lack in asset.lacks if lack in LACK_WORDS]
    return words.say(N_("lacks {what}"), what=", ".join(lacks)) if lacks else ""


def seen_at(asset: Asset, words: Words) -> str:
    """When it was seen last, or that it never was."""
    return words.when(asset.seen_ms) if asset.seen_ms else words.say(N_("never"))


def end_of(asset: Asset, table: LifeTable, this_year: int) -> int | None:
    """In which year it reaches its end; None where nobody can say, or it is no line."""
    if asset.condition == Condition.AWAITING_DISPOSAL:
        return this_year
    life = table.life.get(asset.type)
    return asset.year + life.years if life and asset.year else None


def _text(
    key: str, head: str, text: Callable[[Asset], str], *, on_screen: bool = True
) -> Column[Asset]:
    return Column(key=key, head=head, cell=lambda asset, _: text(asset), on_screen=on_screen)
