"""This file spells text so that every file format can hold it; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Final

from controller.inventory.asset import Asset, AssetState
from controller.reconcile.explained import STATE_WORDS, type_word
from controller.reconcile.reconcile import State
from controller.register.vocabulary import CONDITION_WORDS
from protocol.model import instant
from protocol.words import N_, translator

# Programs read these files in whatever language: their words are the school's own.
vietnamese: Final = translator("vi")
# XML 1.0 (2.2) and UTF-8 know no such characters; a carriage return is read as a line feed.
_IMPOSSIBLE: Final = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_OTHER_STATES: Final = {
    AssetState.UNREGISTERED: N_("not in the book"),
    AssetState.IGNORED: N_("no asset"),
    AssetState.VISITOR: N_("a visitor's own"),
    AssetState.ACCESSORY: N_("accessory"),
}
ASSET_STATE_WORDS: Final[Mapping[AssetState, str]] = MappingProxyType(
    {AssetState(state.value): word for state, word in STATE_WORDS.items()} | _OTHER_STATES
)


def spelled(text: str) -> str:
    """The text without what no file can hold; lines end in a line feed."""
    if not _IMPOSSIBLE.search(text):
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return _IMPOSSIBLE.sub("", lines)


def type_said(asset: Asset) -> str:
    """The item's type in Vietnamese; a type of the book's own as it is written there."""
    return type_word(asset.type, vietnamese)


def condition_said(asset: Asset) -> str:
    """The item's condition in Vietnamese; empty where it is not known."""
    word = CONDITION_WORDS.get(asset.condition, "")
    return vietnamese(word) if word else ""


def states_said(asset: Asset) -> str:
    """How the item stands in Vietnamese, the most pressing first."""
    states = (asset.state, *map(AssetState, asset.also))
    return ", ".join(vietnamese(ASSET_STATE_WORDS[each]) for each in states)


def state_said(state: State | AssetState) -> str:
    """A state in Vietnamese."""
    return vietnamese(ASSET_STATE_WORDS[AssetState(state.value)])


def local(at_ms: int, zone: tzinfo) -> datetime:
    """The instant by the school's clock, without its zone."""
    return instant(at_ms).astimezone(zone).replace(tzinfo=None)


def file_name(school: str, kind: str, at: datetime, end: str) -> str:
    """A name of plain letters, such as thiet-bi-00123-2026-11-02.xlsx."""
    code = "".join(each if each.isascii() and each.isalnum() else "-" for each in school)
    parts = (kind, code.strip("-"), f"{at:%Y-%m-%d}")
    return f"{'-'.join(each for each in parts if each)}.{end}"
