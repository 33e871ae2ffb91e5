"""This file tells others of the inventory: what is there, then what changed, as JSON or a table.

Whatever of a pull arrived whole can be gone on from: each item carries its own place.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, tzinfo
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import asdict
from msgspec.structs import replace as replace_in
from pydantic import TypeAdapter
from sqlalchemy import Connection

from controller.areas.areas import Atlas
from controller.areas.store import atlas_of, lists_for
from controller.database.part import Part
from controller.database.starts import is_of_history, starts_of
from controller.database.store import Store
from controller.feature import Program
from controller.inventory import store as assets
from controller.inventory.area_store import schools_in, settle_areas
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
from controller.sheets.writing import csv_for_machines
from controller.web.refusals import HttpError, decode_cursor, encode_cursor
from protocol.model import Place, instant
from protocol.words import N_

_ALL: Final = Chosen()
_QUERY_DIGITS: Final = 16  # of a digest: by chance no other question has the same
AT_ONCE: Final = 1000  # records read in one go: few enough to hold, many enough to be quick
ITEM_COLUMNS: Final = tuple(
    name for name in InventoryItem.model_fields if name not in {"removed", "next"}
)
_COLUMNS: Final = (*ITEM_COLUMNS, "removed", "removed_at", "next")
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
    query: names what is asked for; "" for all that there is.
    """

    feed: str
    since: int
    begun: int
    start: str = ""
    query: str = ""

    def behind(self, change: int) -> str:
        """The token with which to go on behind this change."""
        return encode_cursor(self.feed, change, self.begun, self.start, self.query)


def spell_from(token: str) -> Spell:
    """Read a token; those of earlier versions name no query, or no start. Raises HttpError."""
    for more in ((str, str), (str,)):
        with contextlib.suppress(HttpError):
            return Spell(*decode_cursor(token, str, int, int, *more, name="since"))
    return Spell(*decode_cursor(token, str, int, int, name="since"))


