"""This file tells others of the inventory: what is there, then what changed, as JSON or a table.

Whatever of a pull arrived whole can be gone on from: each item carries its own place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec
from pydantic import TypeAdapter

from controller.database.starts import is_of_history, starts_of
from controller.database.store import Store
from controller.feature import Program
from controller.inventory import store as assets
from controller.inventory.asset import Asset
from controller.inventory.chosen import Chosen
from controller.inventory.exports.picture import ExportForm, Picture
from controller.inventory.items import (
    GoneItem,
    Inventory,
    InventoryItem,
    inventory_fields,
    tombstone_fields,
)
from controller.inventory.store import refresh
from controller.people.person import Person
from controller.sheets.writing import csv_text
from controller.web.refusals import HttpError, decode_cursor, encode_cursor
from protocol.model import Place
from protocol.words import N_

AT_ONCE: Final = 1000  # records read in one go: few enough to hold, many enough to be quick
_COLUMNS: Final = (
    *(name for name in InventoryItem.model_fields if name not in {"removed", "next"}),
    "removed",
    "removed_at",
    "next",
)
_to_json: Final = msgspec.json.Encoder().encode
_items: Final = TypeAdapter(list[InventoryItem | GoneItem])
Fields = Mapping[str, Any]


class Format(StrEnum):
    """How the feed is written; the last three are whole pictures, not a feed."""

    JSON = "json"
    CSV = "csv"
    NDJSON = "ndjson"
    XLSX = ExportForm.XLSX.value
    GLPI = ExportForm.GLPI.value
    SNIPEIT = ExportForm.SNIPEIT.value


class Spell(NamedTuple):
    """One pull of the feed: which database, from which change on, and when the first began.

    start: the controller's start that answers, by which a copy that was put back is known.
    """

    feed: str
    since: int
    begun: int
    start: str = ""

    def behind(self, change: int) -> str:
        """The token with which to go on behind this change."""
        return encode_cursor(self.feed, change, self.begun, self.start)


def spell_from(token: str) -> Spell:
    """Read a token; one of an earlier version names no start. Raises HttpError."""
    try:
        return Spell(*decode_cursor(token, str, int, int, str))
    except HttpError:
        return Spell(*decode_cursor(token, str, int, int))


class Page(NamedTuple):
    """Some of the feed: its items, the token behind them, and whether there is more."""

    items: list[Fields]
    next: str
    more: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """The inventory within a scope. school: whose own records are kept up to date by reading."""

    store: Store
    scope: Place
    school: Place
    zone: tzinfo
    now_ms: Callable[[], int]

    def seen_by(self, person: Person) -> Feed:
        """The same, of the schools that somebody may see."""
        return replace(self, scope=person.part_of(self.scope))

    def bring_up(self) -> None:
        """Let the records be as of now. Raises StoreError."""
        refresh(self.store, self.school, self.zone, self.now_ms())

    def begin(self, since: str) -> Spell:
        """Begin a pull behind the token, or the first where it is empty. Raises HttpError.

        A first pull is told of nothing that went before it began.
        """
        self.bring_up()
        with self.store.view() as db:
            newest, starts = assets.newest_change(db, self.scope), starts_of(db)
        start = starts[-1].name
        if not since:
            return Spell(self.store.feed_id, 0, newest, start)
        spell = spell_from(since)
        is_ours = spell.feed == self.store.feed_id and spell.since <= newest
        if not is_ours or not is_of_history(starts, spell.start, spell.since):
            raise HttpError(
                410,
                "feed_changed",
                N_("The database was replaced since this token was given."),
                N_("Start again without `since`."),
            )
        return spell._replace(start=start)

    def picture(self, chosen: Chosen, name: str) -> Picture:
        """What is chosen as it is now. name: of the controller's school. Raises StoreError."""
        self.bring_up()
        return Picture(
            store=self.store,
            scope=self.scope,
            chosen=chosen,
            school=self.school,
            name=name,
            zone=self.zone,
            as_of_ms=self.now_ms(),
        )

    def page(self, spell: Spell, chosen: Chosen, limit: int) -> Page:
        """What changed behind the place, at most so many records."""
        with self.store.view() as db:
            changes = assets.changes(
                db,
                self.scope,
                since=spell.since,
                limit=limit + 1,
                chosen=None if chosen.everything else chosen,
                begun=spell.begun,
            )
        batch = changes[:limit]
        reached = batch[-1].change if batch else spell.since
        return Page(
            list(self._fields(batch, spell, chosen)), spell.behind(reached), len(changes) > limit
        )

    def pour(self, spell: Spell, chosen: Chosen, limit: int) -> Iterator[list[Fields]]:
        """The same, some at a time, until there is no more or the limit is reached."""
        left = limit
        while left > 0:
            page = self.page(spell, chosen, min(AT_ONCE, left))
            yield page.items
            left -= AT_ONCE
            if not page.more:
                return
            spell = spell_from(page.next)

    def _fields(self, batch: Sequence[Asset], spell: Spell, chosen: Chosen) -> Iterator[Fields]:
        now_ms = self.now_ms()
        for asset in batch:
            behind = spell.behind(asset.change)
            if asset.removed_ms is None and chosen.fits(asset):
                yield inventory_fields(asset, behind)
            elif asset.change > spell.begun:  # it may have been told before
                yield tombstone_fields(asset, now_ms, behind)


def written(parts: Iterable[list[Fields]], kind: Format) -> Iterator[bytes]:
    """The items as one file, in parts; json, csv or ndjson."""
    match kind:
        case Format.CSV:
            return (text.encode() for text in as_csv(parts))
        case Format.NDJSON:
            return as_ndjson(parts)
        case _:
            return _as_json(parts)


def _as_json(parts: Iterable[list[Fields]]) -> Iterator[bytes]:
    """The items as one JSON document, in the shape of a page."""
    yield b'{"items":['
    last: Fields = {"next": ""}
    for number, item in enumerate(item for items in parts for item in items):
        yield (b",\n" if number else b"\n") + _to_json(item)
        last = item
    yield b'\n],"next":' + _to_json(last["next"]) + b',"more":false}\n'


def as_page(page: Page) -> Inventory:
    """The page as the API's JSON."""
    return Inventory(items=_items.validate_python(page.items), next=page.next, more=page.more)


def as_csv(parts: Iterable[list[Fields]]) -> Iterator[str]:
    """The items as RFC 4180, with a header line."""
    head = [_COLUMNS]
    for items in parts:
        yield csv_text([*head, *map(_flat, items)])
        head = []


def as_ndjson(parts: Iterable[list[Fields]]) -> Iterator[bytes]:
    """The items as JSON, one a line."""
    for items in parts:
        yield b"".join(_to_json(item) + b"\n" for item in items)


def _flat(item: Fields) -> list[str]:
    return [_cell(name, item.get(name)) for name in _COLUMNS]


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name == "reasons":
        return ";".join(reason["code"] for reason in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, tuple | list) else str(value)


def feed_of(program: Program) -> Feed:
    """The program's feed."""
    return Feed(program.store, program.scope, program.school, program.zone, program.now_ms)
