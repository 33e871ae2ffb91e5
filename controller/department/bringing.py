"""This file makes areas, schools and their places of what lists say; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from controller.department.areas import Area, Membership, Merger, SchoolFacts, What
from controller.department.reading import Entry
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


def areas_in(entries: Iterable[Entry], today: str) -> Brought:
    """The areas of a list, and those that merged from the day on which they ended."""
    areas: list[Area] = []
    mergers: list[Merger] = []
    names = ("code", "name", "kind", "parent", "since", "until")
    for _, told in entries:
        area = Area(**{name: told.get(name, "") for name in names})
        areas.append(area)
        if into := told.get("merged_into", ""):
            since = area.until or today
            mergers.append(Merger(what=What.AREA, old=area.code, new=into, since=since))
    return Brought(areas=tuple(areas), mergers=tuple(mergers))


def schools_in(entries: Iterable[Entry], known: Mapping[str, Area], today: str) -> Brought:
    """The schools of a list, each in its area by code or by name."""
    by_name = _by_name(known)
    facts: list[SchoolFacts] = []
    memberships: list[Membership] = []
    mergers: list[Merger] = []
    unknown: dict[str, Area] = {}
    for _, told in entries:
        code = told["code"]
        sites = tuple(
            part for each in _SITES.split(told.get("sites", "")) if (part := each.strip())
        )
        names = {name: told.get(name, "") for name in ("name", "level")}
        facts.append(SchoolFacts(code=code, sites=sites, **names))
        if area := told.get("area", ""):
            place = area if area in known else by_name.get(_plain(area), "")
            if not place:
                unknown.setdefault(area, Area(code=area, name=area))
            since = told.get("since", "")
            memberships.append(Membership(school=code, area=place or area, since=since))
        if into := told.get("merged_into", ""):
            since = told.get("merged_since", "") or today
            mergers.append(Merger(old=code, new=into, since=since))
    return Brought(
        areas=tuple(unknown.values()),
        facts=tuple(facts),
        memberships=tuple(memberships),
        mergers=tuple(mergers),
        unknown=tuple(unknown),
    )


def spots_in(entries: Iterable[Entry]) -> dict[str, Spot]:
    """Where the rooms of a list are, by the room in its one writing."""
    found: dict[str, tuple[str, Spot]] = {}
    for _, told in entries:
        room = room_of(told["room"])
        found[room_key(room)] = (room, Spot(told.get("site", ""), told.get("building", "")))
    return dict(found.values())


def _by_name(known: Mapping[str, Area]) -> Mapping[str, str]:
    """Areas by what a list may call them, where that names one alone."""
    found = defaultdict[str, set[str]](set)
    for area in known.values():
        for text in {area.name, f"{area.kind} {area.name}", area.code.lstrip("0")} - {""}:
            found[_plain(text)].add(area.code)
    return {name: min(codes) for name, codes in found.items() if len(codes) == 1}


def _plain(text: str) -> str:
    """The name without marks and without the word for what kind of area it is."""
    plain = folded(text)
    return next((plain.removeprefix(kind) for kind in _KINDS if plain.startswith(kind)), plain)