class Page(NamedTuple):
    """Some of the feed: its items, the token behind them, and whether there is more."""

    items: list[Fields]
    next: str
    more: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """The inventory within a scope. school: whose own records are kept up to date by reading.

    areas: only schools in one of each of these sets of areas, as the feed knows them. only: the
    school that all is narrowed to.
    """

    store: Store
    scope: Place
    school: Place
    zone: tzinfo
    now_ms: Callable[[], int]
    areas: tuple[frozenset[str], ...] = ()
    only: str = ""

    def seen_by(self, person: Person) -> Feed:
        """The same, of the schools that somebody may see.

        A school that leaves the areas that are theirs is told as gone, so a pull is bounded by the
        areas that the feed knows and not by what the gate found them to be. Raises StoreError.
        """
        areas = () if person.areas is None else (self._now(person.areas),)
        scope = person.part_of(self.scope)
        return replace(self, scope=scope, areas=(*self.areas, *areas), only=person.school)

    def of_area(self, area: str) -> Feed:
        """The same, of an area's schools, of NO_AREA those in none. Raises StoreError.

        Of an area that has merged: of what it is part of, which is another question than before.
        """
        if not area:
            return self
        return replace(self, areas=(*self.areas, self._now({area})))

    def _now(self, areas: Iterable[str]) -> frozenset[str]:
        """What these areas are part of today."""
        atlas, day = self._atlas(), self._today().isoformat()
        return frozenset(atlas.area_now(area, day) for area in areas)

    def home_of(self, school: str) -> str:
        """The school that a school's items count for; itself where that is none."""
        return self._atlas().heir_of(school, self._today().isoformat()) or school

    def _atlas(self) -> Atlas:
        return self.store.read(atlas_of, self.scope.province)

    def bring_up(self) -> None:
        """Let the records be as of now. Raises StoreError."""
        settle_areas(self.store, self.school, self._today())
        refresh(self.store, self.school, self.zone, self.now_ms())

    def _today(self) -> date:
        return instant(self.now_ms()).astimezone(self.zone).date()

    def query_of(self, chosen: Chosen) -> str:
        """What names this question and no other; "" for all that there is."""
        asked = {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in asdict(chosen).items()
            if value
        }
        areas = sorted(sorted(area) for area in self.areas)
        if not (asked or areas or self.only):
            return ""
        parts = _to_json([sorted(asked.items()), areas, self.only])
        return hashlib.sha256(parts).hexdigest()[:_QUERY_DIGITS]

    def begin(self, since: str, chosen: Chosen = _ALL) -> Spell:
        """Begin a pull behind the token, or the first where it is empty. Raises HttpError.

        A first pull is told of nothing that went before it began.
        """
        self.bring_up()
        with self.store.view() as db:
            newest = assets.newest_change(db, Place(self.scope.province))
            starts = starts_of(db)
        start, query = starts[-1].name, self.query_of(chosen)
        if not since:
            return Spell(self.store.feed_id, 0, newest, start, query)
        spell = spell_from(since)
        if spell.query != query:
            raise HttpError(
                410,
                "query_changed",
                N_("This token was given for other filters, or for other schools."),
                N_("Start again without `since`."),
            )
        is_ours = spell.feed == self.store.feed_id and spell.since <= newest
        if not is_ours or not is_of_history(starts, spell.start, spell.since):
            raise HttpError(
                410,
                "feed_changed",
                N_("The database was replaced since this token was given."),
                N_("Start again without `since`."),
            )
        return spell._replace(start=start)

    def item(self, device_id: str, school: str) -> Asset:
        """One item as it stands now. school: whose; "" where only one has it. Raises HttpError."""
        self.bring_up()
        with self.store.view() as db:
            found = [
                asset
                for asset in assets.with_id(db, self.scope, device_id, self.now_ms())
                if school in {"", asset.home, asset.place.school}
            ]
        match found:
            case [asset]:
                return asset
            case []:
                message = N_("There is no such item here.")
                raise HttpError(404, "item_unknown", message, N_("See /inventory."))
            case _:
                raise HttpError(
                    422,
                    "item_ambiguous",
                    N_("Several schools have an item of this id."),
                    N_("Say which with `school`."),
                )

    def picture(self, chosen: Chosen, name: str) -> Picture:
        """What is chosen as it is now. name: of the controller's school. Raises StoreError."""
        self.bring_up()
        return Picture(
            store=self.store,
            scope=self.scope,
            chosen=chosen.within(
                self.scope
            ),  # a part of a place says so itself, however it goes on
            school=self.school,
            name=name,
            zone=self.zone,
            as_of_ms=self.now_ms(),
        )

    def page(self, spell: Spell, chosen: Chosen, limit: int) -> Page:
        """What changed behind the place, at most so many records."""
        with self.store.view() as db:
            here = self._here(db, chosen)
            changes = assets.changes(
                db,
                self._lists(db, spell.begun),
                since=spell.since,
                limit=limit + 1,
                chosen=here,
                now_ms=self.now_ms(),
                begun=spell.begun,
            )
        batch = changes[:limit]
        reached = batch[-1].change if batch else spell.since
        return Page(
            list(self._fields(batch, spell, here)), spell.behind(reached), len(changes) > limit
        )

    def _here(self, db: Connection, chosen: Chosen) -> Chosen:
        """What is chosen, within the scope or the areas as they are in this view."""
        if not self.areas:
            return chosen.within(self.scope)
        schools = self._schools_in(db)
        return replace_in(chosen, schools=schools & {self.only} if self.only else schools)

    def _lists(self, db: Connection, begun: int) -> Place:
        """Whose lists may hold what was told since a change."""
        if not self.areas:
            return lists_for(db, self.scope)
        schools = self._schools_in(db, begun)
        return lists_for(db, Part(province=self.scope.province, schools=schools))

    def _schools_in(self, db: Connection, begun: int | None = None) -> frozenset[str]:
        """The schools in the areas now, or at some time since a change."""
        province = self.scope.province
        found = [schools_in(db, province, areas, begun=begun) for areas in self.areas]
        return frozenset.intersection(*found)

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
            if chosen.fits(asset):
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
        yield csv_for_machines([*head, *(_flat(item, _COLUMNS) for item in items)])
        head = []


def csv_lines(items: Iterable[Fields]) -> Iterator[bytes]:
    """The same of a copy: items alone, without what leads on."""
    yield csv_for_machines([ITEM_COLUMNS]).encode()
    for item in items:
        yield csv_for_machines([_flat(item, ITEM_COLUMNS)]).encode()


def json_line(item: Fields) -> bytes:
    """An item as a line of JSON."""
    return _to_json(item) + b"\n"


def as_ndjson(parts: Iterable[list[Fields]]) -> Iterator[bytes]:
    """The items as JSON, one a line."""
    for items in parts:
        yield b"".join(map(json_line, items))


def _flat(item: Fields, names: Sequence[str]) -> list[str]:
    return [cell(name, item.get(name)) for name in names]


def cell(name: str, value: Any) -> str:
    """A field as a cell of a table for programs."""
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
