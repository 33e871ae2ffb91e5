"""This file says which repairs a list shows, and what stands in its file, column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from controller.register.merging import Kept
from controller.register.vocabulary import type_word
from controller.repairs.repair import STATE_WORDS, RepairState, part_word
from controller.repairs.service import Shown
from controller.sheets.names import natural, room_code
from controller.sheets.text import searchable
from controller.web.listing import Column
from controller.web.words import Words
from protocol.formats import made
from protocol.language import translator
from protocol.words import N_

_ORDER: Final = {state: place for place, state in enumerate(RepairState)}


def chosen(repairs: Iterable[Shown], query: Mapping[str, str], *, inside: bool) -> list[Shown]:
    """The repairs of a room, a state, with all words. inside: notes are searched, too."""
    room, state = query.get("room", ""), query.get("state", "")
    words = searchable(query.get("q", "")).split()
    return [
        one
        for one in repairs
        if (not room or room_code(one.repair.room) == room_code(room))
        and (not state or one.repair.state == state)
        and all(word in _text_of(one, inside=inside) for word in words)
    ]


def repair_columns(*, inside: bool) -> Sequence[Column[Shown]]:
    """A repair a row. inside: who looks may read names and notes."""
    columns: tuple[Column[Shown], ...] = (
        Column(key="no", head=N_("No."), cell=lambda one, _: one.repair.no, is_number=True),
        Column(
            key="reported",
            head=N_("Reported"),
            cell=lambda one, words: words.when(one.repair.reported_ms),
            order=lambda one: one.repair.reported_ms,
        ),
        Column(
            key="room",
            head=N_("Room"),
            cell=lambda one, words: words.room(one.repair.room) if one.repair.room else "",
            order=lambda one: natural(one.repair.room),
        ),
        _text("part", N_("What is broken"), lambda one, w: part_word(one.repair.part, w.say)),
        _text("item", N_("Device"), lambda one, w: _item(one.kept, w) if one.kept else ""),
        _text("tag", N_("Asset tag"), lambda one, _: one.kept.data.asset_tag if one.kept else ""),
        Column(
            key="state",
            head=N_("State"),
            cell=lambda one, words: words.say(STATE_WORDS[one.repair.state]),
            order=lambda one: _ORDER[one.repair.state],
        ),
    )
    note = _text("note", N_("Note"), lambda one, _: one.repair.note)
    return (*columns, note) if inside else columns


def _text(key: str, head: str, cell: Callable[[Shown, Words], str]) -> Column[Shown]:
    return Column(key=key, head=head, cell=cell)


def _item(line: Kept, words: Words) -> str:
    data = line.data
    cells = type_word(data.type, words.say), made(data.maker, data.model)
    return " ".join(cell for cell in cells if cell)


def _text_of(one: Shown, *, inside: bool) -> str:
    """By what a repair is searched: its room, what is broken and the item, in both languages."""
    repair, told = one.repair, [one.repair.room, one.repair.note if inside else ""]
    for say in (translator("vi"), str):
        told.append(part_word(repair.part, say))
        told += [type_word(one.kept.data.type, say)] if one.kept else []
    if one.kept:
        data = one.kept.data
        told += [data.asset_tag, data.serial, data.maker, data.model, data.name]
    return searchable(" ".join(told))
