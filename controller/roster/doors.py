"""This file says how rooms know the door cards of their classes: by what signs no card. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from protocol.doorcode import SERIAL_BYTES, fingerprint, sign
from protocol.plan import DoorCard


def known_in_rooms(cards: Iterable[DoorCard], keys: Mapping[int, bytes]) -> tuple[DoorCard, ...]:
    """The cards by their fingerprints. keys: all that may have signed them, by version."""
    return tuple(
        replace(card, serial=fingerprint(sign(key, version, bytes.fromhex(card.serial))))
        for card in cards
        if len(bytes.fromhex(card.serial)) == SERIAL_BYTES  # no key signs another
        for version, key in keys.items()
    )
