"""This file makes areas, schools and their places of what lists say; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from controller.areas.areas import Area, Membership, Merger, MergerKind, SchoolFacts
from controller.department.reading import ListRow
from controller.inventory.asset import Spot
from controller.sheets.names import room_key, room_of
from controller.sheets.text import folded

_SITES: Final = re.compile(r"[;|]")
_KINDS: Final = ("xa ", "phuong ", "dac khu ")


class Brought(NamedTuple):
    """What a list says. unknown: areas that schools name and nobody has listed."""

    areas: tuple[Area, ...] = ()
    facts: tuple[SchoolFacts, ...] = ()
    memberships: tuple[Membership, ...] = ()
    mergers: tuple[Merger, ...] = ()
    unknown: tuple[str, ...] = ()


def areas_in(entries: Iterable[ListRow], today: str) -> Brought:
    """The areas of a list, and those that merged from the day on which they ended."""
    areas: list[Area] = []
    mergers: list[Merger] = []
    names = ("code", "name", "kind", "parent", "since", "until")
    for _, cells in entries:
        area = Area(**{name: cells.get(name, "") for name in names})
        areas.append(area)
        if into := cells.get("merged_into", ""):
            since = area.until or today
            mergers.append(Merger(what=MergerKind.AREA, old=area.code, new=into, since=since))
    return Brought(areas=tuple(areas), mergers=tuple(mergers))


def schools_in(entries: Iterable[ListRow], areas: Mapping[str, Area], today: str) -> Brought:
    """The schools of a list, each in its area by code or by name."""
    by_name = _by_name(areas)
    facts: list[SchoolFacts] = []
    memberships: list[Membership] = []
    mergers: list[Merger] = []
    unknown: dict[str, Area] = {}
    for _, cells in entries:
        code = cells["code"]
        sites = tuple(
            part for site in _SITES.split(cells.get("sites", "")) if (part := site.strip())
        )
        names = {name: cells.get(name, "") for name in ("name", "level")}
        facts.append(SchoolFacts(code=code, sites=sites, **names))
        if area := cells.get("area", ""):
            place = area if area in areas else by_name.get(_plain(area), "")
            if not place:
                unknown.setdefault(area, Area(code=area, name=area))
            since = cells.get("since", "")
            memberships.append(Membership(school=code, area=place or area, since=since))
        if into := cells.get("merged_into", ""):
            since = cells.get("merged_since", "") or today
            mergers.append(Merger(old=code, new=into, since=since))
    return Brought(
        areas=tuple(unknown.values()),
        facts=tuple(facts),
        memberships=tuple(memberships),
        mergers=tuple(mergers),
        unknown=tuple(unknown),
    )


def spots_in(entries: Iterable[ListRow]) -> dict[str, Spot]:
    """Where the rooms of a list are, by the room in its one writing."""
    by_key: dict[str, tuple[str, Spot]] = {}
    for _, cells in entries:
        room = room_of(cells["room"])
        by_key[room_key(room)] = (room, Spot(cells.get("site", ""), cells.get("building", "")))
    return dict(by_key.values())


def _by_name(areas: Mapping[str, Area]) -> Mapping[str, str]:
    """Areas by what a list may call them, where that names one alone."""
    codes_by_name = defaultdict[str, set[str]](set)
    for area in areas.values():
        for text in {area.name, f"{area.kind} {area.name}", area.code.lstrip("0")} - {""}:
            codes_by_name[_plain(text)].add(area.code)
    return {name: min(codes) for name, codes in codes_by_name.items() if len(codes) == 1}


def _plain(text: str) -> str:
    """The name without marks and without the word for what kind of area it is."""
    plain = folded(text)
    return next((plain.removeprefix(kind) for kind in _KINDS if plain.startswith(kind)), plain)
