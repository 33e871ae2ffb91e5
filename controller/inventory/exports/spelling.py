"""This file spells text so that every file format can hold it; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from types import MappingProxyType
from typing import Final

from controller.inventory.asset import Asset, AssetState
from controller.reconcile.reconcile import LineState
from controller.reconcile.words import STATE_WORDS
from controller.register.vocabulary import CONDITION_WORDS, type_word
from protocol.model import instant
from protocol.words import N_, translator

# Programs read these files in whatever language: their words are the school's own.
vietnamese: Final = translator("vi")
_OTHER_STATES: Final = {
    AssetState.UNREGISTERED: N_("not in the book"),
    AssetState.IGNORED: N_("no asset"),
    AssetState.VISITOR: N_("a visitor's own"),
    AssetState.ACCESSORY: N_("accessory"),
}
ASSET_STATE_WORDS: Final[Mapping[AssetState, str]] = MappingProxyType(
    {AssetState(state.value): word for state, word in STATE_WORDS.items()} | _OTHER_STATES
)


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
    return ", ".join(vietnamese(ASSET_STATE_WORDS[state]) for state in states)


def state_said(state: LineState | AssetState) -> str:
    """A state in Vietnamese."""
    return vietnamese(ASSET_STATE_WORDS[AssetState(state.value)])


def local(at_ms: int, zone: tzinfo) -> datetime:
    """The instant by the school's clock, without its zone."""
    return instant(at_ms).astimezone(zone).replace(tzinfo=None)
